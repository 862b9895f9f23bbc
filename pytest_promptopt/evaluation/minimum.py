"""The score, held against ``min``."""

from collections.abc import Iterator
from dataclasses import replace

from pytest_promptopt.evaluation.certainty import (
    CONFIDENCE,
    not_rounded_up,
    percent,
    shared_confidence,
    told_confidence,
    told_range,
)
from pytest_promptopt.evaluation.evaluation import Evaluation, clusters_of, mean_score
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.part import MIN, Decision, Finding, Part
from pytest_promptopt.statistics.intervals import Interval, goldens_to_decide
from pytest_promptopt.statistics.watched import confidence_when_all_are_in

_FEWEST_LABELS = 10
"""Labelled goldens from which on a corrected score is more than luck."""


def is_below(part: Part, evaluation: Evaluation, divisor: float) -> bool:
    """Whether the mean score is shown to be under ``min`` at the level over ``divisor``."""
    minimum, confidence = part.settings.minimum, part.settings.confidence
    if minimum is None or confidence is None or mean_score(part.select(evaluation)) is None:
        return False
    return part.interval(evaluation, shared_confidence(confidence, divisor)).high < minimum


def on_minimum(part: Part, evaluation: Evaluation) -> Iterator[Finding]:
    """FAIL under ``min``, and where nothing was scored; INCONCLUSIVE where it cannot be told."""
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
    correction = part.correct(evaluation, CONFIDENCE)
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
        shown = not_rounded_up(score, minimum)
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
        shown = not_rounded_up(score, minimum)
        text = (
            f"score {shown} is under min {minimum:g} whatever the others score: at most "
            f"{not_rounded_up(most, minimum)} ({count})"
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
    minimum, confidence = part.settings.minimum or 0.0, part.settings.confidence or CONFIDENCE
    divisor = part.minimum_divisor
    interval, shared = part.interval(evaluation, confidence), shared_confidence(confidence, divisor)
    score = not_rounded_up(mean, minimum)
    sure = f"with {percent(confidence)} confidence"
    if interval.low >= minimum:
        text = (
            f"score {score} reaches min {minimum:g} {sure}: at least {interval.low:.3f} ({count})"
        )
        return part.finding(Decision.PASS, text)
    highest = interval.high if divisor == 1 else part.interval(evaluation, shared).high
    if highest < minimum:
        bound = not_rounded_up(highest, minimum)
        sure = told_confidence(confidence, divisor)
        text = f"score {score} is under min {minimum:g} {sure}: at most {bound} ({count})"
        return part.failed_test(MIN, text, f"score {score} < min {minimum:g}")
    interval, sure = Interval(interval.low, highest), told_confidence(confidence, divisor)
    is_open = _could_decide(part, evaluation, confidence)
    needed = "those that were not asked could decide"
    if not is_open:
        needed = _needed(part, evaluation, shared if mean < minimum else confidence)
    within = told_range(interval, minimum)
    text = (
        f"score {score} could lie on either side of min {minimum:g}: {within} {sure} ({count}); "
        f"{needed}"
    )
    short = f"inconclusive: score {score}, min {minimum:g} in {within}"
    return replace(part.finding(Decision.INCONCLUSIVE, text, short), is_open=is_open)


def _could_decide(part: Part, evaluation: Evaluation, confidence: float) -> bool:
    """Whether goldens that were not asked could bring the score to one side of ``min``."""
    minimum = part.settings.minimum or 0.0
    if not part.left(evaluation):
        return False
    best, worst = (part.interval(evaluation, confidence, rest) for rest in (1.0, 0.0))
    return best.low >= minimum or worst.high < minimum


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
