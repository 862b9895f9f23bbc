"""An edit as suggestions: lines that a click on GitHub replaces.

GitHub takes a suggestion only where its lines are in the pull request's diff, within one hunk.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_promptopt.errors import PromptoptError
from pytest_promptopt.proposals.invisible import invisible_in
from pytest_promptopt.text.excerpt import one_line

MOST_CHARACTERS = 60_000
"""GitHub takes 65,536 in a comment; the rest is for what is put around the block."""

_HEAD = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(?: .*)?", re.ASCII)
_BACKTICKS = re.compile("`+")


class NotSuggestableError(PromptoptError):
    """An edit that cannot be a suggestion; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """The lines ``first`` to ``last`` of the file as it is, from 1, become ``lines``.

    These are whole lines with their ends, none where the old ones are deleted.
    """

    first: int
    last: int
    lines: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hunk:
    """Lines of the new side from number ``first``, without their ends."""

    first: int
    lines: Sequence[str]

    @property
    def span(self) -> range:
        return range(self.first, self.first + len(self.lines))


def suggestions(before: bytes, after: bytes, patch: str | None) -> tuple[Replaced, ...]:
    """The edit from ``before`` to ``after`` as replaced lines of ``before``, in their order.

    ``before`` is the file at the pull request's head, ``patch`` what GitHub shows of the pull
    request's own change of it. Raises :class:`NotSuggestableError` unless all of the edit can be
    suggested, to the letter.
    """
    old, new = _lines(before), _lines(after)
    if old == new:
        raise NotSuggestableError("nothing changes")
    if patch is None:
        raise NotSuggestableError("GitHub shows no diff of the file")
    shown = _shown(patch, old)
    replaced: list[Replaced] = []
    for start, end, added in _changes(old, new):
        if start < end:
            replaced.append(Replaced(first=start + 1, last=end, lines=added))
        elif replaced and replaced[-1].last == start:
            # Its neighbour above was taken for what stands above that.
            replaced[-1] = replace(replaced[-1], lines=replaced[-1].lines + added)
        else:
            replaced.append(_inserted(old, start, added, shown))
    for part in replaced:
        _check(part, old, shown)
    return tuple(replaced)


def lines_in_diff(patch: str) -> tuple[range, ...]:
    """The lines of the new side that each hunk of ``patch`` shows, counted from 1.

    ``patch`` holds hunks alone, as GitHub's API gives it. Raises ValueError for what is none.
    """
    return tuple(hunk.span for hunk in _hunks(patch))


def suggestion_block(lines: str) -> str:
    """The block of Markdown that GitHub offers to commit, for ``lines`` with their ends."""
    longest = max((len(run) for run in _BACKTICKS.findall(lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}suggestion\n{lines}{fence}"


def _lines(content: bytes) -> list[str]:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise NotSuggestableError("the file is not UTF-8") from None
    if "\r" in text:
        # What a click commits ends its lines as the browser or the API sent them.
        raise NotSuggestableError("the file has lines that end with a carriage return")
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """The old lines ``start`` to ``end``, from 0 and without the last, and what replaces them."""
    matcher = difflib.SequenceMatcher(None, old, new)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            yield start, end, "".join(new[new_start:new_end])


def _inserted(old: Sequence[str], at: int, added: str, shown: Sequence[range]) -> Replaced:
    """Lines that are only added replace a neighbour that is shown, by itself and them."""
    above, below = at, at + 1
    if _are_shown(above, above, shown):
        return Replaced(first=above, last=above, lines=old[above - 1] + added)
    if _are_shown(below, below, shown):
        return Replaced(first=below, last=below, lines=added + old[below - 1])
    raise NotSuggestableError(
        f"neither side of what is added after line {at} is in the pull request's diff"
    )


def _check(part: Replaced, old: Sequence[str], shown: Sequence[range]) -> None:
    if not _are_shown(part.first, part.last, shown):
        is_one = part.first == part.last
        which = f"line {part.first} is" if is_one else f"lines {part.first} to {part.last} are"
        raise NotSuggestableError(f"{which} not in the pull request's diff")
    if not old[part.last - 1].endswith("\n") or part.lines[-1:] not in {"", "\n"}:
        raise NotSuggestableError("the file's last line has no line end")
    if next(invisible_in(part.lines), None) is not None:
        raise NotSuggestableError("the new lines hold characters that nobody sees")
    if len(part.lines) > MOST_CHARACTERS:
        raise NotSuggestableError(f"the new lines are more than {MOST_CHARACTERS:,} characters")


def _are_shown(first: int, last: int, shown: Sequence[range]) -> bool:
    return any(first in span and last in span for span in shown)


def _shown(patch: str, old: Sequence[str]) -> list[range]:
    try:
        hunks = [*_hunks(patch)]
    except ValueError as error:
        raise NotSuggestableError(f"the pull request's diff cannot be read: {error}") from None
    for hunk in hunks:
        there = [line.rstrip("\n") for line in old[hunk.first - 1 : hunk.span.stop - 1]]
        if hunk.lines and there != [*hunk.lines]:
            raise NotSuggestableError("the pull request's diff is of another state of the file")
    return [hunk.span for hunk in hunks]


def _hunks(patch: str) -> Iterator[_Hunk]:
    lines = iter(patch.removesuffix("\n").split("\n"))
    stop = 1
    for line in lines:
        if line.startswith("\\ "):
            continue
        head = _HEAD.fullmatch(line)
        if head is None or int(head[2]) < stop - 1:
            raise ValueError(f"expected the head of the next hunk, found {one_line(line, 40)!r}")
        removed, added = (1 if count is None else int(count) for count in (head[1], head[3]))
        hunk = _Hunk(first=int(head[2]), lines=[*_new_side(lines, removed, added)])
        if hunk.lines and hunk.first < stop:
            raise ValueError(f"a hunk begins at line {hunk.first}, expected {stop} or later")
        stop = hunk.span.stop
        yield hunk


def _new_side(lines: Iterator[str], removed: int, added: int) -> Iterator[str]:
    """The lines of a hunk that has so many old and new ones, taken from ``lines``."""
    while removed or added:
        line = next(lines, None)
        if line is None:
            raise ValueError("a hunk has fewer lines than its head says")
        sign = line[:1] or " "
        if sign not in " +-\\":
            raise ValueError(f"expected a line of a hunk, found {one_line(line, 40)!r}")
        removed -= sign in " -"
        added -= sign in " +"
        if min(removed, added) < 0:
            raise ValueError("a hunk has other lines than its head says")
        if sign in " +":
            yield line[1:]
