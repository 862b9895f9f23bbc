"""A golden that missed, explained to whoever has to mend it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_promptopt.evaluation.evaluation import GoldenResult, Mark, Outcome
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.golden import INPUT_KEYS, RESERVED_KEYS, Golden
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.reports.contrast import differences_of, sentence
from pytest_promptopt.reports.quoting import block
from pytest_promptopt.reports.summary import Answer, GoldenRow
from pytest_promptopt.text import printable

MOST_KEPT = 20_000
"""Characters of a text that are kept of it."""


def row_of(
    golden: Golden, result: GoldenResult, trials: Sequence[Trial], before: GoldenResult | None
) -> GoldenRow:
    """The golden's row with its whole texts, but for those longer than :data:`MOST_KEPT`."""
    place = f"{golden.path}:{golden.line}"
    if result.outcome not in {Outcome.MISSED, Outcome.UNSCORED}:
        return GoldenRow(result=result, before=before, place=place)
    inputs = (f"{name}: {as_text(value)}" for name, value in _inputs(golden.variables))
    answers = zip(trials, result.passes, strict=True) if result.passes else ()
    return GoldenRow(
        result=result,
        before=before,
        place=place,
        input=_kept("\n".join(inputs)),
        expected=_kept(as_text(golden.expected)) if golden.has_expected else None,
        answers=tuple(
            Answer(
                text=_kept(trial.answer.text),
                reasoning=_kept(trial.answer.reasoning),
                passed=passed,
            )
            for trial, passed in answers
        ),
    )


def explain(row: GoldenRow, model: str, *, limit: int = 2_000) -> str:
    """Why it missed, input, what was expected, every answer, and each evaluator with its reason.

    The first line says it all to whoever sees no more of it. Each text is cut to ``limit``
    characters, and says so.
    """
    sections = [sentence(row), f"{row.place}: golden {row.result.golden_id} missed with {model}"]
    sections += ["input", block(row.input, limit=limit)]
    if row.expected is not None:
        sections += ["expected", block(row.expected, limit=limit)]
    for number, answer in enumerate(row.answers, start=1):
        of = "" if len(row.answers) == 1 else f" {number} of {len(row.answers)}{_sign(answer)}"
        sections += [f"answer{of}", block(answer.text, limit=limit)]
        if answer.reasoning:
            sections += ["reasoning", block(answer.reasoning, limit=limit)]
    differing = differences_of(row.expected, row.shown.text) if row.expected and row.shown else ()
    if differing:
        shown = block("\n".join(differing), limit=limit)
        sections += ["difference, from expected to answer", shown]
    sections += [f"note: {printable(note)}" for note in row.result.notes]
    sections += [_line(mark) for mark in row.result.marks]
    return "\n".join(sections)


def _kept(text: str) -> str:
    rest = len(text) - MOST_KEPT
    return text if rest <= 0 else f"{text[:MOST_KEPT]}… ({rest:,} characters more)"


def _inputs(variables: Mapping[str, Any]) -> list[tuple[str, Any]]:
    hidden = {*RESERVED_KEYS, *INPUT_KEYS}
    return [(name, value) for name, value in variables.items() if name not in hidden]


def _sign(answer: Answer) -> str:
    if answer.passed is None:
        return ", not scored"
    return ", passed" if answer.passed else ", missed"


def _line(mark: Mark) -> str:
    value = "not scored" if mark.value is None else f"{mark.value:.2f}"
    sign = "passed" if mark.passed else "missed"
    sign = "      " if mark.value is None else sign
    reason = f": {printable(mark.reason)}" if mark.reason else ""
    return f"{sign}  {printable(mark.evaluator)}  {value}{reason}".replace("\n", " ")
