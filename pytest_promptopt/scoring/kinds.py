"""The kinds of evaluators: all that is to know of each, where the built-in ones are, and what
their scorers are made from.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pytest_promptopt.project.code import ProjectCode
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.providers.request import Model
from pytest_promptopt.registry import Registry
from pytest_promptopt.scoring.score import FULL, JudgeScorer, Scorer, Threshold


class ScorerFactory(Protocol):
    """Makes the scorers of one kind of evaluator."""

    def __call__(self, spec: EvaluatorSpec, context: "ScoringContext", /) -> Scorer | JudgeScorer:
        """The scorer that ``spec`` asks for.

        Raises :class:`~pytest_promptopt.scoring.options.OptionsError` where the options cannot
        be meant.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of evaluator, all of it beside the entry in a file.

    ``make`` makes its scorers. ``threshold`` is that of entries that name none, None where it is
    ``ABOVE_NOTHING`` for a scorer that is a judge and ``FULL`` for others. ``vote`` tells from the
    entry's options and an answer what the answer counts as when several are put to the vote,
    empty where it counts as nothing. Of a kind that ``is_githubs`` other tools' files may hold
    forms that are not known here: what is not understood is a warning.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringContext:
    """What the prompt and the run say to all evaluators of a file.

    ``json_schema`` is the prompt's wrapper with ``name`` and ``schema``. ``code`` finds the
    project's functions for ``python``. ``judge_model`` gives the model
    of that name, or the default one for None, and raises
    :class:`~pytest_promptopt.errors.UsageError` where there is none. ``origin`` is the prompt
    file, to which the judges' answers are recorded. ``kinds`` are the built-in kinds and those of
    other packages.
    """

    json_schema: Mapping[str, Any] | None
    code: ProjectCode
    judge_model: Callable[[str | None], Model]
    origin: Path
    kinds: Kinds = field(default_factory=all_kinds, compare=False)
