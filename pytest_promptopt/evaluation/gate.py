"""The gate: one verdict on a prompt as a whole."""

from dataclasses import dataclass

from pytest_promptopt.evaluation.evaluation import Evaluation, Outcome
from pytest_promptopt.prompts.prompt import GateSettings

_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the prompt holds, and every reason why not, for a person to read."""

    passed: bool
    score: float | None
    reasons: tuple[str, ...] = ()


def judge(settings: GateSettings, evaluation: Evaluation) -> Verdict:
    """The verdict on ``evaluation``, which must hold every golden of the prompt.

    Fails on a mean score under ``min``, on a required golden that did not pass, where nothing
    was scored, and wherever an answer is missing: an error never passes and is never a 0.
    """
    reasons = (
        *_missing(evaluation, Outcome.ERROR, "without an answer (an error)"),
        *_missing(evaluation, Outcome.NOT_RUN, "not run (the budget)"),
        *_below_minimum(settings, evaluation),
        *_required(evaluation),
    )
    return Verdict(passed=not reasons, score=evaluation.score, reasons=reasons)


def _missing(evaluation: Evaluation, outcome: Outcome, what: str) -> tuple[str, ...]:
    results = evaluation.having(outcome)
    if not results:
        return ()
    ids = _listed([result.golden_id for result in results])
    return (f"{len(results)} of {len(evaluation.results)} goldens {what}: {ids}",)


def _below_minimum(settings: GateSettings, evaluation: Evaluation) -> tuple[str, ...]:
    scored = sum(result.score is not None for result in evaluation.results)
    if evaluation.score is None:
        return ("no golden was scored, so there is nothing to pass on",)
    if settings.minimum is not None and evaluation.score < settings.minimum:
        score = _not_rounded_up(evaluation.score, settings.minimum)
        return (f"score {score} is under min {settings.minimum:g} ({scored} goldens scored)",)
    return ()


def _required(evaluation: Evaluation) -> tuple[str, ...]:
    missed = [
        result.golden_id
        for result in evaluation.results
        if result.required and result.outcome in {Outcome.MISSED, Outcome.UNSCORED}
    ]
    return (f"required goldens that did not pass: {_listed(missed)}",) if missed else ()


def _not_rounded_up(score: float, minimum: float) -> str:
    """Enough digits that a score under the minimum never reads like the minimum."""
    digits = 3
    while digits < 15 and float(f"{score:.{digits}f}") >= minimum:
        digits += 1
    return f"{score:.{digits}f}"


def _listed(ids: list[str]) -> str:
    rest = len(ids) - _SHOWN
    return ", ".join(ids[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
