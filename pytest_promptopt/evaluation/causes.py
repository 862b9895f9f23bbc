"""Causes for which goldens have no score: one cause, one message."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome

_WITHOUT_SCORE = (Outcome.ERROR, Outcome.NOT_RUN, Outcome.UNSCORED, Outcome.NOT_NEEDED)
# What tells apart messages of one cause: amounts, ids of requests, samples. Not a status.
_PARTICULAR = re.compile(r"(?!\b[1-5]\d\d\b)\b\w*\d[\w.,]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What goldens have no score for, in the words of the first of them."""

    outcome: Outcome
    reason: str
    goldens: tuple[str, ...]

    @property
    def named(self) -> tuple[str, ...]:
        """The goldens that somebody may look for: none of those that were not needed."""
        return () if self.outcome is Outcome.NOT_NEEDED else self.goldens


def causes(results: Iterable[GoldenResult]) -> tuple[Cause, ...]:
    """The causes: errors, not run, not scored, not needed; the most frequent of each first."""
    found: dict[tuple[Outcome, str], list[GoldenResult]] = {}
    for result in results:
        if result.outcome in _WITHOUT_SCORE:
            found.setdefault(_key(result), []).append(result)
    made = [
        Cause(
            outcome=outcome,
            reason=same[0].reason,
            goldens=tuple(result.id for result in same),
        )
        for (outcome, _), same in found.items()
    ]
    return tuple(sorted(made, key=lambda c: (_WITHOUT_SCORE.index(c.outcome), -len(c.goldens))))


def _key(result: GoldenResult) -> tuple[Outcome, str]:
    """One budget is one cause, whatever each call would have taken."""
    if result.outcome is Outcome.NOT_RUN:
        return result.outcome, ""
    if result.outcome in {Outcome.UNSCORED, Outcome.NOT_NEEDED}:
        return result.outcome, result.reason
    without_id = result.reason.replace(f"golden {result.id}", "golden")
    return result.outcome, _PARTICULAR.sub("…", without_id)
