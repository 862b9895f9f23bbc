"""Anthropic's message, from the events of its stream."""

from collections.abc import Mapping
from typing import Any

from pytest_promptopt.providers.request import Tell


class MessageAssembly:
    """Text and thinking block by block, with why the model stopped and what it took."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._message: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._said: dict[str, list[str]] = {"text": [], "thinking": []}

    def add(self, event: Mapping[str, Any]) -> None:
        """Take an event; of other kinds than the known ones is nothing that we read."""
        match event:
            case {"type": "message_start", "message": dict(message)}:
                self._use(message.get("usage"))
            case {"type": "content_block_start", "content_block": dict(piece)}:
                self._say(piece)
            case {"type": "content_block_delta", "delta": dict(piece)}:
                self._say(piece)
            case {"type": "message_delta", "delta": dict(delta)}:
                self._message |= {name: value for name, value in delta.items() if value is not None}
                self._use(event.get("usage"))

    @property
    def is_whole(self) -> bool:
        """Whether it was told why the model stopped."""
        return "stop_reason" in self._message

    def content(self) -> dict[str, Any]:
        """The message."""
        blocks = [{name: "".join(pieces)} for name, pieces in self._said.items()]
        return {**self._message, "content": blocks, "usage": self._usage}

    def _say(self, piece: Mapping[str, Any]) -> None:
        for name, pieces in self._said.items():
            text = piece.get(name)
            if isinstance(text, str) and text:
                pieces.append(text)
                self._tell(text, is_reasoning=name == "thinking")

    def _use(self, usage: object) -> None:
        """What is told at the end counts on from the start."""
        if isinstance(usage, dict):
            self._usage |= {name: value for name, value in usage.items() if value is not None}
