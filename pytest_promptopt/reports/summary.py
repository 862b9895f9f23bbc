"""The words in which all reports say what became of a prompt."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_promptopt.evaluation.alarms import false_alarms
from pytest_promptopt.evaluation.difference import Difference, difference
from pytest_promptopt.evaluation.evaluation import (
    Evaluation,
    GoldenResult,
    Outcome,
    ScoredGolden,
    clusters_of,
    mean_score,
)
from pytest_promptopt.evaluation.listing import counted, in_clusters, listed
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.evaluation.record import CONFIDENCE, PromptRecord
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.reports.agreement import told_of_judges
from pytest_promptopt.reports.contrast import sentence
from pytest_promptopt.text.tags import quoted
from pytest_promptopt.text.terminal import printable

INTERVAL = "95 % interval"
_ALARMS_FROM = 0.2
"""Expected false alarms from which on they are told."""
_WORST_SHOWN = 3
_FEWEST_TO_LEAN, _LEANING = 10, 0.1

Tone = Literal["bad", "unsure", "good"]


def by_need(summaries: Iterable[PromptRecord]) -> list[PromptRecord]:
    """Those that need a person first: what fails, what is undecided, what holds."""
    return sorted(summaries, key=_rank)


def tone(summary: PromptRecord) -> Tone:
    """Whether what became of the prompt is bad, good, or neither yes nor no."""
    verdict = summary.verdict
    if verdict is not None and verdict.decision is Decision.INCONCLUSIVE:
        return "unsure"
    return "bad" if summary.fails else "good"


def _rank(summary: PromptRecord) -> int:
    is_inconclusive = summary.verdict and summary.verdict.decision is Decision.INCONCLUSIVE
    return (1 if is_inconclusive else 0) if summary.fails else 2


def decision(summary: PromptRecord) -> str:
    """The gate's verdict; in small letters what became of a prompt without one."""
    verdict = summary.verdict
    if verdict is None and summary.has_gate and not summary.fails:
        return "–"
    if verdict is None or (summary.fails and verdict.passed):
        return "failed" if summary.fails else "passed"
    return "let through" if _is_let_through(verdict) else str(verdict.decision)


def _is_let_through(verdict: Verdict) -> bool:
    return verdict.passed and verdict.decision is Decision.INCONCLUSIVE


def _is_passed_by_grace(verdict: Verdict) -> bool:
    """Whether it holds although it is inconclusive, or failed by itself."""
    has_failed = any(test.fails for test in verdict.tests)
    return _is_let_through(verdict) or (verdict.passed and has_failed)


def score_text(summary: PromptRecord) -> str:
    """The mean score; a dash where nothing was scored."""
    score = summary.evaluation.score
    return "–" if score is None else f"{score:.3f}"


def interval_text(summary: PromptRecord) -> str:
    """The bounds of the score; empty where nothing was scored."""
    found = summary.interval
    return "" if found is None else f"{found.low:.3f} to {found.high:.3f}"


def against(summary: PromptRecord) -> str:
    """How far the score moved from the base; empty in a run without one."""
    if summary.base is None:
        return ""
    if summary.base.identical:
        return "same"
    change = summary.change
    return "–" if change is None else f"{change.after - change.before:+.3f}"


def cost_cell(cost_usd: float | None) -> str:
    """The cost for a cell of a table."""
    return "unknown" if cost_usd is None else cost(cost_usd)


def details(summary: PromptRecord, *, has_interval: bool) -> Iterator[str]:
    """What to say of a prompt that needs a person; the interval where the table does not."""
    yield from judgement(summary)
    yield from spread(summary, has_interval=has_interval)
    yield from _parts(summary.evaluation)
    yield from leaning(summary.evaluation)
    yield from against_base(summary)
    for result in summary.worst(_WORST_SHOWN):
        yield f"worst: {_worst(result)}"


def judgement(summary: PromptRecord) -> Iterator[str]:
    """What the gate says, and over what the score is where that is not plain."""
    verdict = summary.verdict
    if verdict is not None and not _is_passed_by_grace(verdict):
        yield from (f"gate: {printable(text)}" for text in (*verdict.reasons, *verdict.remarks))
    if summary.has_nothing_scored:
        yield "nothing was scored, so nothing is known of it"
    counts = summary.counts
    unasked = counts[Outcome.NOT_RUN] + counts[Outcome.NOT_NEEDED]
    answered = len(summary.results) - counts[Outcome.ERROR] - unasked
    if 0 < answered < len(summary.results):
        yield f"the score is over the {answered} of {len(summary.results)} that were answered"
    whole = verdict.score if verdict else None
    if whole is not None and whole != summary.evaluation.score:
        yield f"over all goldens, which the gate counts: {whole:.3f}"


def told_always(summary: PromptRecord) -> Iterator[str]:
    """What nobody may overlook, also of a prompt that holds."""
    if summary.verdict is not None and _is_passed_by_grace(summary.verdict):
        yield from (f"gate: {printable(text)}" for text in summary.verdict.remarks)
    if summary.retirement:
        yield f"model: {printable(summary.retirement)}"
    scored = summary.evaluation.scored
    if clusters_of(scored) < len(scored):
        shared = in_clusters(len(scored), "golden", clusters_of(scored))
        yield f"{shared}: what shares a cluster counts as one in intervals and tests"
    yield from told_of_judges(summary)
    for cause in summary.causes:
        ids = f" ({listed(cause.named)})" if cause.named else ""
        missing = cause.outcome.counted(len(cause.goldens))
        yield f"{missing}: {printable(cause.reason)}{ids}"
    base = summary.base
    if base is not None:
        if base.remark and not base.identical:
            yield f"against {base.label}: {printable(base.remark)}"
        yield from (f"since {base.label}: {printable(text)}" for text in base.loosened)
    for note, count in summary.notes.most_common():
        yield f"{count} × {printable(note)}"


def spread(summary: PromptRecord, *, has_interval: bool) -> Iterator[str]:
    """How sure the score is, and how much of it is passes."""
    evaluation, interval = summary.evaluation, summary.interval
    if interval is None:
        return
    passed = evaluation.pass_rate
    parts = [] if has_interval else [f"{INTERVAL} {interval.low:.3f} to {interval.high:.3f}"]
    if passed is not None and passed != evaluation.score:
        parts.append(f"{100 * passed:.0f} % passed")
    if evaluation.agreement is not None:
        parts.append(f"samples agree {100 * evaluation.agreement:.0f} %")
    if always := always_the_commonest(evaluation):
        parts.append(printable(always))
    if parts:
        yield ", ".join(parts)


def always_the_commonest(evaluation: Evaluation) -> str:
    """What giving the commonest expected answer every time would come to; empty without one."""
    if evaluation.commonest is None:
        return ""
    answer, share = evaluation.commonest
    return f"always answering {quoted(answer)} would be right for {100 * share:.0f} %"


def leaning(evaluation: Evaluation) -> Iterator[str]:
    """The labels that answers lean to, far from how often they are right."""
    for name, (label, named, wanted) in evaluation.overused.items():
        if len(evaluation.scored) >= _FEWEST_TO_LEAN and named - wanted >= _LEANING:
            yield (
                f"{printable(name)}: {printable(label)} is named in {100 * named:.0f} % of the "
                f"goldens and right in {100 * wanted:.0f} %"
            )


def parts_of(evaluation: Evaluation) -> Mapping[str, Mapping[str, Sequence[ScoredGolden]]]:
    """The scored goldens by tag and by evaluator, where there is more than one; largest first."""
    optional = {m.name for r in evaluation.results for m in r.evaluators if m.optional}
    groups = {
        "tag": evaluation.by_tag,
        "evaluator": {
            f"{name} (optional)" if name in optional else name: evaluation.by_evaluator(name)
            for name in evaluation.evaluators
        },
    }
    found = {
        kind: {
            name: goldens
            for name, goldens in sorted(parts.items(), key=lambda part: -len(part[1]))
            if mean_score(goldens) is not None
        }
        for kind, parts in groups.items()
    }
    return {
        kind: parts for kind, parts in found.items() if len(parts) > 1 or (parts and kind == "tag")
    }


def _parts(evaluation: Evaluation) -> Iterator[str]:
    """The score of each part."""
    for kind, parts in parts_of(evaluation).items():
        shown = [
            f"{printable(name)} {mean_score(goldens) or 0.0:.3f} ({len(goldens)})"
            for name, goldens in parts.items()
        ]
        yield f"by {kind}: {listed(shown)}"


def against_base(summary: PromptRecord) -> Iterator[str]:
    """The difference from the base, or why there is none."""
    base = summary.base
    if base is None:
        return
    if base.identical:
        yield f"against {base.label}: it sends the same"
    elif summary.change is not None:
        yield from _change(summary.change, f"against {base.label}: ")
    elif not base.remark:
        yield f"against {base.label}: no golden has a score on both sides"


def _change(change: Difference, start: str) -> Iterator[str]:
    """The paired difference with its interval, and which goldens changed side."""
    yield f"{start}{change.before:.3f} → {change.after:.3f}, {difference_text(change)}"
    for word, ids in (("fixed", change.fixed), ("broken", change.broken)):
        if ids:
            yield f"{word}: {listed(ids)}"
    if change.unpaired:
        yield f"scored on one side only: {listed(change.unpaired)}"


def difference_text(change: Difference) -> str:
    """The difference with its interval, its p-value and how many goldens changed side."""
    found = change.comparison
    return (
        f"{found.difference:+.3f} (95 % interval {found.interval.low:+.3f} to "
        f"{found.interval.high:+.3f}, p = {found.p_value:.2g}), "
        f"{found.fixed} fixed, {found.broken} broken of {found.pairs}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelComparison:
    """A prompt that several models answered, and what ``texts`` say of these against the first."""

    heading: str
    texts: tuple[str, ...]


def compare_models(summaries: Iterable[PromptRecord]) -> Iterator[ModelComparison]:
    """For each prompt that several models answered: these against the first, side by side."""
    prompts: dict[str, list[PromptRecord]] = {}
    for summary in summaries:
        prompts.setdefault(summary.location, []).append(summary)
    for location, models in prompts.items():
        if len(models) > 1:
            first, *others = models
            yield ModelComparison(
                heading=f"{location}: {len(models)} models on the same goldens",
                texts=tuple(text for other in others for text in _beside(first, other)),
            )


def _beside(first: PromptRecord, other: PromptRecord) -> Iterator[str]:
    change = difference(first.evaluation, other.evaluation, confidence=CONFIDENCE)
    if change is not None:
        yield from _change(change, f"{other.model} against {first.model}: ")


def outcomes_text(summaries: Iterable[PromptRecord]) -> str:
    """What became of all their goldens."""
    counts = sum((summary.counts for summary in summaries), Counter[Outcome]())
    return ", ".join(o.counted(counts[o]) for o in Outcome if counts[o]) or "none"


def effort(summaries: Sequence[PromptRecord], saved_in: str) -> str:
    """Models, tokens, cost and time of all, and how much of it was not asked for."""
    models = [*dict.fromkeys(summary.model for summary in summaries if summary.model)]
    parts = [listed(models)] if models else []
    tokens = sum(summary.tokens for summary in summaries)
    parts += [counted(tokens, "token"), cost(sum_of_known([s.cost_usd for s in summaries]))]
    times = [s.mean_latency_seconds for s in summaries if s.mean_latency_seconds is not None]
    if times:
        parts.append(f"{sum(times) / len(times):.2f} s an answer")
    saved = sum(summary.saved for summary in summaries)
    if saved:
        total = sum(len(s.results) - s.counts[Outcome.NOT_NEEDED] for s in summaries)
        parts.append(f"{saved:,} of {counted(total, 'golden')} from {saved_in}")
    return ", ".join(parts)


def alarms(summaries: Iterable[PromptRecord]) -> str:
    """How many gates would fail by chance; empty where that is hardly one in a few runs."""
    found = false_alarms(summaries)
    if found.expected < _ALARMS_FROM:
        return ""
    kinds = {"min": found.on_min, "maxDrop": found.on_max_drop}
    limits = " and ".join(f"{count:,} on {kind}" for kind, count in kinds.items() if count)
    start = f"{counted(sum(kinds.values()), 'limit')} tested with confidence ({limits})"
    worst = "if every prompt stood exactly at its limits, the luck of the goldens alone would fail"
    if not found.adjusted:
        return f"{start}: {worst} up to {found.expected:.1f} of them on average"
    return (
        f"{start} and judged together ({found.adjusted}): {worst} any of them with a chance of at "
        f"most {100 * found.chance:g} %"
    )


def _worst(result: GoldenResult) -> str:
    return f"{result.id} {result.score or 0.0:.2f}, {sentence(result)}"


def sum_of_known(costs: Sequence[float | None]) -> float | None:
    """The sum, None where one is unknown."""
    known = [cost_usd for cost_usd in costs if cost_usd is not None]
    return sum(known) if len(known) == len(costs) else None


def cost(cost_usd: float | None) -> str:
    """Dollars for a person to read; an unknown price is never shown as 0."""
    if cost_usd is None:
        return "cost unknown"
    return f"${cost_usd:.4f}" if 0 < cost_usd < 0.1 else f"${cost_usd:.2f}"


def duration(seconds: float) -> str:
    """Minutes and seconds for a person to read."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
