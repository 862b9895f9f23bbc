"""A golden with what a prompt answered to it."""

from dataclasses import dataclass

from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.request import FinishReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One answer of one prompt to one golden.

    ``score`` is in [0, 1] and None where the answer was not scored; ``reasons`` are what the
    evaluators had to say.
    """

    golden: Golden
    answer: str
    score: float | None
    passed: bool
    reasons: tuple[str, ...] = ()
    finish_reason: FinishReason = FinishReason.STOP
