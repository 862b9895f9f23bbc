"""The message of a chat completion, at once or in pieces, in the ways of those who send one."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_promptopt.providers.request import Tell
from pytest_promptopt.providers.wire import Asked, unexpected
from pytest_promptopt.text.terminal import joined_pairs


def refusal_of(message: Mapping[str, Any]) -> str:
    """The words of a refusal, which some servers send as a part of the content."""
    refusal, content = message.get("refusal"), message.get("content")
    parts = content if isinstance(content, list) else []
    refused = (part.get("refusal") for part in parts if isinstance(part, dict))
    found = next((text for text in (refusal, *refused) if text), "")
    return found if isinstance(found, str) else json.dumps(found)


def text_of(asked: Asked, message: Mapping[str, Any]) -> str:
    """What is said; raises TransientError for content of another kind."""
    content = message.get("content")
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return _joined(part for part in content if not _is_reasoning(part))
    raise unexpected(asked, f"choices[0].message.content that is a {type(content).__name__}")


def reasoning_of(message: Mapping[str, Any]) -> str:
    """What servers that speak this protocol give of the model's reasoning, in their ways."""
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    named = (message.get("reasoning_content"), message.get("reasoning"))
    given = next((text for text in named if isinstance(text, str)), "")
    return given or _joined(part for part in parts if _is_reasoning(part))


class ChatAssembly:
    """The first choice of a chat completion, from its chunks."""

    def __init__(self, tell: Tell, asked: Asked) -> None:
        self._tell = tell
        self._asked = asked
        self._choice: dict[str, Any] = {}
        self._said: dict[str, list[str]] = {"content": [], "reasoning": [], "refusal": []}
        self._calls: list[Any] = []
        self._likelihoods: list[Any] = []
        self._usage: Any = None

    def add(self, event: Mapping[str, Any]) -> None:
        """Take a chunk; the last has the usage, and mostly no choice."""
        self._usage = event.get("usage") or self._usage
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if isinstance(choice, dict) and not choice.get("index"):
            self._add(choice)

    @property
    def is_whole(self) -> bool:
        """Whether it was told why the model stopped."""
        return "finish_reason" in self._choice

    def content(self) -> dict[str, Any]:
        """The chat completion."""
        said = {name: joined_pairs("".join(pieces)) for name, pieces in self._said.items()}
        choice = {**self._choice, "message": {**said, "tool_calls": self._calls}}
        if self._likelihoods:
            choice["logprobs"] = {"content": self._likelihoods}
        return {"choices": [choice], "usage": self._usage}

    def _add(self, choice: dict[str, Any]) -> None:
        delta = choice.get("delta")
        self._choice |= {
            name: choice[name] for name in ("finish_reason", "error") if choice.get(name)
        }
        likelihoods = choice.get("logprobs")
        tokens = likelihoods.get("content") if isinstance(likelihoods, dict) else None
        self._likelihoods += tokens if isinstance(tokens, list) else []
        if isinstance(delta, dict):
            self._calls += [call for call in (delta.get("tool_calls"),) if call]
            self._say("reasoning", reasoning_of(delta))
            self._say("content", text_of(self._asked, delta))
            self._say("refusal", refusal_of(delta))

    def _say(self, name: str, text: str) -> None:
        if text:
            self._said[name].append(text)
            self._tell(text, is_reasoning=name == "reasoning")


def _is_reasoning(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") in ("reasoning", "thinking")


def _joined(parts: Iterable[object]) -> str:
    """The texts of content parts; a part of reasoning may have them one level down."""
    texts: list[str] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict):
            values = (part.get(key) for key in ("text", "thinking", "reasoning"))
            found = next((value for value in values if value), "")
            texts.append(_joined(found) if isinstance(found, list) else str(found))
    return "".join(texts)
