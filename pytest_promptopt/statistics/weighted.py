"""Bounds on the mean of scores by weights that somebody chose.

The weights are fixed, and goldens of different weight may have different rates: each score is
that of a golden of its own, with any mean. So the target is the weighted mean of their means, and
how the scores came out tells nothing about how the weights might have.
"""

from collections.abc import Sequence
from math import log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

_SPREADS = (1.0, 0.25, 0.0625, 0.015625, 0.00390625)
"""Variances that are bet on, as shares of the largest that a mean allows, the first by half."""

_HALVINGS = 45
_EXPONENTS = 64


def is_exceeded_by_weight(
    scores: Sequence[float], weights: Sequence[float], claims: "Numbers", *, error: float
) -> "NDArray[np.bool_]":
    """For each claimed weighted mean, whether the true one is shown to be higher, at ``error``.

    Shown means that ∏ (1 + μ wᵢ (xᵢ − pᵢ)) has reached 1 / error, averaged over a few μ that are
    chosen before the scores are seen. If Σ wᵢ pᵢ is the claimed sum and no factor can be
    negative, the product has a mean of 1 at most under the claim, whatever the single means are:
    it is at most ∏ (1 + μ wᵢ (mᵢ − pᵢ)), and by the inequality of the means that is at most 1.
    Markov's inequality does the rest.

    pᵢ is what the claim says of a golden, chosen to be hardest to tell from a common rate q: the
    reverse information projection (Grünwald, de Heide and Koolen 2024, "Safe testing", section 3)
    solves q − p = μ w p (1 − p). A heavy golden is claimed to be right more rarely, which is what
    keeps its factor positive without a limit on the bets of the others.
    """
    import numpy as np

    x, w = np.asarray(scores, dtype=float), np.asarray(weights, dtype=float)
    w = w * len(w) / w.sum()
    kinds, members = np.unique(w, return_inverse=True)
    halves = 2.0 ** np.arange(1, len(_SPREADS) + 1)
    variance = np.sum(w**2) * np.outer(_SPREADS, np.maximum(claims * (1 - claims), 1e-12))
    stakes = np.sqrt(2 * np.log(halves / error)[:, None] / variance)
    stakes = np.minimum(stakes, _most_staked(w, claims))
    capital = np.zeros(len(claims))
    hardest = _hardest(stakes, kinds, np.bincount(members), claims)
    for half, stake, means in zip(halves, stakes, hardest, strict=True):
        payoffs = stake[:, None] * w * (x - means[:, members])
        growth = np.log1p(np.maximum(payoffs, 1e-12 - 1)).sum(axis=1)
        capital += np.exp(np.minimum(growth, 300.0)) / half
    return np.asarray((capital * error >= 1) & (claims < 1))


def _most_staked(weights: "Numbers", claims: "Numbers") -> "Numbers":
    """The largest μ for which Σ min(w, 1/μ) reaches the claimed sum."""
    import numpy as np

    wanted = claims * weights.sum()
    low, high = np.zeros(len(claims)), np.full(len(claims), weights.max())
    for _ in range(_HALVINGS):
        level = (low + high) / 2
        is_enough = np.minimum(weights, level[:, None]).sum(axis=1) >= wanted
        low, high = np.where(is_enough, low, level), np.where(is_enough, level, high)
    return np.asarray(1 / np.maximum(high, 1e-12))


def _hardest(
    stakes: "Numbers", kinds: "Numbers", counts: "NDArray[np.intp]", claims: "Numbers"
) -> "Numbers":
    """For each stake, claim and kind of weight the mean with which it is hardest to refute.

    ``stakes`` have a column a claim, and of each of the ``kinds`` there are so many goldens.
    """
    import numpy as np

    a = stakes[..., None] * kinds
    low, high = np.zeros(stakes.shape), np.ones(stakes.shape)
    for _ in range(_HALVINGS):
        rate = (low + high) / 2
        total = (_projected(rate[..., None], a) * kinds * counts).sum(axis=-1)
        is_enough = total >= claims * (kinds * counts).sum()
        low, high = np.where(is_enough, low, rate), np.where(is_enough, rate, high)
    return _projected(high[..., None], a)


def _projected(rate: "Numbers", a: "Numbers") -> "Numbers":
    """The root in [0, min(1, 1/a)] of q − p = a p (1 − p)."""
    import numpy as np

    return 2 * rate / (1 + a + np.sqrt(np.maximum((1 + a) ** 2 - 4 * a * rate, 0)))


def lowest_rate_by_weight(
    hits: Sequence[float], weights: Sequence[float], *, error: float
) -> float:
    """A bound that is above the weighted mean of the rates with probability ``error`` at most.

    ``hits`` are 0 or 1. Chernoff's bound on the chance of a weighted sum as large as this one,
    min over λ of max over the rates of E exp(λ (Σ w x − sum)): where all are hits that is the
    exact chance, 40 of 40 with one weight of 5 give .878 at 5 %.
    """
    import numpy as np

    kinds, members = np.unique(np.asarray(weights, dtype=float), return_inverse=True)
    counts = np.bincount(members).astype(float)
    kinds = kinds * counts.sum() / (kinds * counts).sum()
    share = float(kinds[members] @ np.asarray(hits, dtype=float)) / counts.sum()
    low, high = 0.0, share
    for _ in range(24):
        claim = (low + high) / 2
        is_refuted = _log_chance(share, claim, kinds, counts) <= log(error)
        low, high = (claim, high) if is_refuted else (low, claim)
    return float(low)


def _log_chance(share: float, claim: float, kinds: "Numbers", counts: "Numbers") -> float:
    """The logarithm of the bound on the chance of a weighted mean of ``share`` under a claim."""
    import numpy as np

    if claim <= 0:
        return float("-inf") if share > 0 else 0.0
    exponents = np.geomspace(1e-2, 700 / kinds.max(), _EXPONENTS)
    a = np.expm1(exponents[:, None] * kinds)
    low, high = np.full(_EXPONENTS, 1e-12), np.full(_EXPONENTS, 1e12)
    for _ in range(_HALVINGS):
        price = np.sqrt(low * high)
        rates = np.clip(1 / (price[:, None] * kinds) - 1 / a, 0, 1)
        is_more = (rates * kinds * counts).sum(axis=1) >= claim * counts.sum()
        low, high = np.where(is_more, price, low), np.where(is_more, high, price)
    rates = np.clip(1 / (low[:, None] * kinds) - 1 / a, 0, 1)
    worst = (counts * np.log1p(rates * a)).sum(axis=1)
    return float(np.min(worst - exponents * share * counts.sum()))
