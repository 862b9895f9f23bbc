"""The result of a search, and the events that are told while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_promptopt.optimization.allowance import Caps, Spent
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.diagnosis.diagnosis import Diagnosis
from pytest_promptopt.optimization.diagnosis.headroom import Headroom
from pytest_promptopt.optimization.plan import Plan
from pytest_promptopt.optimization.verdict import SearchVerdict
from pytest_promptopt.statistics.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The search starts; this is what it will take."""

    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the first look at the prompt found; None where it is switched off."""

    headroom: Headroom | None
    diagnosis: Diagnosis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """Where the search is.

    ``candidates`` have been raced so far, ``refused`` never were. ``best`` is the best mean
    score on validation, with its interval.
    """

    round: int
    rounds: int
    candidates: int
    refused: int
    best: float
    interval: Interval
    spent: Spent
    caps: Caps


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The verdict on the test split."""

    verdict: SearchVerdict


Event = Planned | Looked | Advanced | Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A candidate that was scored: its mean on so many goldens of validation."""

    candidate: Candidate
    score: float
    goldens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a search found.

    ``chosen`` is the candidate chosen on validation, None where none scored above the prompt as
    it stands; whether it is an improvement is for ``verdict`` to say, which is None where the
    test split was not opened. ``before`` and ``after`` are means on validation. ``reason`` says
    why the search ended. ``tried`` are in the order of scoring, ``refused`` counts candidates by
    the guards' reason, ``unparsed`` the optimizer model's replies that could not be read,
    ``errors`` calls without an answer by what was said.
    """

    chosen: Candidate | None
    reason: str
    before: float | None = None
    after: float | None = None
    verdict: SearchVerdict | None = None
    rounds: int = 0
    tried: tuple[Tried, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    unparsed: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    spent: Spent = field(default_factory=Spent)
    plan: Plan | None = None
    headroom: Headroom | None = None
    diagnosis: Diagnosis | None = None
