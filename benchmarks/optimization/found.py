"""The result that a search hands over."""

from dataclasses import dataclass, field

from pytest_promptopt.optimization.candidate import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The prompt that a method settled on, what it asked for that, and why it ended."""

    reason: str
    candidate: Candidate = field(default_factory=Candidate)
    task_calls: int = 0
    optimizer_calls: int = 0
