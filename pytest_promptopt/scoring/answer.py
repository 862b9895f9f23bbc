"""The answer in a completion: what remains without the model's reasoning."""

import re
from collections.abc import Iterator
from dataclasses import replace

from pytest_promptopt.providers.request import Completion, FinishReason

# How models fence their reasoning off; not where it is quoted.
_NAME = r"(?:\w+[:_])?(?:think(?:ing)?|thoughts?|reasoning)"
OPENING = re.compile(
    rf"(?<!`)(?:<{_NAME}(?:\s[^<>]*)?>|\[THINK\]|◁think▷|<\|begin_of_thought\|>"
    r"|<\|START_THINKING\|>)",
    re.IGNORECASE,
)
CLOSING = re.compile(
    rf"(?<!`)(?:</{_NAME}\s*>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>|<\|END_THINKING\|>)",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^[ \t]*(?:`{3}|~{3})", re.MULTILINE)
_MARK = re.compile(
    rf"(?P<opening>{OPENING.pattern})|(?P<closing>{CLOSING.pattern})|(?P<fence>{_FENCE.pattern})",
    re.IGNORECASE | re.MULTILINE,
)
# What some of them put around the answer that follows.
_AROUND = re.compile(
    r"\A\s*<\|(?:begin_of_solution|START_RESPONSE)\|>|<\|(?:end_of_solution|END_RESPONSE)\|>\s*\Z"
)

# OpenAI's harmony format, with its tokens or, where a server dropped these, without.
_CHANNEL = re.compile(
    r"(?:<\|start\|>\w+)?<\|channel\|>\s*(?P<name>\w+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>"
    r"(?P<content>.*?)(?P<end><\|(?:end|return|call)\|>|(?=<\|start\|>|<\|channel\|>)|\Z)",
    re.DOTALL,
)
_BARE_CHANNELS = re.compile(
    r"\A(?:assistant)?analysis(?P<reasoning>.*?)assistantfinal(?P<answer>.*)\Z", re.DOTALL
)


def read_answer(completion: Completion) -> Completion:
    """``completion`` with the answer as its text and everything else as its reasoning.

    Reasoning stands between marks such as ``<think>`` and ``</think>``, of which a server may have
    swallowed the first, or in a channel of its own. A block that is never closed is an answer
    that was cut off. A completion without such marks is given back as it is.
    """
    found = _channels(completion.text) or _blocks(completion.text)
    if found is None:
        return completion
    answer, reasoning, is_closed = found
    return replace(
        completion,
        text=answer.strip(),
        reasoning="\n\n".join(filter(None, (completion.reasoning, reasoning.strip()))),
        finish_reason=completion.finish_reason if is_closed else FinishReason.LENGTH,
    )


_Found = tuple[str, str, bool]


def _blocks(text: str) -> _Found | None:
    """Answer, reasoning and whether every block is closed; None without a block."""
    answer: list[str] = []
    reasoning: list[str] = []
    start, is_open, is_stray = 0, False, False
    for mark in _outside_code(text):
        if mark["opening"] and is_open:
            continue
        part = text[start : mark.start()]
        if mark["opening"]:
            answer.append(part)
        elif is_open or part.strip() or not start:
            # Without an opening: that was swallowed, or a block stood in a block.
            is_stray = not is_open and start > 0
            reasoning.append(part)
        start, is_open = mark.end(), mark["opening"] is not None
    if not start:
        return None
    rest = text[start:]
    if is_stray and not rest.strip():
        rest = reasoning.pop()
    (reasoning if is_open else answer).append(rest)
    told = "\n\n".join(filter(None, reasoning))
    return _AROUND.sub("", "".join(answer)), told, not is_open


def _outside_code(text: str) -> Iterator[re.Match[str]]:
    """The marks that no code block of the answer holds, in text order."""
    fences = len(_FENCE.findall(text))
    is_code = is_reasoning = False
    for mark in _MARK.finditer(text):
        if mark["fence"]:
            fences -= 1
            is_code = not is_reasoning and not is_code and fences > 0
        elif not is_code:
            is_reasoning = mark["opening"] is not None
            yield mark


def _channels(text: str) -> _Found | None:
    """The same of text in channels; the last ``final`` one holds the answer."""
    bare = _BARE_CHANNELS.match(text)
    if bare is not None:
        return bare["answer"], bare["reasoning"], True
    found = list(_CHANNEL.finditer(text)) if "<|channel|>" in text else []
    if not found:
        return None
    answers = [channel for channel in found if channel["name"] == "final"]
    reasoning = "\n\n".join(c["content"].strip() for c in found if c["name"] != "final")
    return answers[-1]["content"] if answers else "", reasoning, bool(answers)
