"""The changes between two scorings of the same goldens."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from pytest_promptopt.statistics.clusters import by_cluster, members
from pytest_promptopt.statistics.intervals import Interval, betting, one_sided
from pytest_promptopt.statistics.paired import is_gain_shown, lowest_difference
from pytest_promptopt.statistics.special import beta_cdf

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Steps = NDArray[np.int64]

_MOST_SUMS = 20_000
_FLIPS = 9_999
_SIGNS_AT_ONCE = 1_000_000
_UNIT = 1e-9
"""Rounding, as a share of the largest difference: sums that rounding alone parts stay equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What one golden scored before and after, in [0, 1].

    Goldens with the same ``cluster`` depend on each other; one without (``""``) on none.
    """

    golden_id: str
    before: float
    after: float
    passed_before: bool
    passed_after: bool
    weight: float = 1.0
    cluster: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How scores differ: after less before.

    ``fixed`` goldens missed before and pass now, ``broken`` ones the other way round.
    ``difference`` is the mean by weight, ``interval`` is two-sided, ``p_value`` is the two-sided
    one of no difference, by ``method``: ``exact McNemar``, ``sign-flip permutation`` or
    ``betting``. ``clusters`` counts what is independent, the pairs of one cluster as one; 0 in runs
    of before there was such a field.
    """

    pairs: int
    fixed: int
    broken: int
    difference: float
    interval: Interval
    p_value: float
    method: str
    clusters: int = 0

    @classmethod
    def of(
        cls, pairs: Sequence[Pair], *, interval: Interval, p_value: float, method: str
    ) -> "Comparison":
        """What was found out about ``pairs``, whose weights are not all 0."""
        weighted = sum(pair.weight * (pair.after - pair.before) for pair in pairs)
        return cls(
            pairs=len(pairs),
            fixed=sum(pair.passed_after and not pair.passed_before for pair in pairs),
            broken=sum(pair.passed_before and not pair.passed_after for pair in pairs),
            difference=weighted / sum(pair.weight for pair in pairs),
            interval=interval,
            p_value=p_value,
            method=method,
            clusters=len(members([pair.cluster for pair in pairs])),
        )


def smallest_drop(weights: Sequence[float], *, limit: float, confidence: float) -> float | None:
    """The least share of goldens that all passed whose loss shows a drop over ``limit``.

    By the one-sided bound of :func:`compare`. ``weights`` are those of goldens that are independent
    of each other, or of whole clusters, of which the light ones are lost first. None where not even
    the loss of all would show it, or nothing weighs anything.
    """
    lightest_first = sorted(weight for weight in weights if weight)

    def is_shown(broken: int) -> bool:
        pairs = [
            Pair(
                golden_id=str(index),
                before=1.0,
                after=float(index >= broken),
                passed_before=True,
                passed_after=index >= broken,
                weight=weight,
            )
            for index, weight in enumerate(lightest_first)
        ]
        return -compare(pairs, confidence=one_sided(confidence)).interval.high > limit

    total = len(lightest_first)
    least = 1 + bisect_left(range(1, total + 1), True, key=is_shown)
    return sum(lightest_first[:least]) / sum(lightest_first) if least <= total else None


def goldens_to_show(drop: float, *, confidence: float) -> int:
    """About how many goldens it takes so that the loss of that share shows, all else the same.

    By the same bound, of goldens that weigh the same and are independent; ``drop`` is above 0. It
    is looked for in steps of a tenth of what one more loss takes: in between, an exact test may
    turn and turn back.
    """
    for broken in count(1):
        least, beyond = (math.ceil(lost / drop - _UNIT) for lost in (broken, broken + 1))
        for goldens in range(least, beyond, max(1, (beyond - least) // 10)):
            if is_gain_shown(broken, 0, goldens, error=1 - confidence):
                return goldens
    raise AssertionError("a loss shows at some number")


def compare(pairs: Sequence[Pair], *, confidence: float = 0.95) -> Comparison:
    """Compare scores golden by golden. Raises ValueError without pairs or weight.

    If unweighted goldens differ by −1, 0 or 1 alone, the interval is the exact one of
    :func:`lowest_difference` and the test McNemar's; else the interval is by betting on
    (difference + 1) / 2 and the test flips signs. Of a cluster the mean difference counts as one.
    """
    if not sum(pair.weight for pair in pairs) > 0:
        raise ValueError("a comparison needs at least one pair with a weight above 0, found none")
    differences, weights = differences_of(pairs)
    weighted = [weight * d for weight, d in zip(weights, differences, strict=True)]
    gained, lost = differences.count(1), differences.count(-1)
    if len(set(weights)) == 1 and gained + lost + differences.count(0) == len(differences):
        interval = _exact(gained, lost, len(differences), confidence)
        p_value, method = mcnemar_exact(gained, lost), "exact McNemar"
    else:
        halves = [(difference + 1) / 2 for difference in differences]
        half = betting(halves, confidence=confidence, weights=weights)
        interval = Interval(2 * half.low - 1, 2 * half.high - 1)
        p_value, method = sign_flip(weighted), "sign-flip permutation"
    return Comparison.of(pairs, interval=interval, p_value=p_value, method=method)


def differences_of(pairs: Sequence[Pair]) -> tuple[Sequence[float], Sequence[float]]:
    """The independent differences, one a cluster or golden without one, and their weights."""
    return by_cluster(
        [pair.after - pair.before for pair in pairs],
        [pair.weight for pair in pairs],
        [pair.cluster for pair in pairs],
    )


def _exact(gained: int, lost: int, pairs: int, confidence: float) -> Interval:
    error = (1 - confidence) / 2
    low = lowest_difference(gained, lost, pairs, error=error)
    return Interval(low, -lowest_difference(lost, gained, pairs, error=error))


def mcnemar_exact(fixed: int, broken: int) -> float:
    """The two-sided p-value of no difference: as many fixed as broken, but for chance.

    McNemar (1947), "Note on the sampling error of the difference between correlated proportions
    or percentages", with binomial probabilities in place of the χ² approximation.
    """
    fewer, more = sorted((fixed, broken))
    return min(1.0, 2 * float(beta_cdf(more, fewer + 1, 0.5)))


def sign_flip(differences: Sequence[float], *, rng_seed: int = 0) -> float:
    """The two-sided p-value of no difference: any could as well have had the other sign.

    Fisher (1935), "The design of experiments", section 21. Exact while the sums that the signs
    can give are few, as for scores in few steps or for up to 14 goldens that differ. Else
    ``_FLIPS`` random flips, with the observed one counted in (Phipson and Smyth 2010), which is
    never too small.
    """
    import numpy as np

    unit = _UNIT * max(map(abs, differences), default=0)
    if unit == 0:
        return 1.0
    signed = np.array([round(difference / unit) for difference in differences])
    steps = np.sort(np.abs(signed[signed != 0]))
    observed = abs(int(signed.sum())) - len(steps)
    exact = _exact_tail(steps, observed)
    return _random_tail(steps, observed, rng_seed) if exact is None else exact


def _exact_tail(steps: "Steps", observed: int) -> float | None:
    """P(|sum| ≥ observed) over all signs; None where the sums become too many."""
    import numpy as np

    sums = np.zeros(1, dtype=np.int64)
    chances: NDArray[np.float64] = np.ones(1)
    for step in steps:
        both = np.concatenate([sums - step, sums + step])
        sums, places = np.unique(both, return_inverse=True)
        if len(sums) > _MOST_SUMS:
            return None
        halves = np.bincount(places, weights=np.tile(chances / 2, 2))
        chances = np.asarray(halves, dtype=np.float64)
    return float(min(1.0, chances[np.abs(sums) >= observed].sum()))


def _random_tail(steps: "Steps", observed: int, rng_seed: int) -> float:
    import numpy as np

    rng = np.random.default_rng(rng_seed)
    rows = max(1, _SIGNS_AT_ONCE // len(steps))
    extreme = 0
    for start in range(0, _FLIPS, rows):
        shape = min(rows, _FLIPS - start), len(steps)
        signs = 2.0 * rng.integers(2, size=shape, dtype=np.int8) - 1
        extreme += int(np.count_nonzero(np.abs(signs @ steps) >= observed))
    return (extreme + 1) / (_FLIPS + 1)
