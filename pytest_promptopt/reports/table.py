"""A table that fits the terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_GAP = "  "
_LEAST_NAME = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading and a cell a row.

    Where there is no room for all, those of a low ``rank`` are taken first; those of rank 0 always.
    """

    heading: str
    cells: tuple[str, ...]
    rank: int = 0

    @property
    def width(self) -> int:
        """Characters that it takes."""
        return max(len(text) for text in (self.heading, *self.cells))

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not any(self.cells)


def lay_out(names: Column, columns: Sequence[Column], width: int) -> Iterator[str]:
    """The heading and each row, in at most ``width`` characters as far as that can be.

    Names stand on the left, cut at their start where they are too long. Empty columns are left
    out.
    """
    least = min(names.width, max(_LEAST_NAME, width // 3))
    kept = _chosen([column for column in columns if not column.is_empty], width - least)
    room = min(names.width, max(width - _width(kept), least))
    for number, name in enumerate((names.heading, *names.cells), start=-1):
        texts = [column.heading if number < 0 else column.cells[number] for column in kept]
        padded = (f"{text:>{column.width}}" for text, column in zip(texts, kept, strict=True))
        yield _GAP.join((f"{_fitting(name, room):{room}}", *padded)).rstrip()


def _chosen(columns: Sequence[Column], room: int) -> list[Column]:
    """The columns that there is room for, in their order."""
    chosen: list[Column] = []
    for column in sorted(columns, key=lambda column: column.rank):
        if not column.rank or _width([*chosen, column]) <= room:
            chosen.append(column)
    return [column for column in columns if column in chosen]


def _width(columns: Sequence[Column]) -> int:
    return sum(len(_GAP) + column.width for column in columns)


def _fitting(name: str, room: int) -> str:
    return name if len(name) <= room else f"…{name[len(name) - room + 1 :]}"
