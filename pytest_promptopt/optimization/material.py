"""Prompts, goldens and answers as they stand in requests to the optimizer model: as data."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.shown import inputs_of

_LONGEST_VALUE = 600
_BEGINNING = 400
_BACKTICKS = re.compile(r"`{3,}")
_LINE_ENDS = {"\u2028": "\\u2028", "\u2029": "\\u2029", "\x85": "\\u0085"}


def fenced(text: str) -> str:
    """``text`` in a fence longer than any inside."""
    longest = max((len(found) for found in _BACKTICKS.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{text}\n{fence}"


def data_line(data: Mapping[str, Any]) -> str:
    """``data`` as JSON on one line, long texts in it without their middle."""
    shown = {key: _shortened(value) for key, value in data.items() if value is not None}
    encoded = json.dumps(shown, ensure_ascii=False, default=str)
    return "".join(_LINE_ENDS.get(character, character) for character in encoded)


def data_block(lines: Iterable[str]) -> str:
    """Lines of JSON in a fence; none of them can close it."""
    return fenced("\n".join(lines))


def case_line(prompt: Prompt, case: Case) -> str:
    """Input, expected answer, answer, and what the evaluators said of it."""
    return data_line(
        {
            "input": inputs_of(prompt, case.golden),
            "expected": case.golden.expected,
            "answer": case.answer,
            "reason": "; ".join(case.reasons) or None,
        }
    )


def pair_line(prompt: Prompt, golden: Golden) -> str:
    """Input and expected answer."""
    return data_line({"input": inputs_of(prompt, golden), "expected": golden.expected})


def template_view(prompt: Prompt, candidate: Candidate, position: int) -> str:
    """All messages with their placeholders; the one to rewrite is marked."""
    shown = []
    for index, message in enumerate(prompt.messages):
        mark = " (the message to rewrite)" if index == position else ""
        text = candidate.text(prompt, index)
        shown.append(f"{message.role} message{mark}:\n{fenced(text)}")
    return "\n".join(shown)


def _shortened(value: Any) -> Any:
    match value:
        case str() if len(value) > _LONGEST_VALUE:
            # A text may say at its end what is to be done with it.
            return f"{value[:_BEGINNING]} … {value[_BEGINNING - _LONGEST_VALUE :]}"
        case Mapping():
            return {str(key): _shortened(item) for key, item in value.items()}
        case list() | tuple():
            return [_shortened(item) for item in value]
        case _:
            return value
