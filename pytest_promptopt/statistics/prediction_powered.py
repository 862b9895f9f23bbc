"""The mean of labels, of which there are few, by a judge's scores, of which there are many."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, fsum, inf, lgamma, sqrt
from statistics import NormalDist
from typing import Literal, NamedTuple

from pytest_promptopt.statistics.clusters import members
from pytest_promptopt.statistics.intervals import Interval, verdict_interval

_FEWEST = 10
"""Labels of either sort from which on the normal distribution is trusted."""
_HALF = 0.5
_BY_CHANCE = 0.001
"""A draw less likely than that was none."""


class Scored(NamedTuple):
    """One item: what the judge scores it, what people do (None where none did), and its weight.

    Items with the same ``cluster`` depend on each other; one without (``""``) on none.
    """

    judged: float
    label: float | None = None
    weight: float = 1.0
    cluster: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The mean that labels would have, by ``labels`` of them and the judge's ``uncorrected`` mean.

    ``method`` is ``PPI++``, or ``exact`` where labels are too few for that.
    """

    value: float
    interval: Interval
    uncorrected: float
    labels: int
    method: Literal["PPI++", "exact"]


def corrected(items: Sequence[Scored], *, confidence: float) -> Correction | None:
    """The mean that labels of all ``items`` would have; None where none is labelled.

    Those that are labelled must stand for all: drawn at random, or in the proportions of what the
    judge scores. ``confidence`` is that of the two-sided interval.
    """
    items = [item for item in items if item.weight > 0]
    labelled = [item for item in items if item.label is not None]
    if not labelled:
        return None
    is_many = _is_many(labelled)
    value, interval = (_powered if is_many else _exact)(items, confidence)
    return Correction(
        value=value,
        interval=interval,
        uncorrected=_mean([(item.judged, item.weight) for item in items]),
        labels=len(labelled),
        method="PPI++" if is_many else "exact",
    )


class Lopsided(NamedTuple):
    """So many of the ``labelled`` items, and of ``all``, are scored under one half by the judge."""

    low_labelled: int
    labelled: int
    low: int
    all: int


def lopsided(items: Sequence[Scored]) -> Lopsided | None:
    """How the labelled items differ from all, where they were hardly drawn at random; else None.

    By Fisher's exact test, whose chances are those of drawing without putting back.
    """
    labelled = [item for item in items if item.label is not None]
    found = Lopsided(_low(labelled), len(labelled), _low(items), len(items))
    low_labelled, count, low, every = found
    ways = _log_ways(every, count)
    chances = [
        exp(_log_ways(low, k) + _log_ways(every - low, count - k) - ways) for k in range(count + 1)
    ]
    tails = fsum(chances[: low_labelled + 1]), fsum(chances[low_labelled:])
    return found if 2 * min(tails) < _BY_CHANCE else None


def _log_ways(items: int, drawn: int) -> float:
    """The logarithm of in how many ways so many can be drawn."""
    if drawn > items:
        return -inf
    return lgamma(items + 1) - lgamma(drawn + 1) - lgamma(items - drawn + 1)


def _low(items: Sequence[Scored]) -> int:
    return sum(item.judged < _HALF for item in items)


def _is_many(labelled: Sequence[Scored]) -> bool:
    """Whether a mean of what the correction adds up is about normal.

    That is a matter of the rarer sort: a judge that is nearly always right is corrected by the few
    labels in which it is not, and a normal interval around none of them has no width. What counts
    are the clusters in which a sort is met.
    """
    is_wrong = [item.label != item.judged for item in labelled]
    is_good = [(item.label or 0.0) >= _HALF for item in labelled]
    sorts = [
        [item.cluster for item, is_such in zip(labelled, found, strict=True) if is_such is side]
        for found in (is_wrong, is_good)
        for side in (True, False)
    ]
    return min(len(members(clusters)) for clusters in sorts) >= _FEWEST


def _powered(items: Sequence[Scored], confidence: float) -> tuple[float, Interval]:
    """PPI++ for a mean: Angelopoulos, Duchi and Zrnic (2023), arXiv 2311.01453, section 3 and 6.

    λ mean(f) of the unlabelled + mean(y − λ f) of the labelled, with the λ in [0, 1] of the least
    variance, so that a useless judge takes nothing away from the labels. The variance is that of
    sums over clusters (Liang and Zeger 1986, "Longitudinal data analysis using generalized linear
    models"), which may hold items of either sort.
    """
    pairs = [(i.judged, i.label, i.weight) for i in items if i.label is not None]
    rest = [(item.judged, item.weight) for item in items if item.label is None]
    power = _power(pairs, rest)
    rectified = [(label - power * judged, weight) for judged, label, weight in pairs]
    value = _mean(rectified) + (power * _mean(rest) if rest else 0.0)
    labelled = [item.cluster for item in items if item.label is not None]
    others = [item.cluster for item in items if item.label is None]
    parts = [*_parts_of_error(rectified, labelled)]
    parts += [power * part for part in _parts_of_error(rest, others)]
    groups = members([*labelled, *others])
    variance = fsum(fsum(parts[place] for place in group) ** 2 for group in groups)
    half = _deviations(labelled, confidence) * sqrt(variance)
    value = min(1.0, max(0.0, value))
    return value, Interval(max(0.0, value - half), min(1.0, value + half))


def _deviations(clusters: Sequence[str], confidence: float) -> float:
    """Of the normal distribution; where items share clusters of Student's, expanded to 1 / df."""
    z, count = NormalDist().inv_cdf((1 + confidence) / 2), len(members(clusters))
    return z if count == len(clusters) else z + z * (z**2 + 1) / (4 * (count - 1))


def _power(
    pairs: Sequence[tuple[float, float, float]], rest: Sequence[tuple[float, float]]
) -> float:
    """λ = Cov(y, f) / ((1 + n / N) Var(f)), their equation for a mean, between 0 and 1."""
    if not rest:
        return 0.0
    judged = _mean([(f, w) for f, _, w in pairs])
    label = _mean([(y, w) for _, y, w in pairs])
    covariance = _mean([((f - judged) * (y - label), w) for f, y, w in pairs])
    every = [*((f, w) for f, _, w in pairs), *rest]
    centre = _mean(every)
    spread = _mean([((f - centre) ** 2, w) for f, w in every])
    if spread <= 0:
        return 0.0
    return min(1.0, max(0.0, covariance / ((1 + len(pairs) / len(rest)) * spread)))


def _exact(items: Sequence[Scored], confidence: float) -> tuple[float, Interval]:
    """What the plug-in interval and the labels alone both hold, each at half of what may err.

    Either is exact at any number, so that both hold together for any judge, from useless to
    perfect; and no judge makes it much wider than the labels alone are.
    """
    half = 1 - (1 - confidence) / 2
    value, plugged = _plugged_in(items, half)
    _, alone = _labelled(items, half)
    low, high = max(plugged.low, alone.low), min(plugged.high, alone.high)
    low, high = min(low, high), max(low, high)
    return min(high, max(low, value)), Interval(low, high)


def _plugged_in(items: Sequence[Scored], confidence: float) -> tuple[float, Interval]:
    """The mean as q a + (1 - q) b, each part with an exact interval of its own.

    q is how often the judge scores one half or more, a what labels come to there, b what they do
    elsewhere: the judge's own errors. Each interval errs with a third of what all may (Bonferroni).
    In the manner of Rogan and Gladen (1978), by what the judge says instead of by what is true, so
    that no judge makes it undefined.
    """
    third = 1 - (1 - confidence) / 3
    are_good = [item.judged >= _HALF for item in items]
    weights = [item.weight for item in items]
    share = verdict_interval(
        [float(good) for good in are_good],
        weights=weights,
        clusters=[item.cluster for item in items],
        confidence=third,
    )
    high, low = (
        [item for item, good in zip(items, are_good, strict=True) if good is side]
        for side in (True, False)
    )
    (a, a_bounds), (b, b_bounds) = _labelled(high, third), _labelled(low, third)
    q = _mean([(float(good), weight) for good, weight in zip(are_good, weights, strict=True)])
    ends = [
        q_end * a_end + (1 - q_end) * b_end
        for q_end in share
        for a_end, b_end in zip(a_bounds, b_bounds, strict=True)
    ]
    return q * a + (1 - q) * b, Interval(min(ends), max(ends))


def _labelled(items: Sequence[Scored], confidence: float) -> tuple[float, Interval]:
    """What labels come to among ``items``; without any what the judge says, and nothing known."""
    known = [(item.label, item.weight) for item in items if item.label is not None]
    if not known:
        judged = [(item.judged, item.weight) for item in items]
        return _mean(judged) if judged else _HALF, Interval(0.0, 1.0)
    labels, weights = zip(*known, strict=True)
    clusters = [item.cluster for item in items if item.label is not None]
    interval = verdict_interval(labels, weights=weights, clusters=clusters, confidence=confidence)
    return _mean(known), interval


def _mean(values: Sequence[tuple[float, float]]) -> float:
    return fsum(x * weight for x, weight in values) / fsum(weight for _, weight in values)


def _parts_of_error(
    values: Sequence[tuple[float, float]], clusters: Sequence[str]
) -> Sequence[float]:
    """What each value adds to the error of their mean, widened for few clusters."""
    count = len(members(clusters))
    if count < 2:
        return [float(place == 0) for place in range(len(values))]
    centre, total = _mean(values), fsum(weight for _, weight in values)
    widened = sqrt(count / (count - 1)) / total
    return [widened * weight * (x - centre) for x, weight in values]
