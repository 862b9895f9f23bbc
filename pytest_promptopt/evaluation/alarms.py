"""False alarms of a run: how many of its confident FAILs chance alone would give."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_promptopt.codec import Amount, Count, Share
from pytest_promptopt.evaluation.part import MAX_DROP, MIN
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.verdict import LimitTest


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """How many tests a run makes, and how many fail at most if all stand exactly at their limits.

    The parts of a prompt share an error and count as one. ``expected`` is a mean over goldens
    drawn anew, whatever the prompts have in common, if each is judged by itself. ``adjusted`` is
    how they were judged together, ``chance`` that of any failing, at most.
    """

    on_min: Count
    on_max_drop: Count
    expected: Amount
    adjusted: str
    chance: Share


def false_alarms(prompts: Iterable[PromptRecord]) -> FalseAlarms:
    """Those of all verdicts in a run."""
    verdicts = [prompt.verdict for prompt in prompts if prompt.verdict is not None]
    tests = [test for verdict in verdicts for test in verdict.tests]
    kinds = [[test for test in tests if test.limit == limit] for limit in (MIN, MAX_DROP)]
    return FalseAlarms(
        on_min=len(kinds[0]),
        on_max_drop=len(kinds[1]),
        expected=round(sum(test.error for test in tests), 9),
        adjusted=next((test.adjusted for test in tests if test.adjusted), ""),
        chance=round(min(1.0, sum(map(_chance, kinds))), 9),
    )


def _chance(tests: Sequence[LimitTest]) -> float:
    """Those that are judged together share the largest error."""
    errors = [test.error for test in tests]
    is_shared = any(test.adjusted for test in tests)
    return max(errors) if is_shared else sum(errors)
