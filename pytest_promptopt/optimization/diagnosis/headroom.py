"""The headroom: whether there is anything to gain, found out before the budget is spent.

Half of 72 runs of published methods end below the prompt that they began with, and a cheap test
of the headroom tells which (arXiv 2604.14585). It looks at a few goldens, asked twice.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.diagnosis.misses import is_of_form, miss_of
from pytest_promptopt.optimization.diagnosis.profile import profile_of
from pytest_promptopt.optimization.diagnosis.tolerance import NO_TOLERANCE

GOLDENS_TO_ASK = 30
SAMPLES_TO_ASK = 2

_FULL_SCORE = 0.99
_ERROR_RATE = 0.05
_SHOWN_KINDS = 3


class HeadroomKind(StrEnum):
    """What the misses of the current prompt are."""

    SATURATED = "saturated"
    NOISE_ONLY = "noise only"
    WRONG_FORMAT = "wrong format"
    REAL = "real headroom"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """What there is to gain, with the numbers in a sentence."""

    kind: HeadroomKind
    sentence: str

    @property
    def stops(self) -> bool:
        """Whether a search would have nothing to find."""
        return self.kind in {HeadroomKind.SATURATED, HeadroomKind.NOISE_ONLY}


def assess(samples: Mapping[str, Sequence[Case]]) -> Headroom:
    """The headroom by the current prompt's answers, several to each golden by its id.

    Answers that were not scored are left out. Misses are called noise only if every golden that
    missed was asked at least twice and passed at least once.
    """
    answered = [[case for case in cases if case.score is not None] for cases in samples.values()]
    groups = [cases for cases in answered if cases]
    misses = [case for cases in groups for case in cases if not case.passed]
    if not groups:
        sentence = "No answer was scored: the headroom is not known."
        return Headroom(kind=HeadroomKind.UNKNOWN, sentence=sentence)
    if not misses:
        return _without_a_miss(groups)
    if all(any(case.passed for case in cases) for cases in groups):
        return _noise_only(groups, misses)
    return _with_misses(groups, misses)


def _without_a_miss(groups: Sequence[Sequence[Case]]) -> Headroom:
    mean = fmean(case.score or 0.0 for cases in groups for case in cases)
    passed = f"none of {_goldens(len(groups))} missed"
    if mean < _FULL_SCORE:
        sentence = f"Real headroom: {passed}, but the mean score is {mean:.2f}."
        return Headroom(kind=HeadroomKind.REAL, sentence=sentence)
    # The exact one-sided bound of Clopper and Pearson for no miss in n goldens.
    bound = 1 - _ERROR_RATE ** (1 / len(groups))
    sentence = (
        f"Saturated: {passed}; at 95 % confidence at most {100 * bound:.0f} % of all such "
        "goldens do, and no more than that can be gained."
    )
    return Headroom(kind=HeadroomKind.SATURATED, sentence=sentence)


def _noise_only(groups: Sequence[Sequence[Case]], misses: Sequence[Case]) -> Headroom:
    flipped = sum(not all(case.passed for case in cases) for cases in groups)
    sentence = (
        f"Noise only: {flipped} of {_goldens(len(groups))} missed, but each of them passed when "
        f"asked again ({_misses(len(misses))} among {sum(map(len, groups))} answers)."
    )
    return Headroom(kind=HeadroomKind.NOISE_ONLY, sentence=sentence)


def _with_misses(groups: Sequence[Sequence[Case]], misses: Sequence[Case]) -> Headroom:
    profile = profile_of([cases[0].golden for cases in groups])
    kinds = Counter(miss_of(case, profile).kind for case in misses)
    of_form = sum(count for kind, count in kinds.items() if is_of_form(kind, NO_TOLERANCE))
    always = sum(not any(case.passed for case in cases) for cases in groups)
    missed = f"{always} of {_goldens(len(groups))} missed every time"
    shown = ", ".join(f"{kind.value} {count}" for kind, count in kinds.most_common(_SHOWN_KINDS))
    form = f"{of_form} of {_misses(len(misses))} by the form of the answer ({shown})"
    if 2 * of_form > len(misses):
        sentence = f"Wrong format: {missed}, {form}; saying how to answer may be all it needs."
        return Headroom(kind=HeadroomKind.WRONG_FORMAT, sentence=sentence)
    return Headroom(kind=HeadroomKind.REAL, sentence=f"Real headroom: {missed}, {form}.")


def _goldens(count: int) -> str:
    return f"{count} golden{'' if count == 1 else 's'}"


def _misses(count: int) -> str:
    return f"{count} miss{'' if count == 1 else 'es'}"
