"""A golden that failed, explained to whoever has to mend it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_promptopt.evaluation.evaluation import GoldenResult, Mark
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.golden import INPUT_KEYS, RESERVED_KEYS, Golden
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.reports.quoting import block, printable


def explain(golden: Golden, result: GoldenResult, trials: Sequence[Trial], model: str) -> str:
    """Input, what was expected, what was answered, and each evaluator with its reason."""
    sections = [
        f"{golden.path}:{golden.line}: golden {golden.id} missed with {model}",
        "input",
        *(block(f"{name}: {as_text(value)}") for name, value in _inputs(golden.variables)),
    ]
    if golden.expected is not None:
        sections += ["expected", block(as_text(golden.expected))]
    for number, trial in enumerate(trials, start=1):
        sections.append("answer" if len(trials) == 1 else f"answer {number} of {len(trials)}")
        sections.append(block(trial.answer.text))
        if trial.answer.reasoning:
            sections += ["reasoning", block(trial.answer.reasoning)]
    sections += [f"note: {printable(note)}" for note in result.notes]
    sections += [_line(mark) for mark in result.marks]
    return "\n".join(sections)


def _inputs(variables: Mapping[str, Any]) -> list[tuple[str, Any]]:
    hidden = {*RESERVED_KEYS, *INPUT_KEYS}
    return [(name, value) for name, value in variables.items() if name not in hidden]


def _line(mark: Mark) -> str:
    value = "not scored" if mark.value is None else f"{mark.value:.2f}"
    sign = "passed" if mark.passed else "missed"
    sign = "      " if mark.value is None else sign
    reason = f": {printable(mark.reason)}" if mark.reason else ""
    return f"{sign}  {printable(mark.evaluator)}  {value}{reason}".replace("\n", " ")
