"""Chats as other tools write them, as messages of ours."""

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.document import parse_document
from pytest_promptopt.prompts.formats.nunjucks import (
    as_json_template,
    as_template,
    not_understood,
    why_not,
)
from pytest_promptopt.prompts.formats.reading import Reading
from pytest_promptopt.prompts.formats.spot import Spot
from pytest_promptopt.prompts.formats.yaml_text import Note

_ROLES = ("system", "developer", "user", "assistant")


def messages_of(spot: Spot, reading: Reading) -> list[Any]:
    """The messages of a chat in JSON or YAML, else one of the user's with the text."""
    text = str(spot.value)
    chat = _chat(spot, text)
    if chat is None:
        return [
            *template_notes(spot, text, reading),
            {"role": "user", "content": as_template(text)},
        ]
    return [entry for item in chat.items() for entry in message_of(item, reading)]


def _chat(spot: Spot, text: str) -> Spot | None:
    """The list of messages that the text is, None where it is none."""
    if not text.lstrip().startswith(("[", "{", "-", "messages:")) or "role" not in text:
        return None
    try:
        document = parse_document(as_json_template(text), spot.location)
    except PromptFileError:
        return None
    chat = Spot.of(document, spot.path)
    if spot.node is not None or spot.line > 1:
        chat = spot.holding(chat.value)
    chat = chat.get("messages") or chat
    items = chat.value if isinstance(chat.value, list) else [None]
    return chat if all(isinstance(item, Mapping) and "role" in item for item in items) else None


def message_of(spot: Spot, reading: Reading) -> Iterator[Any]:
    """A message of a chat as ours, with notes on what in it is lost."""
    if not isinstance(spot.value, Mapping):
        yield reading.lose(spot, "a message must be a mapping of `role` and `content`")
        return
    role, content = spot.value.get("role"), spot.value.get("content")
    if isinstance(content, Mapping) and isinstance(content.get("text"), str):
        content = content["text"]
    if isinstance(content, list):
        if others := sorted({_kind(part) for part in content} - {"text", "input_text"}):
            yield reading.lose(spot, f"a message holds what is no text: {', '.join(others)}")
        texts = [part.get("text") for part in content if isinstance(part, Mapping)]
        content = "".join(text for text in texts if isinstance(text, str))
    if role not in _ROLES or not isinstance(content, str):
        yield reading.lose(spot, f"a message of the role `{role}` has no counterpart")
        return
    yield from template_notes(spot, content, reading)
    known = ("role", "content", *(("type",) if spot.value.get("type") == "message" else ()))
    yield from reading.lose_keys(spot, known, " of a message")
    yield {"role": role, "content": as_template(content)}


def _kind(part: Any) -> str:
    if not isinstance(part, Mapping):
        return "?"
    return str(part.get("type") or ("text" if "text" in part else next(iter(part), "?")))


def template_notes(spot: Spot, text: str, reading: Reading) -> Iterator[Note]:
    """What in the text is a template of another kind, as lost."""
    for line, found in not_understood(text):
        at = spot if spot.node else spot.later(line)
        yield reading.lose(at, why_not(found))
