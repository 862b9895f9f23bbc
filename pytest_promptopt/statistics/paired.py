"""The difference of two rates that were measured on the same goldens."""

from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

from pytest_promptopt.statistics.special import beta_cdf, binomial, root

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

_CANDIDATES = 65
_REFINED = 17
_PRECISION = 1e-7
_NEGLIGIBLE = 1e-15


# As for rates: gates with many parts ask for the same again and again.
@lru_cache(maxsize=10_000)
def lowest_difference(gained: int, lost: int, pairs: int, *, error: float) -> float:
    """A bound above P(gained) − P(lost) with probability ``error`` at most, exactly.

    Each of ``pairs`` gains (a miss, then a hit), loses or stays. The bound is Buehler's (1957,
    "Confidence intervals for the product of two binomial parameters"), the tightest that goes up
    with a chosen order of the outcomes: the least difference under which an outcome at least as
    good as this one can be likelier than ``error``, whatever P(lost) is. The order is that of
    (g − l) − z √(g + l) with one pair added to each, close to Bonett and Price's (2012) adjusted
    Wald bound. It goes up with g and down with l, so that the worst case is on the edge of the
    null hypothesis (Barnard's convexity) and only P(lost) has to be searched.

    At 40 pairs, a tenth gained and a tenth lost, the bound at 5 % is .133 off the difference;
    betting is .151 off, two Clopper–Pearson bounds at half the error .203. Tango's (1998) score
    bound is .123 off and Bonett and Price's .122, but their errors reach 8.4 % and 9.9 %.

    ``error`` is at most 1/2.
    """
    least = _least_gains(gained, lost, pairs, error)

    def excess(difference: float) -> float:
        return _worst_chance(least, pairs, difference) - error

    found = root(excess, _PRECISION - 1, 1 - _PRECISION, tolerance=_PRECISION)
    return max(-1.0, found - _PRECISION)


def is_gain_shown(gained: int, lost: int, pairs: int, *, error: float) -> bool:
    """Whether that bound is above 0, which is quicker to tell than where it is."""
    least = _least_gains(gained, lost, pairs, error)
    return _worst_chance(least, pairs, 0.0) <= error


def _least_gains(gained: int, lost: int, pairs: int, error: float) -> "Numbers":
    """For each number of losses, how many gains make an outcome as good as the observed one."""
    import numpy as np

    # Above 2.8 the order would not rise with the first gains.
    z = min(-NormalDist().inv_cdf(error), 2.8)
    observed = gained - lost - z * np.sqrt(gained + lost + 2)
    losses = np.arange(pairs + 1)
    # The root of s² − z s = observed + 2 (l + 1) for s² = g + l + 2.
    root = (z + np.sqrt(np.maximum(z * z + 4 * (observed + 2 * (losses + 1)), 0))) / 2
    return np.asarray(np.maximum(np.ceil(root**2 - losses - 2 - 1e-9), 0))


def _worst_chance(least: "Numbers", pairs: int, difference: float) -> float:
    """The highest probability, over P(lost), of an outcome with at least these gains."""
    import numpy as np

    low, high = max(0.0, -difference), (1 - difference) / 2
    # Equal steps of the arcsine, as rates close to either end are told apart more finely.
    steps = np.sin(np.linspace(0, np.pi / 2, _CANDIDATES)) ** 2
    candidates = low + (high - low) * steps
    chances = _chances(least, pairs, difference, candidates)
    best = int(np.argmax(chances))
    around = candidates[max(best - 1, 0)], candidates[min(best + 1, _CANDIDATES - 1)]
    refined = _chances(least, pairs, difference, np.linspace(*around, _REFINED))
    return float(max(chances[best], refined.max()))


def _chances(least: "Numbers", pairs: int, difference: float, p_lost: "Numbers") -> "Numbers":
    """The probability of enough gains for the losses, for each P(lost)."""
    import numpy as np

    losses = np.arange(pairs + 1.0)
    possible = least <= pairs - losses
    losses, gains = losses[possible], least[possible]
    lost = p_lost[:, None]
    chances = binomial(losses, pairs - losses, lost)
    likely = np.nonzero(chances > _NEGLIGIBLE)
    gains, others = gains[likely[1]], (pairs - losses - gains + 1)[likely[1]]
    p_gained = np.clip((p_lost + difference) / (1 - p_lost), 0, 1)
    chances[likely] *= beta_cdf(gains, others, p_gained[likely[0]])
    return np.asarray(chances.sum(axis=1))
