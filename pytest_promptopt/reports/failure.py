"""A golden that missed, explained to whoever has to mend it."""

from pytest_promptopt.evaluation.evaluation import Answer, GoldenResult, Mark
from pytest_promptopt.reports.contrast import differences_of, sentence
from pytest_promptopt.text.blocks import block
from pytest_promptopt.text.terminal import printable


def explain(result: GoldenResult, model: str, *, limit: int = 2_000) -> str:
    """Why it missed, input, what was expected, every answer, and each evaluator with its reason.

    The first line says it all to whoever sees no more of it. Each text is cut to ``limit``
    characters, and says so.
    """
    sections = [sentence(result), f"{result.place}: golden {result.id} missed with {model}"]
    sections += ["input", block(result.input, limit=limit)]
    if result.expected is not None:
        sections += ["expected", block(result.expected, limit=limit)]
    for number, answer in enumerate(result.answers, start=1):
        of = (
            "" if len(result.answers) == 1 else f" {number} of {len(result.answers)}{_sign(answer)}"
        )
        sections += [f"answer{of}", block(answer.text, limit=limit)]
        if answer.whole is not None:
            sections += ["all that was said", block(answer.whole, limit=limit)]
        if answer.reasoning:
            sections += ["reasoning", block(answer.reasoning, limit=limit)]
    differing = (
        differences_of(result.expected, result.shown.text)
        if result.expected and result.shown
        else ()
    )
    if differing:
        shown = block("\n".join(differing), limit=limit)
        sections += ["difference, from expected to answer", shown]
    sections += [f"note: {printable(note)}" for note in result.notes]
    sections += [_line(mark) for mark in result.evaluators]
    return "\n".join(sections)


def _sign(answer: Answer) -> str:
    if answer.passed is None:
        return ", not scored"
    return ", passed" if answer.passed else ", missed"


def _line(mark: Mark) -> str:
    value = "not scored" if mark.score is None else f"{mark.score:.2f}"
    sign = "passed" if mark.passed else "missed"
    sign = "      " if mark.score is None else sign
    reason = f": {printable(mark.reason)}" if mark.reason else ""
    optional = " (optional)" if mark.optional else ""
    return f"{sign}  {printable(mark.name)}{optional}  {value}{reason}".replace("\n", " ")
