"""A prompt file edited in place: tokens are replaced, every other byte stays as it is.

Nothing here decides whether an edit is right: each one is read again, and what does not read as
meant is not returned.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.document import Document, decoded, parse_document
from pytest_promptopt.prompts.places import KeyPath, Place, find_places, refusal
from pytest_promptopt.prompts.scalar_forms import forms

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """New text for the scalar at ``path``, such as ``("messages", 0, "content")``."""

    path: KeyPath
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of a file in bytes from 0, without the byte at ``end``."""

    start: int
    end: int


def edit_texts(content: bytes, replacements: Sequence[Replacement], *, location: str) -> bytes:
    """The file with each scalar replaced; bytes outside of their tokens are those of ``content``.

    A scalar keeps its style where that can hold the text, else it becomes double-quoted; several
    lines in a block mapping become a literal block, and so does an alias. Raises
    :class:`PromptFileError` where a scalar cannot be replaced without changing anything else,
    ValueError where two replacements have the same path.
    """
    if len({replacement.path for replacement in replacements}) < len(replacements):
        raise ValueError("two replacements have the same path")
    document = parse_document(decoded(content, location), location)
    changed = [item for item in replacements if _text_at(document, item.path) != item.text]
    places = find_places(document, [item.path for item in changed])
    text, data = document.text, document.data
    for item in sorted(changed, key=lambda item: places[item.path].start, reverse=True):
        _refuse_surrogates(document, item)
        data = _with_text(data, item.path, item.text)
        edits = (
            _spliced(text, places[item.path], form)
            for form in forms(text, places[item.path], item.text)
        )
        edited = next((edit for edit in edits if reads_as(edit, data, location)), None)
        if edited is None:
            raise refusal(document, item.path, "cannot be replaced in place; edit it by hand")
        text = edited
    return encode_text(content, text)


def text_span(content: bytes, path: KeyPath, *, location: str) -> Span:
    """Where the token of the scalar at ``path`` stands: what :func:`edit_texts` would replace.

    That of a block scalar begins with its header and ends with the blank lines behind it. Raises
    :class:`PromptFileError` where the scalar could not be replaced.
    """
    document = parse_document(decoded(content, location), location)
    _text_at(document, path)
    place = find_places(document, [path])[path]
    start = len(encode_text(content, document.text[: place.start]))
    return Span(start=start, end=start + len(document.text[place.start : place.end].encode()))


def encode_text(content: bytes, text: str) -> bytes:
    """``text`` as a file, with a BOM if ``content`` has one."""
    return (_BOM if content.startswith(_BOM) else b"") + text.encode()


def _refuse_surrogates(document: Document, replacement: Replacement) -> None:
    if re.search(r"[\ud800-\udfff]", replacement.text):
        why = "cannot hold half of a surrogate pair; YAML has no way to write one"
        raise refusal(document, replacement.path, why)


def _text_at(document: Document, path: KeyPath) -> str:
    value = document.data
    for step in path:
        is_there = (
            step in value
            if isinstance(value, dict)
            else isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value)
        )
        if not is_there:
            raise refusal(document, path, "is not in the file")
        value = value[step]
    if not isinstance(value, str):
        raise refusal(document, path, "is not text")
    return value


def _with_text(data: Any, path: KeyPath, text: str) -> Any:
    """``data`` with ``text`` at ``path``; what aliases share elsewhere stays as it is."""
    if not path:
        return text
    changed = data.copy()
    changed[path[0]] = _with_text(data[path[0]], path[1:], text)
    return changed


def _spliced(text: str, place: Place, form: str) -> str:
    return text[: place.start] + form + text[place.end :]


def reads_as(text: str, data: Any, location: str) -> bool:
    """Whether ``text`` is a document that holds ``data`` and nothing else."""
    try:
        return bool(parse_document(text, location).data == data)
    except PromptFileError:
        return False
