"""Bounds that hold however often they are looked at while scores come in, in a random order.

A fifth of the error goes to bets, which hold at any number of scores; the rest to the bounds that
will hold when all are in, which stand before where they do so whatever the rest score.
"""

from collections.abc import Sequence

from pytest_promptopt.statistics.clusters import by_cluster
from pytest_promptopt.statistics.comparison import Comparison, Pair, compare, differences_of
from pytest_promptopt.statistics.evidence import evidence, lowest_gain
from pytest_promptopt.statistics.intervals import Interval, verdict_interval
from pytest_promptopt.statistics.paired import lowest_difference

EARLY = 0.2
"""The share of the error that is kept for looks."""


def watched_interval(
    scores: Sequence[float],
    *,
    weights: Sequence[float],
    clusters: Sequence[str] = (),
    left: Sequence[float] = (),
    confidence: float,
) -> Interval:
    """Where the mean of scores in [0, 1] lies, with those of the weights ``left`` still to come.

    Of each of the ``clusters``, if there are any, all members are in, and their mean counts as one
    score; ``left`` has one weight for each cluster that is to come.

    Each bound errs with (1 − confidence) / 2 at most, at all looks together. Bets are made only
    where all weigh the same. That the last bounds stand already is known of hits and misses alone:
    theirs only rise with a hit in the place of a miss.
    """
    if clusters:
        scores, weights = by_cluster(scores, weights, clusters)
    weighed = [(score, weight) for score, weight in zip(scores, weights, strict=True) if weight]
    heavy = [weight for weight in left if weight]
    if not weighed and not heavy:
        return Interval(0.0, 1.0)
    scores, weights = [score for score, _ in weighed], [weight for _, weight in weighed]
    error = (1 - confidence) / 2
    low, high = 0.0, 1.0
    if not heavy or all(score in (0, 1) for score in scores):
        last = confidence_when_all_are_in(confidence)

        def of_all(rest: float) -> Interval:
            every = [*scores, *[rest] * len(heavy)]
            return verdict_interval(every, weights=[*weights, *heavy], confidence=last)

        worst = of_all(0.0)
        low, high = worst.low, of_all(1.0).high if heavy else worst.high
    if len({*weights, *heavy}) == 1:
        low = max(low, _lowest_mean(scores, EARLY * error))
        high = min(high, 1 - _lowest_mean([1 - score for score in scores], EARLY * error))
    return Interval(low, high)


def confidence_when_all_are_in(confidence: float) -> float:
    """That of the last bounds, of which nothing is left for looks."""
    return 1 - (1 - EARLY) * (1 - confidence)


def compare_watched(
    pairs: Sequence[Pair], *, left: Sequence[float] = (), confidence: float
) -> Comparison:
    """The comparison with pairs, or whole clusters, of the weights ``left`` still to come.

    Interval and p-value hold at all looks together, as in :func:`watched_interval`. Raises
    ValueError without pairs or weight.
    """
    error = 1 - confidence
    found = compare_anytime(pairs, left=left, error=EARLY * error)
    (low, high), p_value, method = found.interval, found.p_value / EARLY, found.method
    gains, weights = differences_of(pairs)
    last_confidence = confidence_when_all_are_in(confidence)
    last_error = 1 - last_confidence
    if not left:
        last = compare(pairs, confidence=last_confidence)
        low = max(found.interval.low, last.interval.low)
        high = min(found.interval.high, last.interval.high)
        p_value, method = min(p_value, last.p_value / (1 - EARLY)), last.method
    elif len({*weights, *left}) == 1 and all(gain in (-1, 0, 1) for gain in gains):
        low = _lowest_of_all(gains, len(left), low, last_error / 2)
        high = -_lowest_of_all([-gain for gain in gains], len(left), -high, last_error / 2)
    p_value = min(1.0, p_value)
    return Comparison.of(pairs, interval=Interval(low, high), p_value=p_value, method=method)


def could_be_shown_lower(
    pairs: Sequence[Pair], *, left: Sequence[float], than: float, confidence: float
) -> bool:
    """Whether the difference would be shown to be lower than that, were the rest all lost."""
    lost = [
        Pair(
            golden_id="",
            before=1.0,
            after=0.0,
            passed_before=True,
            passed_after=False,
            weight=weight,
        )
        for weight in left
    ]
    every = [*pairs, *lost]
    # Bets alone take no time and mostly suffice.
    anytime = compare_anytime(every, error=EARLY * (1 - confidence))
    if anytime.interval.high < than:
        return True
    return compare_watched(every, confidence=confidence).interval.high < than


def compare_anytime(
    pairs: Sequence[Pair], *, left: Sequence[float] = (), error: float
) -> Comparison:
    """The comparison by bets alone; weights must be equal for them, or nothing is known."""
    interval, p_value = Interval(-1.0, 1.0), 1.0
    gains, weights = differences_of(pairs)
    if len({*weights, *left}) == 1:
        losses = [-gain for gain in gains]
        low, high = lowest_gain(gains, error=error / 2), -lowest_gain(losses, error=error / 2)
        interval = Interval(low, high)
        p_value = min(1.0, 2 / max(evidence(gains), evidence(losses)))
    return Comparison.of(pairs, interval=interval, p_value=p_value, method="betting")


def _lowest_mean(scores: Sequence[float], error: float) -> float:
    """A bound above the mean with probability ``error`` at most, however often it is looked at."""
    return (lowest_gain([2 * score - 1 for score in scores], error=error) + 1) / 2


def _lowest_of_all(gains: Sequence[float], left: int, known: float, error: float) -> float:
    """The bound when the rest are lost, if that is more than is ``known``."""
    gained, lost, total = gains.count(1), gains.count(-1) + left, len(gains) + left
    # It is under the mean, and takes long to find.
    if (gained - lost) / total <= known:
        return known
    return max(known, lowest_difference(gained, lost, total, error=error))
