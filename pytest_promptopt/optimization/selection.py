"""The selection: the candidate that is chosen on validation."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from pytest_promptopt.optimization.acceptance import gains
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.parents import Standing
from pytest_promptopt.prompts.prompt import Prompt

_ROUNDING = 1e-9


def chosen(prompt: Prompt, given: Standing, others: Sequence[Standing]) -> Standing | None:
    """The best of ``others`` that scores above ``given`` on the goldens that both have.

    Among those within one standard error of it, by paired gains, the one that changes the
    prompt least; None where none is above ``given``.
    """
    better = [standing for standing in others if _gain(given, standing) > 0]
    if not better:
        return None
    best = max(better, key=lambda standing: _gain(given, standing))
    close = [standing for standing in better if _is_close(standing, best)]
    return min(close, key=lambda standing: edit_length(prompt, standing.candidate))


def edit_length(prompt: Prompt, candidate: Candidate) -> int:
    """Characters taken out and put in; a demonstration counts like a line of a hundred."""
    from rapidfuzz.distance import Indel

    changed = sum(
        Indel.distance(prompt.messages[position].template.text, text)
        for position, text in candidate.texts.items()
    )
    return changed + 100 * len(candidate.demonstrations)


def _gain(given: Standing, standing: Standing) -> float:
    found = gains(given.cases, standing.cases)
    return fmean(found) if found else 0.0


def _is_close(standing: Standing, best: Standing) -> bool:
    if standing is best:
        return True
    found = gains(standing.cases, best.cases)
    if len(found) < 2:
        return False
    return fmean(found) <= stdev(found) / math.sqrt(len(found)) + _ROUNDING
