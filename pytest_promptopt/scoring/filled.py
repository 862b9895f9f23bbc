"""Scorers that compare an answer with options filled from the golden."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.template import MissingValueError, fill_deep
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.score import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledScorer:
    """Fills the placeholders in ``options`` and hands them to ``compare`` with the answer.

    ``flaw_of`` says of filled options why no answer can fit them, empty where one can; only
    options without a flaw are compared.
    """

    options: Any
    compare: Callable[[Any, str], Score]
    flaw_of: Callable[[Any], str] = lambda _: ""

    def score(self, golden: Golden, completion: Completion) -> Score:
        """What ``compare`` says; not scored where a placeholder has no value, or for a flaw."""
        try:
            options = fill_deep(self.options, golden.variables)
        except MissingValueError as error:
            return no_value(error, golden)
        flaw = self.flaw_of(options)
        return Score.unscored(flaw) if flaw else self.compare(options, completion.text)

    def flaw(self, golden: Golden) -> str:
        """What ``flaw_of`` says, or that a placeholder has no value."""
        try:
            return self.flaw_of(fill_deep(self.options, golden.variables))
        except MissingValueError as error:
            return golden.lacks(error.args[0])


def no_value(error: MissingValueError, golden: Golden) -> Score:
    """Not scored: the golden has nothing for a placeholder."""
    return Score.unscored(f"{golden.lacks(error.args[0])} in golden {golden.id}")


def hit_or_miss(hit: bool, reason: str) -> Score:
    """1, or 0 and why."""
    return Score(value=1.0) if hit else Score(value=0.0, reason=reason)
