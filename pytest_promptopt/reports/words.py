"""The difference of two texts, word by word."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Change = Literal["same", "removed", "added"]
Line = tuple["Piece", ...]

# A word or a sign with the white space before it. Scripts without blanks go by characters.
_BLANKLESS = r"\u3040-\u30ff\u3400-\u9fff"
_TOKEN = re.compile(rf"\s*(?:[{_BLANKLESS}]|[^\W{_BLANKLESS}]+|[^\w\s])|\s+")
# Comparing takes up to the square of their number; beyond, all counts as changed.
_MOST_COMPARED = 2000


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that is in both texts, or in one of them only."""

    change: Change
    text: str


def compare_words(old: str, new: str) -> tuple[Piece, ...]:
    """The pieces of both texts, in order: lines are matched first, then words within them."""
    return tuple(_joined(_compare_lines(old, new)))


def changed_lines(pieces: Iterable[Piece], *, context: int) -> Iterator[Line | None]:
    """The lines with changes and ``context`` lines around each; None where lines are left out.

    Where only white space changed, its line breaks are made visible.
    """
    lines = _lines(pieces)
    changed = [
        number for number, line in enumerate(lines) if any(piece.change != "same" for piece in line)
    ]
    shown = {
        number
        for center in changed
        for number in range(max(center - context, 0), min(center + context + 1, len(lines)))
    }
    left_out = False
    for number, line in enumerate(lines):
        if number in shown:
            if left_out:
                yield None
            yield line
        left_out = number not in shown
    if left_out and shown:
        yield None


def _compare_lines(old: str, new: str) -> Iterator[Piece]:
    ours, theirs = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for is_same, removed, added in _runs(ours, theirs):
        if is_same:
            yield Piece("same", "".join(removed))
        else:
            tokens = (_TOKEN.findall("".join(lines)) for lines in (removed, added))
            yield from _compare_tokens(*tokens)


def _compare_tokens(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for is_same, removed, added in _runs(old, new, _without_blank):
        if is_same:
            for ours, theirs in zip(removed, added, strict=True):
                yield from _same_word(ours, theirs)
        else:
            yield from (Piece("removed", "".join(removed)), Piece("added", "".join(added)))


def _same_word(old: str, new: str) -> Iterator[Piece]:
    """The word, and the blank before it where one side has none."""
    if old == new:
        yield Piece("same", old)
    else:
        word = _without_blank(old)
        yield Piece("removed" if old != word else "added", " ")
        yield Piece("same", word)


def _without_blank(token: str) -> str:
    """A word without the one blank before it, which it has not where a text begins with it."""
    return token[1:] if token[:1] == " " and not token[:2].isspace() else token


def _runs(
    old: Sequence[str], new: Sequence[str], key: Callable[[str], str] = str
) -> Iterator[tuple[bool, Sequence[str], Sequence[str]]]:
    """Whether the next run of each side is the same by its ``key``, and the runs."""
    if max(len(old), len(new)) > _MOST_COMPARED:
        yield False, old, new
        return
    matcher = SequenceMatcher(None, [*map(key, old)], [*map(key, new)])
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        yield kind == "equal", old[i1:i2], new[j1:j2]


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Without empty pieces, neighbours of one kind as one."""
    last: Piece | None = None
    for piece in pieces:
        if not piece.text:
            continue
        if last is not None and last.change == piece.change:
            last = Piece(last.change, last.text + piece.text)
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last


def _lines(pieces: Iterable[Piece]) -> list[Line]:
    lines: list[list[Piece]] = [[]]
    for piece in pieces:
        text = piece.text
        if piece.change != "same" and text.isspace():
            text = text.replace("\n", "⏎\n")
        first, *rest = text.split("\n")
        lines[-1].append(Piece(piece.change, first))
        lines.extend([Piece(piece.change, line)] for line in rest)
    return [tuple(piece for piece in line if piece.text) for line in lines]
