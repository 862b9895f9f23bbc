"""Conditions of a gate beside the score: errors, required goldens, what has no score, policies."""

from collections.abc import Iterator

from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.certainty import CONFIDENCE
from pytest_promptopt.evaluation.evaluation import Evaluation, Outcome
from pytest_promptopt.evaluation.judges import Judges
from pytest_promptopt.evaluation.listing import SHOWN, counted, listed
from pytest_promptopt.evaluation.part import Decision, Finding, Part
from pytest_promptopt.prompts.prompt import GateSettings

_ROUNDING = 1e-9


def on_missing(evaluation: Evaluation, what: str, outcome: Outcome) -> Iterator[Finding]:
    """FAIL where goldens have that outcome."""
    results = evaluation.having(outcome)
    if results:
        ids = listed([result.id for result in results], shown=SHOWN)
        total = counted(len(evaluation.results), "golden")
        text = f"{len(results)} of {total} {what}: {ids}"
        yield Finding(decision=Decision.FAIL, text=text, blocks=True)


def on_required(evaluation: Evaluation) -> Iterator[Finding]:
    """FAIL where a required golden did not pass."""
    missed = [
        result.id
        for result in evaluation.results
        if result.required and result.outcome in {Outcome.MISSED, Outcome.UNSCORED}
    ]
    if missed:
        text = f"required goldens that did not pass: {listed(missed, shown=SHOWN)}"
        yield Finding(decision=Decision.FAIL, text=text, blocks=True)
    left = [result.id for result in evaluation.having(Outcome.NOT_NEEDED) if result.required]
    if left:
        text = f"required goldens that were not asked: {listed(left, shown=SHOWN)}"
        yield Finding(decision=Decision.PASS, text=text, blocks=False, is_open=True)


def on_unscored(evaluation: Evaluation, allowed: float) -> Iterator[Finding]:
    """Goldens without a score: they count in no mean, so that a gate must say how many it takes.

    Those that were not asked are no longer needed once those that were keep to it by themselves.
    """
    ids = [result.id for result in evaluation.having(Outcome.UNSCORED)]
    total, left = len(evaluation.results), len(evaluation.having(Outcome.NOT_NEEDED))
    shown = listed(ids, shown=SHOWN)
    if ids:
        most = _most_unscored(allowed, total)
        limit = f"`unscored: {allowed:g}` allows {most:,}" if allowed else "`unscored` allows none"
        blocks = len(ids) > most
        yield Finding(
            decision=Decision.FAIL if blocks else Decision.PASS,
            text=f"{len(ids)} of {counted(total, 'golden')} not scored ({limit}): {shown}",
            blocks=blocks,
            is_open=not blocks and len(ids) > _most_unscored(allowed, total - left),
        )


def _most_unscored(allowed: float, goldens: int) -> int:
    return int(allowed * goldens + _ROUNDING) if allowed < 1 else int(allowed)


def on_judges(part: Part, evaluation: Evaluation, judges: Judges) -> Iterator[Finding]:
    """INCONCLUSIVE where a judge has not shown that it agrees with people."""
    least, confidence = part.settings.min_agreement, part.settings.confidence or CONFIDENCE
    if least is None:
        return
    if not judges.records:
        text = "minAgreement was not applied: no evaluator is a judge"
        yield part.finding(Decision.PASS, text)
    for text in judges.unproven(evaluation, least, confidence):
        short = "inconclusive: a judge has not shown its agreement"
        yield part.finding(Decision.INCONCLUSIVE, text, short)


def on_policy(settings: GateSettings, base: BaseRecord | None) -> Iterator[Finding]:
    """FAIL where goldens vanished or checks softened that may not."""
    policies = {"onRemovedGoldens": settings.removed_fails, "onLoosened": settings.loosened_fails}
    asked = listed([key for key, fails in policies.items() if fails])
    if base is None and asked:
        text = f"not applied without a base, which --prompt-base names: {asked}"
        yield Finding(decision=Decision.PASS, text=text, blocks=False)
    elif base is not None and base.forbidden:
        short = f"asks for less than at {base.label}"
        text = f"{short}: {'; '.join(base.forbidden)}"
        yield Finding(decision=Decision.FAIL, text=text, blocks=True, short=short)
