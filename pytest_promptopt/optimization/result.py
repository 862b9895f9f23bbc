"""The result of a search, and the events that are told while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pytest_promptopt.optimization.allowance import Caps, Role, Spent
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.diagnosis.diagnosis import Diagnosis
from pytest_promptopt.optimization.diagnosis.headroom import Headroom
from pytest_promptopt.optimization.plan import Plan
from pytest_promptopt.optimization.verdict import SearchVerdict
from pytest_promptopt.providers.request import Model
from pytest_promptopt.statistics.intervals import Interval


class Phase(StrEnum):
    """What a search does, in the order in which it does it."""

    BOTH_MODELS = "both models with the prompt as it is"
    LOOK = "a first look"
    MODEL_FREE = "racing what needs no model"
    PROPOSED = "what the model proposes"
    COMBINED = "combining and pruning"
    FINALS = "finals"
    VERDICT = "verdict"


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
    """A phase begins, and what was reached before it.

    ``round`` is 0 outside of rounds. ``candidates`` have been raced so far, of which ``alive``
    are still in it; ``refused`` never were. ``best`` is the best mean score on validation, with
    its interval; None before anything was scored there.
    """

    phase: Phase
    round: int
    rounds: int
    candidates: int
    alive: int
    refused: int
    best: float | None
    interval: Interval | None
    spent: Spent
    caps: Caps


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """An answer came in, or an error in its place; what was taken so far."""

    spent: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """The optimizer model keeps the search waiting.

    ``open`` of its ``asked`` requests have no answer after ``seconds``; after ``most_seconds``,
    None where that is not bounded, the search goes on without it.
    """

    model: Model
    open: int
    asked: int
    seconds: float
    most_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A call brought an error that was not met before in this search."""

    role: Role
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The verdict on the test split."""

    verdict: SearchVerdict


Event = Planned | Looked | Advanced | Counted | Waited | Failed | Judged


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
