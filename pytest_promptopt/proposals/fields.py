"""Values of a JSON file that may be wrong or hostile, each checked as it is taken out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fields:
    """An object in the file; ``path`` names it in errors, empty for the file's own.

    Every method raises ValueError that names the field and what was expected, never what stands
    there.
    """

    data: Mapping[str, Any]
    path: str = ""

    @classmethod
    def of(cls, value: Any, path: str = "") -> "Fields":
        """The object that ``value`` has to be."""
        if not isinstance(value, Mapping):
            raise ValueError(f"{f'`{path}`' if path else 'the file'} must be an object")
        return cls(value, path)

    def text(self, name: str) -> str:
        """Text, without halves of surrogate pairs."""
        return _text(self.data.get(name), self._named(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        where = self._named(name)
        return tuple(_text(item, f"{where}[{n}]") for n, item in enumerate(self._items(name)))

    def count(self, name: str) -> int:
        """A whole number from 0."""
        value = self.data.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"`{self._named(name)}` must be a whole number from 0")
        return value

    def number(self, name: str, low: float, high: float) -> float:
        """A number from ``low`` to ``high``."""
        return _number(self.data.get(name), self._named(name), low, high)

    def numbers(self, name: str, count: int, low: float, high: float) -> tuple[float, ...]:
        """A list of so many numbers."""
        items, where = self._items(name), self._named(name)
        if len(items) != count:
            raise ValueError(f"`{where}` must be a list of {count} numbers")
        return tuple(_number(item, f"{where}[{n}]", low, high) for n, item in enumerate(items))

    def part(self, name: str) -> "Fields":
        """An object."""
        return Fields.of(self.data.get(name), self._named(name))

    def parts(self, name: str) -> tuple["Fields", ...]:
        """A list of objects."""
        where = self._named(name)
        return tuple(Fields.of(item, f"{where}[{n}]") for n, item in enumerate(self._items(name)))

    def has(self, name: str) -> bool:
        """Whether there is anything but null."""
        return self.data.get(name) is not None

    def wrong(self, name: str, expected: str) -> ValueError:
        """The error of a field that is not what was ``expected``."""
        return ValueError(f"`{self._named(name)}` must be {expected}")

    def _items(self, name: str) -> Sequence[Any]:
        value = self.data.get(name)
        if not isinstance(value, list):
            raise self.wrong(name, "a list")
        return value

    def _named(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"`{where}` must be text")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"`{where}` holds half of a surrogate pair")
    return value


def _number(value: Any, where: str, low: float, high: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        bounds = f"from {low:g} to {high:g}" if math.isfinite(high) else f"from {low:g}"
        raise ValueError(f"`{where}` must be a number {bounds}")
    return float(value)
