"""The drop since the base, held against ``maxDrop``."""

from collections.abc import Iterator
from dataclasses import replace

from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.certainty import CONFIDENCE, shared_confidence, told_confidence
from pytest_promptopt.evaluation.difference import Difference, difference_of, paired
from pytest_promptopt.evaluation.evaluation import Evaluation, Outcome
from pytest_promptopt.evaluation.listing import SHOWN, counted, in_clusters, listed
from pytest_promptopt.evaluation.part import MAX_DROP, Decision, Finding, Part
from pytest_promptopt.statistics.intervals import one_sided
from pytest_promptopt.statistics.watched import could_be_shown_lower


def is_dropped(part: Part, evaluation: Evaluation, before: Evaluation, divisor: float) -> bool:
    """Whether a drop beyond ``maxDrop`` is shown at the level over ``divisor``."""
    found = _drop(part, evaluation, before, divisor)
    limit = part.settings.max_drop
    return found is not None and limit is not None and -found.comparison.interval.high > limit


def on_drop(
    part: Part, evaluation: Evaluation, base: BaseRecord | None, before: Evaluation | None
) -> Iterator[Finding]:
    """FAIL where a drop beyond ``maxDrop`` is shown."""
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
            f"{listed(lost, shown=SHOWN)}"
        )
        yield part.finding(Decision.FAIL, text)


def _against(part: Part, head: Evaluation, base: Evaluation, label: str, limit: float) -> Finding:
    """FAIL only if a drop of more than ``limit`` is shown by the one-sided bound."""
    found, left = _drop(part, head, base, part.drop_divisor), part.left(head)
    if found is None:
        text = f"maxDrop was not applied: no golden has a score here and at {label}"
        return replace(part.finding(Decision.PASS, text), is_open=bool(left))
    least = -found.comparison.interval.high
    confidence = part.settings.confidence or CONFIDENCE
    sure = told_confidence(confidence, part.drop_divisor)
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
        confidence=one_sided(part.settings.confidence or CONFIDENCE),
    )


def _drop(part: Part, head: Evaluation, base: Evaluation, divisor: float) -> Difference | None:
    confidence = shared_confidence(part.settings.confidence or CONFIDENCE, divisor)
    return difference_of(
        part.select(base),
        part.select(head),
        confidence=one_sided(confidence),
        left=part.left(head) if part.is_watched else None,
    )


def _moved(found: Difference) -> str:
    broken = f" ({listed(list(found.broken), shown=SHOWN)})" if found.broken else ""
    return (
        f"{in_clusters(found.comparison.pairs, 'golden', found.comparison.clusters)}, "
        f"{len(found.fixed)} fixed, "
        f"{len(found.broken)} broken{broken}"
    )
