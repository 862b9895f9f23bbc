"""The kinds of evaluators: all that is to know of each, and what their scorers are made from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pytest_promptopt.project.code import ProjectCode
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.kinds import BUILT_IN_KINDS
from pytest_promptopt.providers.request import Model
from pytest_promptopt.registry import Registry
from pytest_promptopt.scoring.options import Options, OptionsError, Read, read_options
from pytest_promptopt.scoring.score import FULL, AnyScorer, Threshold


class ScorerFactory(Protocol):
    """Makes the scorers of one kind of evaluator."""

    def __call__(self, spec: EvaluatorSpec, context: "ScoringContext", /) -> AnyScorer:
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
    empty where it counts as nothing. ``options`` declares what its entries hold, where a record
    does; with ``needs_threshold`` they must name one. Of a kind that ``is_githubs`` other tools'
    files may hold forms that are not known here: what is not understood is a warning. Of one that
    ``is_judge`` a model's opinion is the score. One that ``is_quick`` never needs to be kept within
    a time: it takes some in proportion to the answer, and runs no code of others.
    """

    make: ScorerFactory
    threshold: Threshold | None = FULL
    vote: Callable[[Any, str], str] | None = None
    options: type[Options] | None = None
    needs_threshold: bool = False
    is_githubs: bool = False
    is_judge: bool = False
    is_quick: bool = False


def declared_kind(
    options: type[Read],
    make: "Callable[[Read, EvaluatorSpec, ScoringContext], AnyScorer]",
    *,
    threshold: Threshold = FULL,
    needs_threshold: bool = False,
    is_judge: bool = False,
) -> Kind:
    """The kind whose entries hold ``options``, from which ``make`` makes the scorer."""

    def scorer(spec: EvaluatorSpec, context: "ScoringContext") -> AnyScorer:
        read = read_options(options, spec)
        if needs_threshold and spec.threshold is None:
            raise OptionsError(f"`{spec.kind}` needs a `threshold`, such as `threshold: 0.5`")
        return make(read, spec, context)

    return Kind(
        make=scorer,
        threshold=threshold,
        options=options,
        needs_threshold=needs_threshold,
        is_judge=is_judge,
    )


Kinds = Registry[Kind | ScorerFactory]


def kind_of(name: str, kinds: Kinds) -> Kind | None:
    """The kind of that name, None where there is none."""
    found = kinds.get(name)
    return found if found is None or isinstance(found, Kind) else Kind(make=found, threshold=None)


def all_kinds() -> Kinds:
    """The built-in kinds and those of other packages, which may be a factory alone."""
    return Registry("pytest_promptopt.scorers", BUILT_IN_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringContext:
    """What the prompt and the run say to all evaluators of a file.

    ``json_schema`` is the prompt's wrapper with ``name`` and ``schema``. ``code`` finds the
    project's functions for ``python``. ``judge_model`` gives the model
    of that name, or the default one for None, and raises
    :class:`~pytest_promptopt.errors.UsageError` where there is none, as does ``named_model``,
    which no option of the run overrules. ``origin`` is the prompt file, to which the judges'
    answers are recorded. ``model`` is the prompt's own, None where it has none. ``kinds`` are the
    built-in kinds and those of other packages.
    """

    json_schema: Mapping[str, Any] | None
    code: ProjectCode
    judge_model: Callable[[str | None], Model]
    named_model: Callable[[str], Model]
    origin: Path
    model: Model | None = None
    kinds: Kinds = field(default_factory=all_kinds, compare=False)
