"""A prompt file's content as the text of one, with notes as comments."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from pytest_promptopt.prompts.scalar_forms import BLOCK_TEXT, quoted
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.prompts.written import WrittenFloat, WrittenInt
from pytest_promptopt.text.terminal import one_line

_WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z_][\w./-]*(?::[\w./-]+)*(?: [\w./()-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Note:
    """A comment: an item of a list, or a key of a mapping with whatever value."""

    text: str


def yaml_text(content: Mapping[Any, Any] | list[Any]) -> str:
    """``content`` as YAML that reads as it; short collections stand on one line."""
    return "".join(f"{line}\n" if line else "\n" for line in _lines(content))


def without_notes(value: Any) -> Any:
    """A copy of JSON-like ``value`` without its notes."""
    match value:
        case Mapping():
            return {k: without_notes(v) for k, v in value.items() if not isinstance(k, Note)}
        case list() | tuple():
            return [without_notes(item) for item in value if not isinstance(item, Note)]
        case _:
            return value


def has_notes(value: Any) -> bool:
    """Whether a note stands anywhere in it."""
    match value:
        case Mapping():
            return any(isinstance(k, Note) or has_notes(v) for k, v in value.items())
        case list() | tuple():
            return any(isinstance(item, Note) or has_notes(item) for item in value)
        case _:
            return False


def _lines(value: Any) -> Iterator[str]:
    """A collection in block style, at column 0."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _entry(key, item)
        return
    for item in value:
        yield from _item(item)


def _entry(key: Any, value: Any) -> Iterator[str]:
    if isinstance(key, Note):
        yield _comment(key)
        return
    name = _scalar(str(key))
    if _is_collection(value) and not _inline(value):
        if all(isinstance(part, Note) for part in value):
            yield from map(_comment, value)
            return
        yield f"{name}:"
        yield from _indented(_lines(value))
        return
    first, *others = _value(value)
    yield f"{name}: {first}"
    yield from _indented(iter(others))


def _item(value: Any) -> Iterator[str]:
    if isinstance(value, Note):
        yield _comment(value)
        return
    lines = _lines(value) if _is_collection(value) and not _inline(value) else iter(_value(value))
    notes: list[str] = []
    for first in lines:
        if not first.startswith("#"):
            yield from notes
            yield f"- {first}"
            break
        notes.append(first)
    else:
        yield from notes
        yield "- {}"
    yield from _indented(lines)


def _value(value: Any) -> list[str]:
    """A scalar or a short collection; the lines of a block scalar stand at column 0."""
    if _is_collection(value):
        return [_inline(value)]
    if isinstance(value, str) and "\n" in value.strip("\n") and _stays_block(value):
        body = value.rstrip("\n").split("\n")
        return ["|" if value.endswith("\n") else "|-", *body]
    return [_scalar(value)]


def _stays_block(text: str) -> bool:
    is_plain = not text.startswith((" ", "\t", "\n")) and not text.endswith("\n\n")
    return is_plain and BLOCK_TEXT.fullmatch(text) is not None


def _inline(value: Any) -> str:
    """A collection on one line; empty where it does not fit there."""
    if has_notes(value) or _has_lines(value):
        return ""
    text = _flow(value)
    return text if len(text) <= _WIDTH else ""


def _has_lines(value: Any) -> bool:
    match value:
        case str():
            return "\n" in value.strip()
        case Mapping():
            return any(map(_has_lines, value.values()))
        case list() | tuple():
            return any(map(_has_lines, value))
        case _:
            return False


def _flow(value: Any) -> str:
    match value:
        case Mapping():
            pairs = (f"{_scalar(str(key))}: {_flow(item)}" for key, item in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list() | tuple():
            return f"[{', '.join(map(_flow, value))}]"
        case _:
            return _scalar(value)


def _scalar(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case WrittenInt() | WrittenFloat() | int() | float():
            return as_text(value)
        case _:
            text = str(value)
            return text if _is_plain(text) else quoted(text)


def _is_plain(text: str) -> bool:
    """Whether readers of YAML 1.1 too take the bare text for text."""
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers.get(text[:1], [])
    is_word = any(pattern.match(text) for _, pattern in resolvers)
    return _PLAIN.fullmatch(text) is not None and not is_word


def _is_collection(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)


def _comment(note: Note) -> str:
    return f"# {one_line(note.text)}"


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" if line else "" for line in lines)
