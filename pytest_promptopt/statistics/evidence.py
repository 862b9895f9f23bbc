"""Evidence that a mean is above 0, which may be looked at after every value."""

import math
from collections import Counter
from collections.abc import Sequence

_STAKES = (0.1, 0.3, 0.5, 0.7, 0.9)
_TOLERANCE = 1e-4


def evidence(differences: Sequence[float], *, above: float = 0.0) -> float:
    """What 1 becomes by betting that the mean of values in [-1, 1] is ``above`` that.

    The mean of the capitals of five gamblers, each of whom stakes a fixed share on every value
    (Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting"). If
    the mean is no higher, the capital reaches 1 / error with probability ``error`` at most,
    however often it is looked at (Ville's inequality). The order changes nothing.
    """
    room, counts = 1 + above, Counter(differences)
    if room <= 0:
        return math.inf if differences else 1.0
    # A payoff is at least -1, so that no stake below 1 is ever lost.
    payoffs = {d: max(-1.0, (d - above) / room) for d in counts}
    capitals = (
        math.fsum(n * math.log1p(stake * payoffs[d]) for d, n in counts.items())
        - math.log(len(_STAKES))
        for stake in _STAKES
    )
    return math.fsum(math.exp(min(capital, 700.0)) for capital in capitals)


def lowest_gain(differences: Sequence[float], *, error: float) -> float:
    """A bound above the mean with probability ``error`` at most, however often it is looked at.

    The least mean against which the :func:`evidence` has not reached 1 / ``error``.
    """
    low, high = -1.0, math.fsum(differences) / len(differences) if differences else -1.0
    while high - low > _TOLERANCE:
        middle = (low + high) / 2
        if evidence(differences, above=middle) * error >= 1:
            low = middle
        else:
            high = middle
    return low
