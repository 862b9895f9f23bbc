"""From an entry of ``evaluators`` to an evaluator that scores."""

from pytest_promptopt.errors import Problem, Severity, UsageError
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.scoring.context import ScoringContext
from pytest_promptopt.scoring.options import ForeignError, MisspeltError, OptionsError, unknown
from pytest_promptopt.scoring.score import Evaluator, JudgeScorer, Scorer
from pytest_promptopt.scoring.text import ExpectedScorer

__all__ = ["ScoringContext", "build_evaluator", "default_evaluators"]

# Files that another tool ran may hold forms of these that are not known here.
_KINDS_OF_GITHUB = ("string", "llm", "uses")


def build_evaluator(spec: EvaluatorSpec, context: ScoringContext) -> Evaluator | Problem:
    """The evaluator that ``spec`` describes, or what is wrong with it.

    It is an error where a name is misspelt or an evaluator of ours cannot be meant so; what
    another tool may understand is a warning.
    """
    try:
        return _evaluator(spec, _scorer(spec, context))
    except (OptionsError, UsageError) as error:
        return Problem(
            path=spec.path,
            line=spec.line,
            message=_message(spec, str(error)),
            severity=_severity(spec, error),
        )


def _severity(spec: EvaluatorSpec, error: OptionsError | UsageError) -> Severity:
    if isinstance(error, MisspeltError):
        return Severity.ERROR
    is_of_others = isinstance(error, ForeignError | UsageError) or spec.kind in _KINDS_OF_GITHUB
    return Severity.WARNING if is_of_others else Severity.ERROR


def default_evaluators(golden: Golden) -> tuple[Evaluator, ...]:
    """What scores a golden where no evaluators stand: equality to ``expected``, if it has one."""
    if not golden.has_expected:
        return ()
    return (Evaluator(name="expected", scorer=ExpectedScorer()),)


def _message(spec: EvaluatorSpec, text: str) -> str:
    return f"evaluator `{spec.name}`: {text}" if spec.kind else text


def _scorer(spec: EvaluatorSpec, context: ScoringContext) -> Scorer | JudgeScorer:
    if not spec.kind:
        # The reader has put into words why there is no kind.
        raise ForeignError(str(spec.options))
    factory = context.kinds.get(spec.kind)
    if factory is None:
        what = f"the kind `{spec.kind}` is not known"
        raise unknown(what, spec.kind, context.kinds.names(), ForeignError)
    return factory(spec, context)


def _evaluator(spec: EvaluatorSpec, scorer: Scorer | JudgeScorer) -> Evaluator:
    if spec.threshold is not None:
        return Evaluator(name=spec.name, scorer=scorer, threshold=spec.threshold)
    if isinstance(scorer, Scorer):
        return Evaluator(name=spec.name, scorer=scorer)
    return Evaluator(name=spec.name, scorer=scorer, threshold=0.0, strictly_above=True)
