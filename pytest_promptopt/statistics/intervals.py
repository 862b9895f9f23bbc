"""The bounds between which the rate behind some scores lies."""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import mul
from statistics import NormalDist
from typing import NamedTuple

from pytest_promptopt.statistics.betting import is_exceeded, lowest_mean
from pytest_promptopt.statistics.clusters import by_cluster
from pytest_promptopt.statistics.special import beta_cdf, beta_quantile
from pytest_promptopt.statistics.weighted import lowest_rate_by_weight

MOST_GOLDENS = 100_000


class Interval(NamedTuple):
    """Bounds: in [0, 1] for scores, in [−1, 1] for differences of scores."""

    low: float
    high: float


def one_sided(confidence: float) -> float:
    """The two-sided confidence of an interval with one-sided ``confidence`` in each bound."""
    return 2 * confidence - 1


# Gates with many parts ask for the same again and again while goldens come in.
@lru_cache(maxsize=10_000)
def clopper_pearson(successes: int, trials: int, *, confidence: float) -> Interval:
    """The exact interval for a rate: each bound errs with (1 − confidence) / 2 at most.

    Clopper and Pearson (1934), "The use of confidence or fiducial limits illustrated in the case
    of the binomial", in its form with quantiles of the beta distribution.
    """
    _require_some(trials)
    misses, error = trials - successes, (1 - confidence) / 2
    low = beta_quantile(successes, misses + 1, error) if successes > 0 else 0.0
    high = 1 - beta_quantile(misses, successes + 1, error) if misses > 0 else 1.0
    return Interval(low, high)


def wilson(successes: int, trials: int, *, confidence: float) -> Interval:
    """The score interval for a rate: right on average, and narrow, but not exact.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference". The
    one-sided error reaches 7.9 % where 5 % are asked for, so it is for display.
    """
    _require_some(trials)
    z_squared = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    rate = successes / trials
    centre = (rate + z_squared / (2 * trials)) / (1 + z_squared / trials)
    spread = rate * (1 - rate) / trials + z_squared / (4 * trials**2)
    half = (z_squared * spread) ** 0.5 / (1 + z_squared / trials)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def betting(
    scores: Sequence[float], *, confidence: float, weights: Sequence[float] | None = None
) -> Interval:
    """An interval for the mean of scores in [0, 1], of whatever distribution.

    Waudby-Smith and Ramdas (2024), with the bets of :mod:`pytest_promptopt.statistics.betting`;
    for weights that differ, those of :mod:`pytest_promptopt.statistics.weighted`. Each bound errs
    with (1 − confidence) / 2 at most. Any order of the scores gives the same.
    """
    scores, weights = _weighed(scores, weights)
    error = (1 - confidence) / 2
    low = lowest_mean(scores, weights, error=error)
    high = 1 - lowest_mean(_mirrored(scores), weights, error=error)
    return Interval(low, high)


def verdict_interval(
    scores: Sequence[float],
    *,
    weights: Sequence[float] | None = None,
    clusters: Sequence[str] = (),
    confidence: float,
) -> Interval:
    """The interval to decide by: exact for hits and misses, by Chernoff's bound if weighted.

    Other scores are bet on. Of each of the ``clusters``, if there are any, its mean counts as one
    score (:func:`~pytest_promptopt.statistics.clusters.by_cluster`).

    Each bound errs with (1 − confidence) / 2 at most. The scores choose the method; errors added
    up exactly over scores of 0, v and 1, v being rare or common, stayed under the level.
    """
    scores, weights = _weighed(scores, weights, clusters)
    if _is_binary(scores, weights):
        return clopper_pearson(round(sum(scores)), len(scores), confidence=confidence)
    if all(score in (0, 1) for score in scores):
        error = (1 - confidence) / 2
        low = lowest_rate_by_weight(scores, weights, error=error)
        return Interval(low, 1 - lowest_rate_by_weight(_mirrored(scores), weights, error=error))
    return betting(scores, confidence=confidence, weights=weights)


def shown_interval(
    scores: Sequence[float],
    *,
    weights: Sequence[float] | None = None,
    clusters: Sequence[str] = (),
    confidence: float = 0.95,
) -> Interval:
    """The interval to show: Wilson's for unweighted hits and misses, else by betting."""
    scores, weights = _weighed(scores, weights, clusters)
    if _is_binary(scores, weights):
        return wilson(round(sum(scores)), len(scores), confidence=confidence)
    return betting(scores, confidence=confidence, weights=weights)


def goldens_to_decide(
    scores: Sequence[float],
    *,
    minimum: float,
    confidence: float,
    weights: Sequence[float] | None = None,
    clusters: Sequence[str] = (),
) -> int | None:
    """How many more goldens, or clusters, would decide whether the mean reaches ``minimum``.

    Supposes that they score as these did and that either bound, each at one-sided ``confidence``,
    may decide. 0 where it is decided; None where the score is the minimum or where more than
    ``MOST_GOLDENS`` would be needed.
    """
    scores, weights = _weighed(scores, weights, clusters)
    now = verdict_interval(scores, weights=weights, confidence=one_sided(confidence))
    if now.low >= minimum or now.high < minimum:
        return 0
    mean = sum(map(mul, scores, weights)) / sum(weights)
    if math.isclose(mean, minimum):
        return None
    if mean < minimum:
        scores, minimum = _mirrored(scores), 1 - minimum

    def is_decided_by(more: int) -> bool:
        return _is_shown(scores, weights, len(scores) + more, minimum, 1 - confidence)

    return _least(is_decided_by)


def _least(is_enough: Callable[[int], bool]) -> int | None:
    """The least number from 1 that is enough, if all after it are; None beyond the most."""
    enough = 1
    while enough < MOST_GOLDENS and not is_enough(enough):
        enough = min(2 * enough, MOST_GOLDENS)
    candidates = range(enough // 2 + 1, enough + 1)
    least = candidates[0] + bisect_left(candidates, True, key=is_enough)
    return least if least <= enough else None


def _is_shown(
    scores: Sequence[float], weights: Sequence[float], count: int, claim: float, error: float
) -> bool:
    """Whether ``count`` scores that are spread like these show a mean above ``claim``."""
    import numpy as np

    if _is_binary(scores, weights):
        hits = sum(scores) * count / len(scores)
        return bool(beta_cdf(hits, count - hits + 1, claim) <= error)
    by_score = sorted(zip(scores, weights, strict=True))
    halves = range(1, 2 * count, 2)
    spread = [by_score[half * len(by_score) // (2 * count)] for half in halves]
    likely_scores, likely_weights = zip(*spread, strict=True)
    shown = is_exceeded(likely_scores, likely_weights, np.array([claim]), error=error)
    return bool(shown[0])


def _mirrored(scores: Sequence[float]) -> Sequence[float]:
    return [1 - score for score in scores]


def _is_binary(scores: Sequence[float], weights: Sequence[float]) -> bool:
    return len(set(weights)) == 1 and all(score in (0, 1) for score in scores)


def _require_some(count: int) -> None:
    if count < 1:
        raise ValueError("an interval needs at least one score, found none")


def _weighed(
    scores: Sequence[float], weights: Sequence[float] | None, clusters: Sequence[str] = ()
) -> tuple[Sequence[float], Sequence[float]]:
    """The scores that weigh something, with their weights; one a cluster, if there are any."""
    _require_some(len(scores))
    if weights is None:
        weights = [1.0] * len(scores)
    if clusters:
        scores, weights = by_cluster(scores, weights, clusters)
    if not sum(weights) > 0:
        raise ValueError("an interval needs a weight above 0, found none")
    weighed = [(score, weight) for score, weight in zip(scores, weights, strict=True) if weight]
    return [score for score, _ in weighed], [weight for _, weight in weighed]
