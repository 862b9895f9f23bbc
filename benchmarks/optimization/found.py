"""The result that a method hands over."""

from dataclasses import dataclass, field

from pytest_promptopt.optimization.candidate import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The prompt that a method settled on, and why it ended."""

    reason: str
    candidate: Candidate = field(default_factory=Candidate)
