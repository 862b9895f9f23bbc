"""The wealth of a gambler who bets that a mean is higher than claimed."""

from collections.abc import Iterator, Sequence
from functools import cache
from math import erfc, fsum, pi, sqrt
from operator import mul
from typing import TYPE_CHECKING

from pytest_promptopt.statistics.weighted import is_exceeded_by_weight

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

SHUFFLES = 8
_AIM = 1.25
"""How far beyond 1 / error a gambler aims, so that the mean over the shuffles gets there."""

_MOST_STAKED = 0.9
"""Of the capital: a gambler who stakes all of it is out at the first score of 0."""

_STEPS_A_SHARE = 100
_GRID = 25
_ROUNDS = 5
_TINY = 1e-12
_MOST_GROWTH = 300.0
_HEDGES = 10_000


def lowest_mean(scores: Sequence[float], weights: Sequence[float], *, error: float) -> float:
    """A bound that is above the weighted mean with probability ``error`` at most.

    The least mean that :func:`is_exceeded` leaves standing, found on grids down to a ten
    millionth of the observed mean. ``scores`` are in [0, 1]; ``weights`` are at least 0, not all.
    """
    import numpy as np

    # fsum, since a sum that depends on the order would make the bound depend on it.
    low, high = 0.0, fsum(map(mul, scores, weights)) / fsum(weights)
    for _ in range(_ROUNDS):
        claims = np.linspace(low, high, _GRID + 1)
        standing = np.flatnonzero(~is_exceeded(scores, weights, claims[1:], error=error))
        first = int(standing[0]) if standing.size else _GRID - 1
        low, high = float(claims[first]), float(claims[first + 1])
    return low


def is_exceeded(
    scores: Sequence[float], weights: Sequence[float], claims: "Numbers", *, error: float
) -> "NDArray[np.bool_]":
    """For each claimed mean, whether the true one is shown to be higher, at level ``error``.

    Shown means that the capital, averaged over fixed shuffles of the sorted scores, has reached
    1 / error; by Markov's inequality that has at most probability ``error`` if the claim holds,
    at every number of scores.

    The scores are sorted first, so that the order of the goldens changes nothing. A shuffle that
    is drawn blindly gives sorted scores the law that they had unsorted, so each capital is a fair
    game, and so is their mean. As the shuffles are fixed, the level holds on average over the
    seeds they might have come from; for this seed the errors on scores of 0, v and 1 were added
    up exactly at 10, 20 and 40 scores, and none was above the level.

    With weights that differ, :func:`is_exceeded_by_weight` says it.
    """
    import numpy as np

    if len(set(weights)) > 1:
        return is_exceeded_by_weight(scores, weights, claims, error=error)
    played = np.sort(np.asarray(scores, dtype=float))[shuffled(len(scores))][:, None]
    capital = final_capital(played, claims, error=error)
    return np.asarray(capital.mean(axis=0) * error >= 1)


def shuffled(count: int) -> "NDArray[np.intp]":
    """The fixed orders in which ``count`` sorted scores are bet on, one a row."""
    import numpy as np

    rng = np.random.default_rng([0, count])
    return np.stack([rng.permutation(count) for _ in range(SHUFFLES)])


def final_capital(scores: "Numbers", claims: "Numbers", *, error: float) -> "Numbers":
    """What 1 becomes by betting, score after score, that the mean is higher than claimed.

    The last axis of ``scores`` is the order of play; the others go with ``claims``. A bet λ in
    [0, 1/m] turns K into K (1 + λ (x − m)), the capital
    process of Waudby-Smith and Ramdas (2024), "Estimating means of bounded random variables by
    betting", section 4, for one side. Any λ that depends on the past alone is valid.

    Where they bet as if to grow for ever, this λ aims at 1 / error after the last score and is
    set anew from what is still missing (Voráček and Orabona 2025, "STaR-Bets"). It deviates from
    both in its formula: it replicates the option that pays 1 / error where the sum of Gaussian
    payoffs ends above their 1 − error quantile, worth K = Φ(z) / error with r scores to go, so
    λ = φ(z) / (Φ(z) σ √r). σ² is the mean square of payoffs so far, with one imagined payoff of
    a binary score. On 40 scores of 0, .5 and 1 the bound at 5 % was .126 under the mean, .153 with
    the plug-in bet and .083 with Student's t, which errs more often than it says.
    """
    import numpy as np

    shape = np.broadcast_shapes(scores.shape[:-1], claims.shape)
    count = scores.shape[-1]
    most = _MOST_STAKED / np.maximum(claims, _TINY)
    capital = np.ones(shape)
    squares = np.broadcast_to(claims * (1 - claims), shape)
    for start, stop in _turns(count):
        worth = np.clip(capital * error / _AIM, 1e-300, 1)
        deviation = np.sqrt(np.maximum(squares, _TINY**2) / (1 + start))
        hedge = np.interp(np.log(worth), *hedges())
        stake = np.minimum(hedge / (deviation * np.sqrt(count - start)), most)
        payoffs = scores[..., start:stop] - claims[..., None]
        growth = np.log1p(stake[..., None] * payoffs).sum(axis=-1)
        capital = capital * np.exp(np.minimum(growth, _MOST_GROWTH))
        squares = squares + np.sum(payoffs**2, axis=-1)
    return capital


@cache
def hedges() -> "tuple[Numbers, Numbers]":
    """Logarithms of Φ(z), rising from below 1e-300 to 1, and φ(z) / Φ(z) for each.

    Straight lines between them are at most 1e-6 off, and any bet is valid.
    """
    import numpy as np

    z = np.linspace(-37.1, 8.3, _HEDGES)
    area = np.array([erfc(-place / sqrt(2)) / 2 for place in z])
    return np.log(area), np.exp(-(z**2) / 2) / (sqrt(2 * pi) * area)


def _turns(count: int) -> Iterator[tuple[int, int]]:
    """Spans of scores that share a bet: single ones, but where many are left a hundredth."""
    start = 0
    while start < count:
        stop = start + max(1, (count - start) // _STEPS_A_SHARE)
        yield start, stop
        start = stop
