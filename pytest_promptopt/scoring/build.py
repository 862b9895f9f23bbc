"""From an entry of ``evaluators`` to an evaluator that scores."""

from pytest_promptopt.errors import Problem, Severity, UsageError
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.scoring.context import ScoringContext
from pytest_promptopt.scoring.options import OptionsError
from pytest_promptopt.scoring.score import Evaluator, JudgeScorer, Scorer
from pytest_promptopt.scoring.text import ExpectedScorer
from pytest_promptopt.suggestion import did_you_mean

__all__ = ["ScoringContext", "build_evaluator", "default_evaluators"]


def build_evaluator(spec: EvaluatorSpec, context: ScoringContext) -> Evaluator | Problem:
    """The evaluator that ``spec`` describes, or a warning that says what is not understood."""
    try:
        return _evaluator(spec, _scorer(spec, context))
    except (OptionsError, UsageError) as error:
        return Problem(
            path=spec.path,
            line=spec.line,
            message=_message(spec, str(error)),
            severity=Severity.WARNING,
        )


def default_evaluators(golden: Golden) -> tuple[Evaluator, ...]:
    """What scores a golden where no evaluators stand: equality to ``expected``, if it has one."""
    if golden.expected is None:
        return ()
    return (Evaluator(name="expected", scorer=ExpectedScorer()),)


def _message(spec: EvaluatorSpec, text: str) -> str:
    return f"evaluator `{spec.name}`: {text}" if spec.kind else text


def _scorer(spec: EvaluatorSpec, context: ScoringContext) -> Scorer | JudgeScorer:
    if not spec.kind:
        # The reader has put into words why there is no kind.
        raise OptionsError(str(spec.options))
    factory = context.kinds.get(spec.kind)
    if factory is None:
        known = did_you_mean(spec.kind, context.kinds.names())
        raise OptionsError(f"the kind `{spec.kind}` is not known{known}")
    return factory(spec, context)


def _evaluator(spec: EvaluatorSpec, scorer: Scorer | JudgeScorer) -> Evaluator:
    if spec.threshold is not None:
        return Evaluator(name=spec.name, scorer=scorer, threshold=spec.threshold)
    if isinstance(scorer, Scorer):
        return Evaluator(name=spec.name, scorer=scorer)
    return Evaluator(name=spec.name, scorer=scorer, threshold=0.0, strictly_above=True)
