"""The headroom: whether there is anything to gain, found out before the budget is spent.

Half of 72 runs of published methods end below the prompt that they began with, and a cheap test
of the headroom tells which (arXiv 2604.14585). It looks at a few goldens, asked once or more.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.diagnosis.ceiling import Ceiling
from pytest_promptopt.optimization.diagnosis.misses import is_of_form, miss_of
from pytest_promptopt.optimization.diagnosis.profile import profile_of
from pytest_promptopt.optimization.diagnosis.tolerance import NO_TOLERANCE, tolerance_of
from pytest_promptopt.statistics.intervals import one_sided, verdict_interval

GOLDENS_TO_ASK = 30
LEAST_GAIN = 0.05
"""A possible gain that is no higher is not worth a search."""

_CONFIDENCE = 0.95
_SHOWN_KINDS = 3


class HeadroomKind(StrEnum):
    """What the misses of the current prompt are."""

    SATURATED = "saturated"
    WRONG_FORMAT = "wrong format"
    REAL = "real headroom"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """What there is to gain, with the numbers in a sentence.

    ``most_gain`` in mean score is a bound that is too low in one of twenty looks at most.
    """

    kind: HeadroomKind
    sentence: str
    most_gain: float = 1.0

    @property
    def stops(self) -> bool:
        """Whether a search would have nothing to find."""
        return self.kind is HeadroomKind.SATURATED


def assess(
    samples: Mapping[str, Sequence[Case]],
    *,
    subject: Subject | None = None,
    ceiling: Ceiling | None = None,
    least_gain: float = LEAST_GAIN,
) -> Headroom:
    """The headroom by the current prompt's answers, one or more to each golden by its id.

    Answers that were not scored are left out. What a golden lacks of the full score on average
    is what can be gained on it, so that one which passes every other time is half a miss. It is
    saturated where no more than ``least_gain`` can be gained on average, at 95 % confidence.
    """
    answered = [[case for case in cases if case.score is not None] for cases in samples.values()]
    groups = [cases for cases in answered if cases]
    if not groups:
        sentence = "No answer was scored: the headroom is not known."
        return Headroom(kind=HeadroomKind.UNKNOWN, sentence=sentence)
    most = max(_most_gain(groups) - (ceiling.lost if ceiling else 0.0), 0.0)
    kind, sentence = _found(groups, subject, most, least_gain)
    if ceiling is not None:
        sentence = f"{sentence} {ceiling.sentence}"
    return Headroom(kind=kind, sentence=sentence, most_gain=most)


def _most_gain(groups: Sequence[Sequence[Case]]) -> float:
    lacks = [1 - fmean(case.score or 0.0 for case in cases) for cases in groups]
    clusters = [cases[0].golden.cluster for cases in groups]
    return verdict_interval(lacks, clusters=clusters, confidence=one_sided(_CONFIDENCE)).high


def _found(
    groups: Sequence[Sequence[Case]], subject: Subject | None, most: float, least_gain: float
) -> tuple[HeadroomKind, str]:
    misses = [case for cases in groups for case in cases if not case.passed]
    bound = f"at 95 % confidence at most {100 * most:.0f} points can be gained"
    missed = _missed(groups)
    if most <= least_gain:
        little = f"{bound}, which is too little to search for."
        return HeadroomKind.SATURATED, f"Saturated: {missed}; {little}"
    if not misses:
        mean = fmean(case.score or 0.0 for cases in groups for case in cases)
        return HeadroomKind.REAL, f"Some headroom: {missed}, mean score {mean:.2f}; {bound}."
    form, is_mostly_form = _forms(groups, misses, subject)
    if is_mostly_form:
        hint = "saying how to answer may be all it needs"
        return HeadroomKind.WRONG_FORMAT, f"Wrong format: {missed}, {form}; {hint}."
    return HeadroomKind.REAL, f"Real headroom: {missed}, {form}."


def _missed(groups: Sequence[Sequence[Case]]) -> str:
    always = sum(not any(case.passed for case in cases) for cases in groups)
    ever = sum(not all(case.passed for case in cases) for cases in groups)
    if not ever:
        return f"none of {_goldens(len(groups))} missed"
    at_times = f" and {ever - always} at times" if ever > always else ""
    every = " every time" if any(len(cases) > 1 for cases in groups) else ""
    return f"{always} of {_goldens(len(groups))} missed{every}{at_times}"


def _forms(
    groups: Sequence[Sequence[Case]], misses: Sequence[Case], subject: Subject | None
) -> tuple[str, bool]:
    """How many of the misses are of form, in words, and whether most are."""
    goldens = [cases[0].golden for cases in groups]
    profile = profile_of(goldens)
    tolerance = tolerance_of(subject, goldens) if subject else NO_TOLERANCE
    kinds = Counter(miss_of(case, profile, tolerance).kind for case in misses)
    of_form = sum(count for kind, count in kinds.items() if is_of_form(kind, tolerance))
    shown = ", ".join(f"{kind.value} {count}" for kind, count in kinds.most_common(_SHOWN_KINDS))
    count = f"{len(misses)} miss{'' if len(misses) == 1 else 'es'}"
    return f"{of_form} of {count} by the form of the answer ({shown})", 2 * of_form > len(misses)


def _goldens(count: int) -> str:
    return f"{count} golden{'' if count == 1 else 's'}"
