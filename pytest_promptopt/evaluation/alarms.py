"""False alarms of a run: how many of its confident FAILs chance alone would give."""

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_promptopt.codec import Amount, Count
from pytest_promptopt.evaluation.gate import MAX_DROP, MIN
from pytest_promptopt.evaluation.record import PromptRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """How many tests a run makes, and how many fail at most if all stand exactly at their limits.

    The parts of a prompt share an error and count as one. ``expected`` is a mean over goldens
    drawn anew, whatever the prompts have in common.
    """

    on_min: Count
    on_max_drop: Count
    expected: Amount


def false_alarms(prompts: Iterable[PromptRecord]) -> FalseAlarms:
    """Those of all verdicts in a run."""
    verdicts = [prompt.verdict for prompt in prompts if prompt.verdict is not None]
    tests = [test for verdict in verdicts for test in verdict.tests]
    limits = [test.limit for test in tests]
    return FalseAlarms(
        on_min=limits.count(MIN),
        on_max_drop=limits.count(MAX_DROP),
        expected=round(sum(test.error for test in tests), 9),
    )
