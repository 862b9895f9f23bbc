"""Replies of the optimizer model: what each must look like, and what it holds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pytest_promptopt.providers.request import Completion, FinishReason
from pytest_promptopt.scoring.answer import read_answer
from pytest_promptopt.scoring.json_value import NotJsonError, read_json

ReplyKind = Literal["tags", "json"]

_KEY = "items"


class ReplyError(Exception):
    """The reply cannot be used: what was found and what is expected, for the model to read."""


class CutOffError(ReplyError):
    """The reply ends at the token limit; another try would end there too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """``count`` texts of a kind, in tags of that name or in a JSON list."""

    tag: str
    count: int = 1
    kind: str = "tags"

    @property
    def instruction(self) -> str:
        """What is said about it at the end of a request."""
        what = f"the {self.tag}" if self.count == 1 else f"{self.count} of them"
        if self.kind == "json":
            return (
                f'Answer with a JSON object like {{"{_KEY}": ["…"]}} that holds {what} as text, '
                "and nothing else."
            )
        each = "" if self.count == 1 else ", each"
        return (
            f"Write {what}{each} between <{self.tag}> and </{self.tag}>, "
            "without a code fence around it."
        )

    @property
    def json_schema(self) -> Mapping[str, Any] | None:
        """The wrapper of a structured reply, None for tags."""
        if self.kind != "json":
            return None
        items = {"type": "array", "items": {"type": "string"}, "minItems": 1}
        schema = {
            "type": "object",
            "properties": {_KEY: {**items, "maxItems": self.count}},
            "required": [_KEY],
            "additionalProperties": False,
        }
        return {"name": "reply", "schema": schema}

    def read(self, completion: Completion) -> tuple[str, ...]:
        """The texts, from one to ``count``, none of them empty; raises :class:`ReplyError`."""
        if completion.finish_reason is FinishReason.LENGTH:
            raise CutOffError("the reply was cut off at the token limit")
        reply = read_answer(completion)
        if reply.finish_reason is FinishReason.LENGTH:
            raise CutOffError("the reply ends within its reasoning")
        found = self._of_json(reply.text) if self.kind == "json" else self._of_text(reply.text)
        texts = [item.strip() for item in found]
        if not any(texts):
            raise ReplyError(f"there is no {self.tag} in the reply")
        return tuple(item for item in texts if item)[: self.count]

    def _of_text(self, text: str) -> list[str]:
        """In tags, or as the text of that name in an object, as models like to reply."""
        if f"<{self.tag}>" in text:
            return self._of_tags(text)
        try:
            data = read_json(text)
        except NotJsonError:
            return self._of_tags(text)
        named = data.get(self.tag) if isinstance(data, dict) else None
        return [named] if isinstance(named, str) else self._of_tags(text)

    def _of_tags(self, text: str) -> list[str]:
        opening, closing = f"<{self.tag}>", f"</{self.tag}>"
        parts = text.split(opening)
        if len(parts) == 1:
            raise ReplyError(f"{opening} is missing")
        found = []
        for part in parts[1:]:
            content, closed, rest = part.partition(closing)
            if not closed:
                raise ReplyError(f"{closing} is missing")
            if closing in rest:
                raise ReplyError(f"{closing} stands where nothing was opened")
            found.append(content)
        return found

    def _of_json(self, text: str) -> list[str]:
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise ReplyError("the reply is not JSON") from None
        items = data.get(_KEY) if isinstance(data, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise ReplyError(f'the reply is not an object with a list of texts under "{_KEY}"')
        return items
