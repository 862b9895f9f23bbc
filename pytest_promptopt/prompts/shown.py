"""Goldens that stand in the prompt with their answers: a worked example tells nothing of a prompt.

They are told and not scored, whether a search has added them or somebody has.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import as_text

# What people put between an input and its answer: an arrow, a line's end, "Answer:".
_QUOTES = "[\"'`“”*)\\]]{0,3}"
_GAP = (
    rf"{_QUOTES}[^\S\n]{{0,3}}(?:\n[^\S\n]{{0,8}}|->|=>|→|=|:|\||\t)[^\S\n]{{0,3}}\n?[^\S\n]{{0,8}}"
    r"(?:[-*]{0,2}[^\W\d_]{1,12}[*]{0,2}[^\S\n]?[:=]\**[^\S\n]{0,3})?[\"'`“”*(\[]{0,3}"
)
# Before an input stands nothing on its line, or what marks it.
_START = "(?:^[^\\S\n]{0,8}|(?<=[:=>|\"'`“*\t(-])|(?<=[:=>|*.)-] ))"


def shown_in(prompt: Prompt, goldens: Sequence[Golden]) -> tuple[Golden, ...]:
    """Those of ``goldens`` whose input stands in the messages, and behind it what is expected.

    As a turn that asks what the golden asks and one that holds the answer, or as text: the input
    at the beginning of a line or behind a mark such as ``Input:``, then an arrow, a colon or a
    line's end, and the answer.
    """
    said = "\n".join(message.template.text.replace("{{{{", "{{") for message in prompt.messages)
    asked = [*turns(prompt)]
    return tuple(
        golden
        for golden in goldens
        if golden.has_expected
        and (_is_turn(prompt, golden, asked) or _is_text(prompt, golden, said))
    )


def inputs_of(prompt: Prompt, golden: Golden) -> Mapping[str, Any]:
    """The values of the golden that the prompt has placeholders for."""
    names = dict.fromkeys(
        name for message in prompt.messages for name in message.template.variables
    )
    return {name: golden.variables[name] for name in names if name in golden.variables}


def turns(prompt: Prompt) -> Iterator[tuple[str, str]]:
    """What is asked and answered in messages that have no placeholders."""
    for one, other in pairwise(prompt.messages):
        is_example = (one.role, other.role) == ("user", "assistant")
        if is_example and not (one.template.placeholders or other.template.placeholders):
            yield one.template.fill({}).strip(), other.template.fill({}).strip()


def _is_turn(prompt: Prompt, golden: Golden, turns: Sequence[tuple[str, str]]) -> bool:
    asking = [message for message in prompt.messages if message.role == "user"]
    if not turns or asking[-1].template.missing(golden.variables):
        return False
    asked = asking[-1].template.fill(golden.variables).strip()
    expected = as_text(golden.expected).strip()
    return any(asked == question and expected in answer for question, answer in turns)


def _is_text(prompt: Prompt, golden: Golden, said: str) -> bool:
    values = [as_text(value).strip() for value in inputs_of(prompt, golden).values()]
    expected = as_text(golden.expected).strip()
    if not (values and all(values) and expected and all(v in said for v in (*values, expected))):
        return False
    found = f"{_START}{re.escape(values[-1])}{_GAP}{re.escape(expected)}(?![^\\W_])"
    return re.search(found, said, re.MULTILINE) is not None
