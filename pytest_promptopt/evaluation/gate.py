"""The gate: one verdict on a prompt as a whole, and why."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_promptopt.codec import Amount, Mean, Share
from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.difference import Difference, difference_of, is_comparable, paired
from pytest_promptopt.evaluation.evaluation import Evaluation, Outcome, clusters_of, mean_score
from pytest_promptopt.evaluation.judges import Judges
from pytest_promptopt.evaluation.listing import counted, in_clusters, listed
from pytest_promptopt.evaluation.mutation_record import Fate, MutationRecord
from pytest_promptopt.evaluation.part import MAX_DROP, MIN, Decision, Finding, Part
from pytest_promptopt.prompts.prompt import GateSettings
from pytest_promptopt.statistics.correction import Tests, level_divisors, strength
from pytest_promptopt.statistics.intervals import (
    Interval,
    goldens_to_decide,
    one_sided,
    verdict_interval,
)
from pytest_promptopt.statistics.watched import (
    confidence_when_all_are_in,
    could_be_shown_lower,
)

_CONFIDENCE = 0.95
_SHOWN = 10
_FEWEST_LABELS = 10
"""Labelled goldens from which on a corrected score is more than luck."""
_NOT_MUTATED = "minMutation was not applied: --prompt-mutate asks the mutants"
_ROUNDING = 1e-9
NO_JUDGES = Judges()
_GRAVEST_FIRST = (Decision.FAIL, Decision.INCONCLUSIVE, Decision.PASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTest:
    """What a prompt and its parts are held to by a test, which may err: ``min`` or ``maxDrop``.

    ``error`` is how often it fails a prompt at most that stands exactly at each such limit.
    ``fails`` is what it found by itself, ``strength`` by how much the error could be divided so
    that it still fails; both only where the gates of a run are judged together. ``adjusted`` is
    how that was done.
    """

    limit: str
    error: Share
    fails: tuple[Finding, ...] = ()
    strength: Amount = 0.0
    adjusted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision on a prompt, and what it rests on, for a person to read.

    ``passed`` is whether the gate lets it through, which an inconclusive verdict may if the file
    says so. ``reasons`` stand against it, ``remarks`` are what else was found; ``headline`` is the
    reasons in a few words. ``minimum`` is what the score is held to, None where nothing is asked.
    ``tests`` are those that were made with confidence, one a kind of limit at most. ``besides`` is
    the verdict without what they failed; None where nothing may become of it.
    """

    decision: Decision
    passed: bool
    score: Mean | None
    reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    headline: str = ""
    minimum: Mean | None = None
    tests: tuple[LimitTest, ...] = ()
    besides: "Verdict | None" = None


def judge(
    settings: GateSettings,
    evaluation: Evaluation,
    base: BaseRecord | None = None,
    before: Evaluation | None = None,
    judges: Judges = NO_JUDGES,
    *,
    is_alone: bool = True,
    is_watched: bool = False,
) -> Verdict:
    """The verdict on ``evaluation``, which must hold every golden of the prompt.

    ``base`` is what it is compared with, ``before`` the results there, None where nothing was
    asked there. ``judges`` are those that its scores rest on: where people have labelled answers,
    ``min`` is held against the score that labels correct. One that ``is_alone`` cannot be judged
    together with others. One that ``is_watched`` errs no more often than it may although goldens
    were asked only until it :func:`is_decided`.

    FAIL on a mean score under ``min``, on a shown drop beyond ``maxDrop``, on a required golden
    that did not pass, on more goldens without a score than ``unscored`` allows, on what the
    policies for goldens that vanish and checks that soften forbid, where nothing was scored, and on
    any error: it never passes and is never a 0. INCONCLUSIVE where ``confidence`` asks for more
    than the goldens can tell, or a judge has not shown its agreement.
    """
    looked_at = [replace(part, is_watched=is_watched) for part in _parts(settings, judges)]
    tested = _tested(looked_at, evaluation, base, before)
    parts = _corrected(looked_at, tested)
    findings = [*_findings(settings, parts, evaluation, base, before, judges)]
    if settings.min_mutation is not None:
        findings.append(Finding(decision=Decision.PASS, text=_NOT_MUTATED, blocks=False))
    verdict = Verdict(
        decision=Decision.PASS,
        passed=True,
        score=evaluation.score,
        minimum=settings.minimum,
        tests=tuple(_limit_test(limit, tests, parts) for limit, tests in tested.items()),
    )
    whole = with_findings(verdict, findings)
    if is_alone or not any(finding.limit for finding in findings):
        return whole
    others = [finding for finding in findings if not finding.limit]
    return replace(
        whole,
        tests=tuple(
            replace(
                test,
                fails=tuple(f for f in findings if f.limit == test.limit),
                strength=_strength(tested[test.limit]),
            )
            for test in verdict.tests
        ),
        besides=with_findings(verdict, others),
    )


def is_decided(
    settings: GateSettings,
    evaluation: Evaluation,
    base: BaseRecord | None = None,
    before: Evaluation | None = None,
    judges: Judges = NO_JUDGES,
    *,
    is_alone: bool = True,
) -> bool:
    """Whether what the gate says can be said without the goldens that were not asked.

    Either it cannot change, whatever they score, or it is shown by bounds that hold at all looks.
    A FAIL decides whatever else is open, but one of a test where gates are judged together: how
    clear it has to be is known when all are in.
    """
    looked_at = [replace(part, is_watched=True) for part in _parts(settings, judges)]
    parts = _corrected(looked_at, _tested(looked_at, evaluation, base, before))
    findings = [*_findings(settings, parts, evaluation, base, before, judges)]
    waiting = [f for f in findings if f.is_open or (f.limit and not is_alone)]
    fails = any(f.decision is Decision.FAIL and f not in waiting for f in findings)
    return fails or not waiting


def _findings(
    settings: GateSettings,
    parts: Sequence[Part],
    evaluation: Evaluation,
    base: BaseRecord | None,
    before: Evaluation | None,
    judges: Judges,
) -> Iterator[Finding]:
    yield from _missing(evaluation, "ended in an error", Outcome.ERROR)
    yield from _missing(evaluation, "not run (the budget)", Outcome.NOT_RUN)
    yield from _required(evaluation)
    yield from _unscored(evaluation, settings.unscored)
    yield from _on_policy(settings, base)
    yield from _on_judges(parts[0], evaluation, judges)
    for part in parts:
        yield from _on_minimum(part, evaluation)
        yield from _on_drop(part, evaluation, base, before)


def with_findings(verdict: Verdict, findings: Sequence[Finding]) -> Verdict:
    """The verdict with what was found besides."""
    decisions = {verdict.decision, *(finding.decision for finding in findings)}
    blocking = [finding for finding in findings if finding.blocks]
    others = [finding for finding in findings if not finding.blocks]
    shorts = (finding.short or finding.text for finding in blocking)
    return replace(
        verdict,
        decision=next(decision for decision in _GRAVEST_FIRST if decision in decisions),
        passed=verdict.passed and not blocking,
        reasons=(*verdict.reasons, *(finding.text for finding in blocking)),
        remarks=(*verdict.remarks, *(finding.text for finding in others)),
        headline="; ".join(filter(None, (verdict.headline, *shorts))),
    )


def with_remark(verdict: Verdict, text: str) -> Verdict:
    """The verdict with something more to know about it."""
    return with_findings(verdict, [Finding(decision=Decision.PASS, text=text, blocks=False)])


def with_mutation(verdict: Verdict, settings: GateSettings, record: MutationRecord) -> Verdict:
    """The verdict with what the mutants of the prompt say of its goldens."""
    if settings.min_mutation is None:
        return verdict
    part = Part(name="", settings=settings, select=lambda evaluation: evaluation.scored)
    finding = _on_mutation(part, record, settings.min_mutation)
    known = tuple(remark for remark in verdict.remarks if remark != _NOT_MUTATED)
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
        shown = f"{shown} {_not_rounded_up(score, minimum)}"
    count = counted(len(record.hits), "mutant")
    sure = "" if part.settings.confidence is None else f" {_sure(part.settings.confidence, 1)}"
    if bounds.low >= minimum:
        return part.finding(Decision.PASS, f"{shown} reaches {limit}{sure} ({count})")
    if bounds.high < minimum:
        text = f"{shown} is under {limit}{sure} ({count})"
        return part.finding(Decision.FAIL, text, f"{shown} < {limit}")
    undecided = f", {left:,} more not decided" if left else ""
    text = (
        f"{shown} could lie on either side of {limit}: {_range(bounds, minimum)}{sure} "
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


def _parts(settings: GateSettings, judges: Judges) -> Iterator[Part]:
    yield Part(
        name="",
        settings=settings,
        select=lambda evaluation: evaluation.scored,
        correct=judges.correction,
    )
    for tag, own in settings.tags.items():
        select = functools.partial(Evaluation.with_tag, tag=tag)
        yield Part(name=f"tag {tag}", settings=own, select=select, tag=tag)
    for name, own in settings.evaluators.items():
        select = functools.partial(Evaluation.by_evaluator, name=name)
        yield Part(name=f"evaluator {name}", settings=own, select=select)


def _tested(
    parts: Sequence[Part],
    evaluation: Evaluation,
    base: BaseRecord | None,
    before: Evaluation | None,
) -> Mapping[str, Tests]:
    """By each kind of limit the parts that are held to it with confidence."""
    found: dict[str, dict[str, Callable[[float], bool]]] = {MIN: {}, MAX_DROP: {}}
    for part in parts:
        settings = part.settings
        is_coming = bool(part.left(evaluation))
        has_score = is_coming or mean_score(part.select(evaluation)) is not None
        if settings.minimum is not None and settings.confidence is not None and has_score:
            found[MIN][part.name] = functools.partial(_is_below, part, evaluation)
        if base is None or base.identical or before is None or settings.max_drop is None:
            continue
        if is_coming or is_comparable(part.select(before), part.select(evaluation)):
            found[MAX_DROP][part.name] = functools.partial(_is_dropped, part, evaluation, before)
    return {limit: tests for limit, tests in found.items() if tests}


def _limit_test(limit: str, tests: Tests, parts: Sequence[Part]) -> LimitTest:
    tested = [part.settings.confidence for part in parts if part.name in tests]
    least = min(confidence or _CONFIDENCE for confidence in tested)
    return LimitTest(limit=limit, error=round(1 - least, 9))


def _strength(tests: Tests) -> float:
    """That of the parts together, whose first to fail must do so at its share of the error."""
    return strength(lambda d: any(rejects(len(tests) * d) for rejects in tests.values()))


def _corrected(parts: Sequence[Part], tested: Mapping[str, Tests]) -> Sequence[Part]:
    """The parts, each with its share of the error that a prompt may make."""
    divisors = {limit: level_divisors(tests) for limit, tests in tested.items()}
    return [
        replace(
            part,
            minimum_divisor=divisors.get(MIN, {}).get(part.name, 1),
            drop_divisor=divisors.get(MAX_DROP, {}).get(part.name, 1),
        )
        for part in parts
    ]


def _is_below(part: Part, evaluation: Evaluation, divisor: float) -> bool:
    """Whether the mean score is shown to be under ``min`` at the level over ``divisor``."""
    minimum, confidence = part.settings.minimum, part.settings.confidence
    if minimum is None or confidence is None or mean_score(part.select(evaluation)) is None:
        return False
    return part.interval(evaluation, _shared(confidence, divisor)).high < minimum


def _is_dropped(part: Part, evaluation: Evaluation, before: Evaluation, divisor: float) -> bool:
    """Whether a drop beyond ``maxDrop`` is shown at the level over ``divisor``."""
    found = _drop(part, evaluation, before, divisor)
    limit = part.settings.max_drop
    return found is not None and limit is not None and -found.comparison.interval.high > limit


def _shared(confidence: float, divisor: float) -> float:
    return 1 - (1 - confidence) / divisor


def _sure(confidence: float, divisor: int) -> str:
    together = f", shared by {divisor} limits" if divisor > 1 else ""
    return f"with {percent(confidence)} confidence{together}"


def _missing(evaluation: Evaluation, what: str, outcome: Outcome) -> Iterator[Finding]:
    results = evaluation.having(outcome)
    if results:
        ids = listed([result.id for result in results], shown=_SHOWN)
        total = counted(len(evaluation.results), "golden")
        text = f"{len(results)} of {total} {what}: {ids}"
        yield Finding(decision=Decision.FAIL, text=text, blocks=True)


def _required(evaluation: Evaluation) -> Iterator[Finding]:
    missed = [
        result.id
        for result in evaluation.results
        if result.required and result.outcome in {Outcome.MISSED, Outcome.UNSCORED}
    ]
    if missed:
        text = f"required goldens that did not pass: {listed(missed, shown=_SHOWN)}"
        yield Finding(decision=Decision.FAIL, text=text, blocks=True)
    left = [result.id for result in evaluation.having(Outcome.NOT_NEEDED) if result.required]
    if left:
        text = f"required goldens that were not asked: {listed(left, shown=_SHOWN)}"
        yield Finding(decision=Decision.PASS, text=text, blocks=False, is_open=True)


def _unscored(evaluation: Evaluation, allowed: float) -> Iterator[Finding]:
    """Goldens without a score: they count in no mean, so that a gate must say how many it takes.

    Those that were not asked are no longer needed once those that were keep to it by themselves.
    """
    ids = [result.id for result in evaluation.having(Outcome.UNSCORED)]
    total, left = len(evaluation.results), len(evaluation.having(Outcome.NOT_NEEDED))
    shown = listed(ids, shown=_SHOWN)
    if ids:
        most = _most_unscored(allowed, total)
        limit = f"`unscored: {allowed:g}` allows {most:,}" if allowed else "`unscored` allows none"
        blocks = len(ids) > most
        yield Finding(
            decision=Decision.FAIL if blocks else Decision.PASS,
            text=f"{len(ids)} of {counted(total, 'golden')} not scored ({limit}): {shown}",
            blocks=blocks,
            is_open=not blocks and len(ids) > _most_unscored(allowed, total - left),
        )


def _most_unscored(allowed: float, goldens: int) -> int:
    return int(allowed * goldens + _ROUNDING) if allowed < 1 else int(allowed)


def _on_judges(part: Part, evaluation: Evaluation, judges: Judges) -> Iterator[Finding]:
    """INCONCLUSIVE where a judge has not shown that it agrees with people."""
    least, confidence = part.settings.min_agreement, part.settings.confidence or _CONFIDENCE
    if least is None:
        return
    if not judges.records:
        text = "minAgreement was not applied: no evaluator is a judge"
        yield part.finding(Decision.PASS, text)
    for text in judges.unproven(evaluation, least, confidence):
        short = "inconclusive: a judge has not shown its agreement"
        yield part.finding(Decision.INCONCLUSIVE, text, short)


def _on_policy(settings: GateSettings, base: BaseRecord | None) -> Iterator[Finding]:
    policies = {"onRemovedGoldens": settings.removed_fails, "onLoosened": settings.loosened_fails}
    asked = listed([key for key, fails in policies.items() if fails])
    if base is None and asked:
        text = f"not applied without a base, which --prompt-base names: {asked}"
        yield Finding(decision=Decision.PASS, text=text, blocks=False)
    elif base is not None and base.forbidden:
        short = f"asks for less than at {base.label}"
        text = f"{short}: {'; '.join(base.forbidden)}"
        yield Finding(decision=Decision.FAIL, text=text, blocks=True, short=short)


def _on_minimum(part: Part, evaluation: Evaluation) -> Iterator[Finding]:
    minimum, score = part.settings.minimum, mean_score(part.select(evaluation))
    if score is None and part.left(evaluation):
        text = "no golden was scored of those that were asked"
        yield replace(part.finding(Decision.PASS, text), is_open=True)
    elif score is None:
        text = "no golden was scored, so there is nothing to pass on"
        yield part.finding(Decision.FAIL, text)
    if score is None or minimum is None:
        return
    is_sure, count = part.settings.confidence is not None, part.scored(evaluation)
    correction = part.correct(evaluation, _CONFIDENCE)
    if correction is not None and not is_sure and correction.labels < _FEWEST_LABELS:
        yield part.finding(Decision.PASS, _too_few(correction.labels))
    elif correction is not None:
        count += f", corrected by {counted(correction.labels, 'label')} from {score:.3f}"
        score = correction.value
    if is_sure:
        yield _with_confidence(part, evaluation, score, count)
    elif part.left(evaluation):
        yield _whatever_the_rest(part, evaluation, score, count)
    elif score < minimum:
        shown = _not_rounded_up(score, minimum)
        text = f"score {shown} is under min {minimum:g} ({count})"
        yield part.finding(Decision.FAIL, text, f"score {shown} < min {minimum:g}")


def _whatever_the_rest(part: Part, evaluation: Evaluation, score: float, count: str) -> Finding:
    """Without confidence: what the goldens that were not asked cannot change."""
    minimum = part.settings.minimum or 0.0
    least, most = part.mean(evaluation, 0.0), part.mean(evaluation, 1.0)
    if least >= minimum:
        text = f"min {minimum:g} is reached whatever the others score: at least {least:.3f}"
        return part.finding(Decision.PASS, f"{text} ({count})")
    if most < minimum:
        shown = _not_rounded_up(score, minimum)
        text = (
            f"score {shown} is under min {minimum:g} whatever the others score: at most "
            f"{_not_rounded_up(most, minimum)} ({count})"
        )
        return part.finding(Decision.FAIL, text, f"score {shown} < min {minimum:g}")
    text = f"the others could bring the score to either side of min {minimum:g}: {score:.3f}"
    return replace(part.finding(Decision.INCONCLUSIVE, f"{text} ({count})"), is_open=True)


def _too_few(labels: int) -> str:
    return (
        "too few labels to correct the score by without `confidence` "
        f"({labels} of the {_FEWEST_LABELS} it takes): it is the judge's own"
    )


def _with_confidence(part: Part, evaluation: Evaluation, mean: float, count: str) -> Finding:
    """PASS if the one-sided lower bound reaches ``min``, FAIL if the upper one is under it."""
    minimum, confidence = part.settings.minimum or 0.0, part.settings.confidence or _CONFIDENCE
    divisor = part.minimum_divisor
    interval, shared = part.interval(evaluation, confidence), _shared(confidence, divisor)
    score = _not_rounded_up(mean, minimum)
    sure = f"with {percent(confidence)} confidence"
    if interval.low >= minimum:
        text = (
            f"score {score} reaches min {minimum:g} {sure}: at least {interval.low:.3f} ({count})"
        )
        return part.finding(Decision.PASS, text)
    highest = interval.high if divisor == 1 else part.interval(evaluation, shared).high
    if highest < minimum:
        bound = _not_rounded_up(highest, minimum)
        sure = _sure(confidence, divisor)
        text = f"score {score} is under min {minimum:g} {sure}: at most {bound} ({count})"
        return part.failed_test(MIN, text, f"score {score} < min {minimum:g}")
    interval, sure = Interval(interval.low, highest), _sure(confidence, divisor)
    is_open = _could_decide(part, evaluation, confidence)
    needed = "those that were not asked could decide"
    if not is_open:
        needed = _needed(part, evaluation, shared if mean < minimum else confidence)
    text = (
        f"score {score} could lie on either side of min {minimum:g}: {_range(interval, minimum)} "
        f"{sure} ({count}); {needed}"
    )
    short = f"inconclusive: score {score}, min {minimum:g} in {_range(interval, minimum)}"
    return replace(part.finding(Decision.INCONCLUSIVE, text, short), is_open=is_open)


def _could_decide(part: Part, evaluation: Evaluation, confidence: float) -> bool:
    """Whether goldens that were not asked could bring the score to one side of ``min``."""
    minimum = part.settings.minimum or 0.0
    if not part.left(evaluation):
        return False
    best, worst = (part.interval(evaluation, confidence, rest) for rest in (1.0, 0.0))
    return best.low >= minimum or worst.high < minimum


def _range(interval: Interval, minimum: float) -> str:
    return f"{_not_rounded_up(interval.low, minimum)} to {interval.high:.3f}"


def _needed(part: Part, evaluation: Evaluation, confidence: float) -> str:
    """What would decide, where those that were not asked cannot."""
    if part.correct(evaluation, confidence) is not None:
        return "more labels, or more goldens, would decide"
    goldens, left = part.select(evaluation), len(part.left(evaluation))
    if part.is_watched:
        confidence = confidence_when_all_are_in(confidence)
    more = goldens_to_decide(
        [golden.score for golden in goldens],
        minimum=part.settings.minimum or 0.0,
        confidence=confidence,
        weights=[golden.weight for golden in goldens],
        clusters=[golden.cluster for golden in goldens],
    )
    what = "cluster" if clusters_of(goldens) < len(goldens) else "golden"
    if more is None:
        return f"more {what}s like these would hardly decide"
    needed = f"about {counted(max(1, more - left), f'more {what}')} would decide at this rate"
    return f"not even the others could decide; {needed}" if left else needed


def _on_drop(
    part: Part, evaluation: Evaluation, base: BaseRecord | None, before: Evaluation | None
) -> Iterator[Finding]:
    limit = part.settings.max_drop
    if limit is None:
        return
    if base is None:
        text = "maxDrop was not applied: there is no base; name one with --prompt-base"
        yield part.finding(Decision.PASS, text)
    elif base.identical:
        yield part.finding(Decision.PASS, f"maxDrop holds: the same prompt as at {base.label}")
    elif before is None:
        yield part.finding(Decision.PASS, f"maxDrop was not applied: {base.remark}")
    else:
        yield from _unanswered(part, before, base.label)
        yield _against(part, evaluation, before, base.label, limit)


def _unanswered(part: Part, before: Evaluation, label: str) -> Iterator[Finding]:
    lost = [r.id for r in before.results if r.outcome in {Outcome.ERROR, Outcome.NOT_RUN}]
    if lost:
        text = (
            f"{counted(len(lost), 'golden')} without an answer at {label}: "
            f"{listed(lost, shown=_SHOWN)}"
        )
        yield part.finding(Decision.FAIL, text)


def _against(part: Part, head: Evaluation, base: Evaluation, label: str, limit: float) -> Finding:
    """FAIL only if a drop of more than ``limit`` is shown by the one-sided bound."""
    found, left = _drop(part, head, base, part.drop_divisor), part.left(head)
    if found is None:
        text = f"maxDrop was not applied: no golden has a score here and at {label}"
        return replace(part.finding(Decision.PASS, text), is_open=bool(left))
    least = -found.comparison.interval.high
    confidence = part.settings.confidence or _CONFIDENCE
    sure = _sure(confidence, part.drop_divisor)
    if least > limit:
        text = (
            f"a drop of more than maxDrop {limit:g} is shown: {found.before:.3f} at {label}, "
            f"now {found.after:.3f} on {_moved(found)}; at least {least:.3f} {sure}"
        )
        short = f"dropped from {found.before:.3f} to {found.after:.3f}"
        return part.failed_test(MAX_DROP, text, short)
    most = max(-found.comparison.interval.low, 0.0)
    compared = in_clusters(found.comparison.pairs, "golden", found.comparison.clusters)
    compared += part.and_left(head)
    if left and most <= limit:
        text = f"no drop of more than maxDrop {limit:g}: at most {most:.3f} {sure}"
        return part.finding(Decision.PASS, f"{text} ({compared})")
    is_drop = found.comparison.difference < 0 and found.comparison.p_value <= 1 - confidence
    shown = "a drop is shown, but none" if is_drop else "no drop"
    how = "is certain" if is_drop else "is shown"
    text = (
        f"{shown} of more than maxDrop {limit:g} {how} on {compared}; "
        f"up to {most:.3f} could go unseen {sure}"
    )
    could_fail = bool(left) and _could_drop(part, head, base, limit)
    return replace(part.finding(Decision.PASS, text), is_open=could_fail)


def _could_drop(part: Part, head: Evaluation, base: Evaluation, limit: float) -> bool:
    """Whether a drop beyond ``limit`` would be shown, were the rest all lost."""
    return could_be_shown_lower(
        paired(part.select(base), part.select(head)),
        left=part.left(head),
        than=-limit,
        confidence=one_sided(part.settings.confidence or _CONFIDENCE),
    )


def _drop(part: Part, head: Evaluation, base: Evaluation, divisor: float) -> Difference | None:
    confidence = _shared(part.settings.confidence or _CONFIDENCE, divisor)
    return difference_of(
        part.select(base),
        part.select(head),
        confidence=one_sided(confidence),
        left=part.left(head) if part.is_watched else None,
    )


def _moved(found: Difference) -> str:
    broken = f" ({listed(list(found.broken), shown=_SHOWN)})" if found.broken else ""
    return (
        f"{in_clusters(found.comparison.pairs, 'golden', found.comparison.clusters)}, "
        f"{len(found.fixed)} fixed, "
        f"{len(found.broken)} broken{broken}"
    )


def _not_rounded_up(score: float, minimum: float) -> str:
    """Enough digits that a score under the minimum never reads like the minimum."""
    digits = 3
    while digits < 15 and score < minimum <= float(f"{score:.{digits}f}"):
        digits += 1
    return f"{score:.{digits}f}"


def percent(confidence: float) -> str:
    """It as a person writes it."""
    return f"{100 * confidence:g} %"
