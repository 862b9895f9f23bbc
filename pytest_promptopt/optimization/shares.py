"""The spending of a race: shares of what the caps leave, whatever that is."""

import math

from pytest_promptopt.errors import UsageError
from pytest_promptopt.optimization.splits import LEAST_TEST_GOLDENS

ROUNDS = (0.4, 0.3, 0.15)
"""The shares of the search that its rounds may take; what is left compares the finalists."""

LEAST_GOLDENS = 4
"""A round proposes only as many candidates as can be scored on so many goldens each."""

_VERDICT = 0.4
_LOOK = 0.1
_LEAST_LOOK = 6
_ONE_ROUND = 50
"""With less than that left, a round takes most of it: what is split further shows nothing."""

_MOST_OF_IT = 0.75
_LEAST_CANDIDATES = 3


def pairs_within(cap: float, test: int, per_answer: int) -> int:
    """How many test goldens the verdict may ask both prompts."""
    return test if math.isinf(cap) else min(test, int(_VERDICT * cap / (2 * per_answer)))


def look_within(cap: float, most: int, per_answer: int) -> int:
    """How many goldens the first look may ask."""
    return most if math.isinf(cap) else min(most, max(_LEAST_LOOK, int(_LOOK * cap / per_answer)))


def check(cap: float, look: int, pairs: int, test: int, per_answer: int) -> None:
    """Raise :class:`UsageError` where the cap leaves too little to search and to judge."""
    least_pairs = min(test, LEAST_TEST_GOLDENS)
    search = _LEAST_CANDIDATES * LEAST_GOLDENS
    if pairs >= least_pairs and cap >= (look + search + 2 * pairs) * per_answer:
        return
    least = math.ceil(
        max(
            (_LEAST_LOOK + search) * per_answer / (1 - _VERDICT),
            2 * least_pairs * per_answer / _VERDICT,
        )
    )
    raise UsageError(
        f"the cap of {cap:.0f} calls is too small for race: to look at the prompt, to try "
        f"{_LEAST_CANDIDATES} others and for a verdict it takes {least} calls; raise `budget`"
    )


def pulls_of(number: int, room: float) -> float:
    """The answers that round ``number``, from 1, may take of those that ``room`` is left for."""
    if number > len(ROUNDS):
        return room
    if room < _ONE_ROUND:
        return _MOST_OF_IT * room
    left = sum(ROUNDS[number - 1 :]) + 1 - sum(ROUNDS)
    return room * ROUNDS[number - 1] / left
