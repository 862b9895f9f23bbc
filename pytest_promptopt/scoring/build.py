"""The evaluator that scores, made from an entry of ``evaluators``."""

import functools
from collections.abc import Mapping

from pytest_promptopt.errors import Problem, Severity, UsageError
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.scoring.kinds import Kind, Kinds, ScoringContext, kind_of
from pytest_promptopt.scoring.negation import negated
from pytest_promptopt.scoring.options import (
    ForeignError,
    MisspeltError,
    OptionsError,
    UnaskableError,
    unknown,
)
from pytest_promptopt.scoring.score import (
    ABOVE_NOTHING,
    FULL,
    AnyScorer,
    Choosing,
    Evaluator,
    Scorer,
    Threshold,
)
from pytest_promptopt.scoring.text import ExpectedScorer

__all__ = ["ScoringContext", "build_evaluator", "default_evaluators"]


def build_evaluator(spec: EvaluatorSpec, context: ScoringContext) -> Evaluator | Problem:
    """The evaluator that ``spec`` describes, or what is wrong with it.

    It is an error where a name is misspelt, a judge has no model or an evaluator of ours cannot be
    meant so; what another tool may understand is a warning.
    """
    try:
        return _evaluator(spec, _kind(spec, context.kinds), context)
    except (OptionsError, UsageError) as error:
        return Problem(
            path=spec.path,
            line=spec.line,
            message=_message(spec, str(error)),
            severity=_severity(spec, context.kinds, error),
        )


def _severity(spec: EvaluatorSpec, kinds: Kinds, error: OptionsError | UsageError) -> Severity:
    if isinstance(error, MisspeltError | UnaskableError):
        return Severity.ERROR
    if isinstance(error, ForeignError | UsageError) or _kind(spec, kinds).is_githubs:
        return Severity.WARNING
    return Severity.ERROR


def default_evaluators(golden: Golden) -> tuple[Evaluator, ...]:
    """What scores a golden where no evaluators stand: equality to ``expected``, if it has one."""
    return _EXPECTED if golden.has_expected else ()


_EXPECTED = (Evaluator(name="expected", scorer=ExpectedScorer(), is_quick=True),)


def _message(spec: EvaluatorSpec, text: str) -> str:
    return f"evaluator `{spec.name}`: {text}" if spec.kind else text


def _kind(spec: EvaluatorSpec, kinds: Kinds) -> Kind:
    if not spec.kind:
        # The reader has put into words why there is no kind.
        raise ForeignError(str(spec.options))
    kind = kind_of(spec.kind, kinds)
    if kind is None:
        what = f"the kind `{spec.kind}` is not known"
        raise unknown(what, spec.kind, kinds.names(), ForeignError)
    return kind


def _evaluator(spec: EvaluatorSpec, kind: Kind, context: ScoringContext) -> Evaluator:
    scorer = kind.make(spec, context)
    usual = kind.threshold or (FULL if isinstance(scorer, Scorer) else ABOVE_NOTHING)
    threshold = usual if spec.threshold is None else Threshold(spec.threshold)
    if spec.negated and threshold == Threshold(0):
        raise OptionsError("`threshold: 0` is reached by all, so that beside `not` nothing passes")
    return Evaluator(
        name=spec.name,
        scorer=negated(scorer) if spec.negated else scorer,
        threshold=threshold.negated if spec.negated else threshold,
        weight=spec.weight,
        optional=spec.optional,
        vote=functools.partial(kind.vote, spec.options) if kind.vote else None,
        is_judge=kind.is_judge,
        is_quick=kind.is_quick,
        choices=_choices(scorer, is_negated=spec.negated),
    )


def _choices(scorer: AnyScorer, *, is_negated: bool) -> Mapping[str, float]:
    choices = scorer.choices if isinstance(scorer, Choosing) else {}
    return {choice: 1 - score if is_negated else score for choice, score in choices.items()}
