"""The messages of a prompt that may change, and the one that is rewritten."""

import re
from collections.abc import Sequence

from pytest_promptopt.errors import UsageError
from pytest_promptopt.prompts.prompt import Prompt

_BRACED = re.compile(r"\{\{[^{}]*\}\}")
_LETTER = re.compile(r"[^\W\d_]")


def editable_positions(prompt: Prompt, wanted: Sequence[int] | None) -> tuple[int, ...]:
    """The positions in ``wanted``, or by default every system and user message with words.

    User messages that an assistant message answers are worked examples and stay. Raises
    :class:`UsageError` where ``wanted`` names a message that is not there or an answer.
    """
    if wanted is None:
        return tuple(
            position
            for position in range(len(prompt.messages))
            if _is_open(prompt, position) and own_text(prompt, position)
        )
    for position in wanted:
        if position >= len(prompt.messages):
            raise UsageError(
                f"{prompt.location}: `editable` names message {position}, but there are "
                f"{len(prompt.messages)}, counted from 0"
            )
        if prompt.messages[position].role == "assistant":
            raise UsageError(
                f"{prompt.location}: `editable` names message {position}, which is an answer; "
                "only system and user messages may change"
            )
    return tuple(position for position in wanted if own_text(prompt, position))


def targets(prompt: Prompt, editable: Sequence[int], *, is_narrowed: bool) -> tuple[int, ...]:
    """The messages that are rewritten, one a round in turn.

    Those that were named; by default the one that holds the instructions, which is the longest
    system message, else the longest of the others.
    """
    if is_narrowed or not editable:
        return tuple(editable)
    system = [n for n in editable if prompt.messages[n].role == "system"]
    return (max(system or editable, key=lambda n: len(own_text(prompt, n))),)


def own_text(prompt: Prompt, position: int) -> str:
    """The message's text outside placeholders; empty without a single letter."""
    text = _BRACED.sub("", prompt.messages[position].template.text)
    return text if _LETTER.search(text) else ""


def _is_open(prompt: Prompt, position: int) -> bool:
    message = prompt.messages[position]
    following = prompt.messages[position + 1 : position + 2]
    is_example = message.role == "user" and any(m.role == "assistant" for m in following)
    return message.role != "assistant" and not is_example
