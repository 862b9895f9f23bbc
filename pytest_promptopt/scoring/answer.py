"""From a completion to the answer in it: what remains without the model's reasoning."""

import re
from dataclasses import replace

from pytest_promptopt.providers.request import Completion, FinishReason

# How models fence their reasoning off; not where it is quoted.
_NAME = r"(?:\w+[:_])?(?:think(?:ing)?|thoughts?|reasoning)"
_OPENING = re.compile(
    rf"(?<!`)(?:<{_NAME}(?:\s[^<>]*)?>|\[THINK\]|◁think▷|<\|begin_of_thought\|>"
    r"|<\|START_THINKING\|>)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    rf"(?<!`)(?:</{_NAME}\s*>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>|<\|END_THINKING\|>)",
    re.IGNORECASE,
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
    if not _OPENING.search(text) and not _CLOSING.search(text):
        return None
    answer: list[str] = []
    reasoning: list[str] = []
    rest, is_closed = text, True
    swallowed = _CLOSING.search(rest)
    opened = _OPENING.search(rest)
    if swallowed and (opened is None or swallowed.start() < opened.start()):
        reasoning.append(rest[: swallowed.start()])
        rest = rest[swallowed.end() :]
    while opening := _OPENING.search(rest):
        answer.append(rest[: opening.start()])
        closing = _CLOSING.search(rest, opening.end())
        is_closed = closing is not None
        reasoning.append(rest[opening.end() : closing.start() if closing else None])
        rest = rest[closing.end() :] if closing else ""
    # A block inside a block: what stands before the last mark is reasoning too.
    *inner, rest = [part for part in _CLOSING.split(rest) if part.strip()] or [""]
    reasoning += inner
    answer.append(rest)
    return _AROUND.sub("", "".join(answer)), "\n\n".join(filter(None, reasoning)), is_closed


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
