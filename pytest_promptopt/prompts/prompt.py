"""A prompt as the rest of the house sees it: read, checked and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pytest_promptopt.errors import Problem, UsageError
from pytest_promptopt.messages import Role
from pytest_promptopt.prompts.answer_place import WHOLE, AnswerPlace
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.template import Template
from pytest_promptopt.suggestion import did_you_mean

if TYPE_CHECKING:
    from pytest_promptopt.prompts.labels import AnswerLabel


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """A message before its placeholders are filled; ``line`` is that of its content."""

    role: Role
    template: Template
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """What ``gate:`` of a prompt file asks for; ``line`` is where it stands.

    ``confidence`` is that of a one-sided bound; without it a mean score at ``minimum`` passes.
    ``min_mutation`` is the least mutation score, where mutants are asked.
    ``unscored`` is how many goldens may go without a score, under 1 as a share of all.
    ``removed_fails`` and ``loosened_fails`` say that it fails by goldens that are gone since the
    base, and by anything else that asks for less than it did there. ``min_agreement`` is how often
    judges must be shown to agree with labels. ``tags`` and ``evaluators`` hold gates on a part of
    the goldens or of the scores, by its name.
    """

    line: int
    minimum: float | None = None
    max_drop: float | None = None
    min_mutation: float | None = None
    confidence: float | None = None
    inconclusive_passes: bool = False
    unscored: float = 0.0
    min_agreement: float | None = None
    removed_fails: bool = False
    loosened_fails: bool = False
    tags: Mapping[str, "GateSettings"] = field(default_factory=dict)
    evaluators: Mapping[str, "GateSettings"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizeSpec:
    """What stands under ``optimize:`` of a prompt file, and where; not yet understood."""

    settings: Mapping[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class Reducer:
    """How several answers to one golden become one score.

    ``mean`` of their scores; the score of the answer that the ``majority`` gave; or, for
    ``at-least``, 1 if at least ``count`` answers pass; for ``pass@``, how likely it is that one of
    ``count`` of them does, drawn at random.
    """

    kind: Literal["mean", "majority", "at-least", "pass@"] = "mean"
    count: int = 1

    def __str__(self) -> str:
        match self.kind:
            case "at-least":
                return f"at-least-{self.count}"
            case "pass@":
                return f"pass@{self.count}"
        return self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt file.

    ``path`` is absolute, ``location`` the same as shown to people. ``model`` is the name in the
    file, if any. ``parameters`` have snake_case names. ``json_schema`` is the wrapper with
    ``name`` and ``schema``. ``answer`` is where the answer stands in what the model says.
    ``problems`` are warnings: what was not understood, and where. ``shown`` are goldens that stand
    in the messages with their answers, and are none of ``goldens``. ``choices`` are those of a
    judge, each with its score in [0, 1]. ``labels`` are what people say of answers to the prompt.
    """

    path: Path
    location: str
    name: str
    messages: tuple[MessageTemplate, ...]
    description: str = ""
    model: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    response_format: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: Mapping[str, Any] | None = None
    answer: AnswerPlace = WHOLE
    goldens: tuple[Golden, ...] = ()
    evaluators: tuple[EvaluatorSpec, ...] = ()
    gate: GateSettings | None = None
    optimize: OptimizeSpec | None = None
    samples: int = 1
    reducer: Reducer = Reducer()
    problems: tuple[Problem, ...] = ()
    shown: tuple[Golden, ...] = ()
    choices: Mapping[str, float] = field(default_factory=dict)
    labels: tuple["AnswerLabel", ...] = ()

    @property
    def all_evaluators(self) -> tuple[EvaluatorSpec, ...]:
        """Those of the file, and after them those of single goldens."""
        own = (spec for golden in self.goldens for spec in golden.evaluators)
        return (*self.evaluators, *own)

    def golden(self, name: str) -> Golden:
        """The golden of that id; raises UsageError."""
        found = next((golden for golden in self.goldens if golden.id == name), None)
        if found is None:
            known = did_you_mean(name, [golden.id for golden in self.goldens])
            raise UsageError(f"{self.location} has no golden `{name}`{known}")
        return found
