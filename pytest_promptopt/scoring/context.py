"""What an evaluator is built from, besides its entry in the file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_promptopt.project.code import ProjectCode
from pytest_promptopt.providers.request import Model
from pytest_promptopt.scoring.kinds import Kinds, all_kinds


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
