"""The selection: the candidate that is chosen on validation."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from pytest_promptopt.optimization.acceptance import gains, independent_gains
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.parents import Standing
from pytest_promptopt.prompts.prompt import Prompt

_ROUNDING = 1e-9
_MOST_GIVEN_UP = 0.03
"""Of the score, for a prompt that costs less or changes less."""


def chosen(prompt: Prompt, given: Standing, others: Sequence[Standing]) -> Standing | None:
    """The best of ``others`` that scores above ``given`` on the goldens that both have.

    Where they are equal there, as on a few goldens that both miss, all that each has counts.

    Among those within one standard error of it by paired gains, and no more than .03 below, the
    one whose answers cost least; where they cost the same the one that changes the prompt least.
    None where none is above ``given``.
    """
    better = [standing for standing in others if _is_above(standing, given)]
    if not better:
        return None
    best = max(better, key=lambda standing: standing.score)
    close = [standing for standing in better if _is_close(standing, best)]
    return min(
        close,
        key=lambda s: (_rounded_cost(s), edit_length(prompt, s.candidate), -s.score),
    )


def edit_length(prompt: Prompt, candidate: Candidate) -> int:
    """Characters taken out and put in; a demonstration counts like a line of a hundred."""
    from rapidfuzz.distance import Indel

    changed = sum(
        Indel.distance(prompt.messages[position].template.text, text)
        for position, text in candidate.texts.items()
    )
    return changed + 100 * len(candidate.demonstrations)


def _rounded_cost(standing: Standing) -> float:
    """What an answer costs to two digits: less than that is no reason."""
    return float(f"{standing.cost.amount:.1e}")


def _is_above(standing: Standing, given: Standing) -> bool:
    gain = sum(gains(given.cases, standing.cases))
    return gain > _ROUNDING or (gain > -_ROUNDING and standing.score > given.score + _ROUNDING)


def _is_close(standing: Standing, best: Standing) -> bool:
    if standing is best:
        return True
    found = independent_gains(standing.cases, best.cases)
    if len(found) < 2:
        return False
    error = stdev(found) / math.sqrt(len(found))
    return fmean(found) <= min(error, _MOST_GIVEN_UP) + _ROUNDING
