"""Lines of a file in its patch: where a comment can stand, and where a line went."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.forge.github.records import Side

_HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_SHOWN = {"LEFT": " -", "RIGHT": " +"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line in a patch.

    ``position`` counts from the patch's first line, which is 0. ``diff_hunk`` is the hunk down
    to the line, ``hunk_position`` the position of its header.
    """

    position: int
    hunk_position: int
    diff_hunk: str


def place(patch: str, side: Side, line: int) -> Place | None:
    """Where the line of that number stands in the patch, or None if it does not."""
    lines = patch.split("\n")
    numbers = {"LEFT": 0, "RIGHT": 0}
    header = 0
    for position, text in enumerate(lines):
        if start := _HEADER.match(text):
            header = position
            numbers = {"LEFT": int(start[1]), "RIGHT": int(start[3])}
            continue
        sign = text[:1]
        if sign in _SHOWN[side] and numbers[side] == line:
            hunk = "\n".join(lines[header : position + 1])
            return Place(position=position, hunk_position=header, diff_hunk=hunk)
        for each, signs in _SHOWN.items():
            numbers[each] += sign in signs
    return None


def moved(patch: str, first: int, last: int) -> tuple[int, int] | None:
    """Where old lines ``first`` to ``last`` are in the new file; None if one of them changed.

    ``patch`` has no context.
    """
    shift = 0
    for old, old_count, new_count in _hunks(patch):
        # Without old lines the hunk inserts behind line ``old``.
        start = old if old_count else old + 1
        if start > last:
            break
        if start + old_count > first and (old_count or start > first):
            return None
        shift += new_count - old_count
    return first + shift, last + shift


def _hunks(patch: str) -> Iterator[tuple[int, int, int]]:
    for text in patch.split("\n"):
        if found := _HEADER.match(text):
            old, old_count, _, new_count = found.groups()
            yield int(old), int(old_count or 1), int(new_count or 1)
