"""Values of JSON that others wrote, each checked as it is taken out."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""The full id of a commit."""

_HALF_PAIR = re.compile("[\ud800-\udfff]")


def read_json(content: bytes) -> Any:
    """What ``content`` says; raises ValueError where it is not JSON."""
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None


@dataclass(frozen=True, slots=True)
class Fields:
    """An object in the JSON; ``path`` names it in errors, empty for the outermost.

    Every method raises ValueError that names the field and what was expected, never what stands
    there.
    """

    data: Mapping[str, Any]
    path: str = ""

    @classmethod
    def of(cls, value: Any, path: str = "") -> "Fields":
        """The object that ``value`` has to be."""
        if not isinstance(value, Mapping):
            raise ValueError(f"{f'`{path}`' if path else 'it'} must be an object")
        return cls(value, path)

    @classmethod
    def each_of(cls, value: Any) -> tuple["Fields", ...]:
        """The objects in the list that ``value`` has to be."""
        if not isinstance(value, list):
            raise ValueError("it must be a list")
        return tuple(cls.of(item, f"[{index}]") for index, item in enumerate(value))

    def text(self, name: str) -> str:
        """Text; halves of surrogate pairs, which nothing can print or send, are replaced."""
        value = self.data.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "text")
        return _HALF_PAIR.sub("\N{REPLACEMENT CHARACTER}", value)

    def commit(self, name: str) -> str:
        """The full id of a commit."""
        value = self.text(name)
        if not COMMIT.fullmatch(value):
            raise self._wrong(name, "the full id of a commit")
        return value

    def number(self, name: str) -> int:
        """A whole number from 1."""
        value = self.data.get(name)
        if type(value) is not int or value < 1:
            raise self._wrong(name, "a whole number from 1")
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.data.get(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def part(self, name: str) -> "Fields":
        """An object."""
        return Fields.of(self.data.get(name), self._named(name))

    def has(self, name: str) -> bool:
        """Whether there is anything but null."""
        return self.data.get(name) is not None

    def _wrong(self, name: str, expected: str) -> ValueError:
        return ValueError(f"`{self._named(name)}` must be {expected}")

    def _named(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name
