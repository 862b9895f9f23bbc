"""Text with ``{{placeholders}}``: filled in one pass, without logic."""

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_promptopt.prompts.lettered import Lettered
from pytest_promptopt.prompts.written import WrittenFloat, WrittenInt

# Blanks of every kind, also those that nobody sees.
_BLANK = r"[\s\u200b\u2060\ufeff]*"
_TOKEN = re.compile(
    r"(?P<literal>\{\{\{\{)"
    rf"|\{{\{{{_BLANK}(?P<name>[^\W\d][\w-]*(?:\.[\w-]+)*){_BLANK}\}}\}}"
    r"|\{\{(?P<other>[^{}]*)\}\}"
)


class MissingValueError(Exception):
    """A placeholder has no value; the name is ``args[0]``."""


@dataclass(frozen=True, slots=True)
class Template:
    """Text that may hold placeholders.

    ``{{name}}`` stands for a value, blanks inside the braces are allowed and ``{{a.b}}`` reaches
    into a mapping. Whatever else stands in braces is filled where there is a value of exactly that
    name, such as ``{{user name}}`` or ``{{1}}``, and stays text elsewhere. ``{{{{`` is a literal
    ``{{``. What a value contains is never expanded again.
    """

    text: str

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Names in order of first appearance."""
        return _placeholders(self.text)

    @property
    def others(self) -> Mapping[str, str]:
        """What is filled only where a value is called so: its name, and how it stands there."""
        return _others(self.text)

    @property
    def variables(self) -> tuple[str, ...]:
        """What may be used of the values: ``{{a.b}}`` may use ``a.b`` or a part of ``a``."""
        roots = (name.partition(".")[0] for name in self.placeholders)
        return tuple(dict.fromkeys((*self.placeholders, *roots, *self.others)))

    def missing(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Placeholders that ``values`` has nothing for."""
        return tuple(name for name in self.placeholders if not _has(values, name))

    def fill(self, values: Mapping[str, Any]) -> str:
        """The text with every placeholder replaced; raises :class:`MissingValueError`."""
        return "".join(text for text, _ in self.pieces(values))

    def pieces(self, values: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
        """The filled text in runs, each with whether it is a value; raises as :meth:`fill`."""
        end = 0
        for match in _TOKEN.finditer(self.text):
            yield self.text[end : match.start()], False
            end = match.end()
            key = _trimmed(match["other"] or "")
            if match["name"]:
                yield as_text(_get(values, match["name"])), True
            elif match["literal"]:
                yield "{{", False
            else:
                yield (as_text(values[key]), True) if key in values else (match[0], False)
        yield self.text[end:], False

    def fill_value(self, values: Mapping[str, Any]) -> Any:
        """Like :meth:`fill`, but a template that is one placeholder gives the value itself."""
        match = _TOKEN.fullmatch(self.text.strip())
        if match and match["name"]:
            return _get(values, match["name"])
        if match and match["other"] and _trimmed(match["other"]) in values:
            return values[_trimmed(match["other"])]
        return self.fill(values)


def fill_deep(value: Any, values: Mapping[str, Any]) -> Any:
    """A copy of JSON-like ``value``, every string filled by :meth:`Template.fill_value`."""
    match value:
        case str():
            return Template(value).fill_value(values)
        case Mapping():
            return {key: fill_deep(item, values) for key, item in value.items()}
        case list() | tuple():
            return [fill_deep(item, values) for item in value]
        case _:
            return value


def templates_in(value: Any) -> Iterable[Template]:
    """Every string inside JSON-like ``value``, as a template."""
    match value:
        case str():
            yield Template(value)
        case Mapping():
            for item in value.values():
                yield from templates_in(item)
        case list() | tuple():
            for item in value:
                yield from templates_in(item)


def as_text(value: Any) -> str:
    """A golden's value as it stands in a message.

    Strings as they are, a number as the file writes it, lettered options a line each, the rest as
    JSON.
    """
    if isinstance(value, WrittenInt | WrittenFloat):
        return value.written
    if isinstance(value, Lettered):
        return "\n".join(f"{letter}) {as_text(option)}" for letter, option in value.lines)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@functools.lru_cache(maxsize=1024)
def _placeholders(text: str) -> tuple[str, ...]:
    names = (match["name"] for match in _TOKEN.finditer(text) if match["name"])
    return tuple(dict.fromkeys(names))


@functools.lru_cache(maxsize=1024)
def _others(text: str) -> Mapping[str, str]:
    found = {_trimmed(match["other"] or ""): match[0] for match in _TOKEN.finditer(text)}
    return {name: token for name, token in found.items() if name}


def _trimmed(text: str) -> str:
    return " ".join(text.split())


def _get(values: Mapping[str, Any], name: str) -> Any:
    if name in values:
        return values[name]
    found: Any = values
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            raise MissingValueError(name)
        found = found[part]
    return found


def _has(values: Mapping[str, Any], name: str) -> bool:
    try:
        _get(values, name)
    except MissingValueError:
        return False
    return True
