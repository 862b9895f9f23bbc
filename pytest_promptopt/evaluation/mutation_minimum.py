"""The mutation score, held against ``minMutation``."""

from dataclasses import replace

from pytest_promptopt.evaluation.certainty import not_rounded_up, told_confidence, told_range
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.mutation_record import Fate, MutationRecord
from pytest_promptopt.evaluation.part import Decision, Finding, Part
from pytest_promptopt.evaluation.verdict import Verdict, with_findings
from pytest_promptopt.prompts.prompt import GateSettings
from pytest_promptopt.statistics.intervals import Interval, one_sided, verdict_interval

NOT_MUTATED = "minMutation was not applied: --prompt-mutate asks the mutants"


def with_mutation(verdict: Verdict, settings: GateSettings, record: MutationRecord) -> Verdict:
    """The verdict with what the mutants of the prompt say of its goldens."""
    if settings.min_mutation is None:
        return verdict
    part = Part(name="", settings=settings, select=lambda evaluation: evaluation.scored)
    finding = _on_mutation(part, record, settings.min_mutation)
    known = tuple(remark for remark in verdict.remarks if remark != NOT_MUTATED)
    return with_findings(replace(verdict, remarks=known), [finding])


def _on_mutation(part: Part, record: MutationRecord, minimum: float) -> Finding:
    """Decided where it is so whatever became of mutants that were not asked to the end."""
    score, left = record.score, len(record.having(Fate.OPEN))
    limit = f"minMutation {minimum:g}"
    if not record.hits:
        why = record.remark or "no mutant changed an answer"
        return part.finding(Decision.INCONCLUSIVE, f"no mutation score for {limit}: {why}")
    bounds = _mutation_bounds(record, left, part.settings.confidence)
    shown = "mutation score"
    if score is not None:
        shown = f"{shown} {not_rounded_up(score, minimum)}"
    count = counted(len(record.hits), "mutant")
    sure = (
        ""
        if part.settings.confidence is None
        else f" {told_confidence(part.settings.confidence, 1)}"
    )
    if bounds.low >= minimum:
        return part.finding(Decision.PASS, f"{shown} reaches {limit}{sure} ({count})")
    if bounds.high < minimum:
        text = f"{shown} is under {limit}{sure} ({count})"
        return part.finding(Decision.FAIL, text, f"{shown} < {limit}")
    undecided = f", {left:,} more not decided" if left else ""
    text = (
        f"{shown} could lie on either side of {limit}: {told_range(bounds, minimum)}{sure} "
        f"({count}{undecided})"
    )
    return part.finding(Decision.INCONCLUSIVE, text, f"inconclusive: {shown}, {limit}")


def _mutation_bounds(record: MutationRecord, left: int, confidence: float | None) -> Interval:
    """Where the score lies, were none of those that are ``left`` noticed, and were all."""
    worst, best = (record.hits + (hit,) * left for hit in (0.0, 1.0))
    if confidence is None:
        return Interval(sum(worst) / len(worst), sum(best) / len(best))
    low = verdict_interval(worst, confidence=one_sided(confidence)).low
    return Interval(low, verdict_interval(best, confidence=one_sided(confidence)).high)
