"""The kinds of evaluators: what is to know of each, and where the built-in ones are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.registry import Registry

if TYPE_CHECKING:
    from pytest_promptopt.scoring.context import ScoringContext
    from pytest_promptopt.scoring.score import JudgeScorer, Scorer


class ScorerFactory(Protocol):
    """Makes the scorers of one kind of evaluator."""

    def __call__(self, spec: EvaluatorSpec, context: "ScoringContext", /) -> "Scorer | JudgeScorer":
        """The scorer that ``spec`` asks for.

        Raises :class:`~pytest_promptopt.scoring.options.OptionsError` where the options cannot
        be meant.
        """
        ...


class Threshold(NamedTuple):
    """From which score on an answer passes: ``least``, or if it ``is_strict`` only above."""

    least: float = 1.0
    is_strict: bool = False

    def passes(self, value: float) -> bool:
        """Whether a score of ``value`` is good enough."""
        return value > self.least if self.is_strict else value >= self.least

    def __str__(self) -> str:
        return f"{'above ' if self.is_strict else ''}{self.least:g}"


FULL = Threshold()
"""Only what is wholly right passes."""
ABOVE_NOTHING = Threshold(0.0, is_strict=True)
"""That of judges: each choice with a score passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of evaluator, all of it beside the entry in a file.

    ``make`` makes its scorers. ``threshold`` is that of entries that name none, None where it is
    :data:`ABOVE_NOTHING` for a scorer that is a judge and :data:`FULL` for others. ``vote`` tells
    from the entry's options and an answer what the answer counts as when several are put to the
    vote, empty where it counts as nothing. Of a kind that ``is_githubs`` other tools' files may
    hold forms that are not known here: what is not understood is a warning.
    """

    make: ScorerFactory
    threshold: Threshold | None = FULL
    vote: Callable[[Any, str], str] | None = None
    is_githubs: bool = False


Kinds = Registry[Kind | ScorerFactory]


def kind_of(name: str, kinds: Kinds) -> Kind | None:
    """The kind of that name, None where there is none."""
    found = kinds.get(name)
    return found if found is None or isinstance(found, Kind) else Kind(make=found, threshold=None)


# Each imported when a file first asks for it.
_BUILT_IN = {
    "string": "pytest_promptopt.scoring.text:STRING",
    "equals": "pytest_promptopt.scoring.text:EQUALS",
    "contains": "pytest_promptopt.scoring.text:CONTAINS",
    "regex": "pytest_promptopt.scoring.pattern:REGEX",
    "choice": "pytest_promptopt.scoring.choice:CHOICE",
    "number": "pytest_promptopt.scoring.number:NUMBER",
    "json": "pytest_promptopt.scoring.structured:JSON",
    "similarity": "pytest_promptopt.scoring.similarity:SIMILARITY",
    "python": "pytest_promptopt.scoring.code:PYTHON",
    "llm": "pytest_promptopt.scoring.judge:LLM",
    "uses": "pytest_promptopt.scoring.builtin_judges:USES",
}


def all_kinds() -> Kinds:
    """The built-in kinds and those of other packages, which may be a factory alone."""
    return Registry("pytest_promptopt.scorers", _BUILT_IN)
