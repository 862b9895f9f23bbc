"""Code blocks in an answer, between fences."""

import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import NamedTuple

# Also indented in a list, behind words, and with its content on the same line.
_FENCE = re.compile(r"^[^`~\n]*(?P<marks>`{3,}|~{3,})(?P<info>[^\n]*)(?:\n|\Z)", re.MULTILINE)
_LANGUAGE = re.compile(r"^\s*[A-Za-z]\w*(?=[\s{\[])")
_MARK_LINE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_MOST_FENCES = 1_000


class Block(NamedTuple):
    """What stands between two fences, and the language that the first one names."""

    language: str
    content: str


class SeveralBlocksError(Exception):
    """The text holds more than one code block."""


def only_block(text: str) -> str | None:
    """What the only code block of ``text`` holds, None where there is none.

    Blank blocks do not count. Raises :class:`SeveralBlocksError`.
    """
    fenced = islice(_fenced_blocks(text), _MOST_FENCES)
    blocks = [block.content for block in fenced if block.content.strip()]
    if not blocks and _FENCE.search(text):
        # A mark by itself closes what the prompt opened for the model.
        return _MARK_LINE.sub("", text)
    if len(blocks) > 1:
        raise SeveralBlocksError
    return blocks[0] if blocks else None


def first_block(text: str, languages: Collection[str]) -> str:
    """The first code block in one of the ``languages`` or in none that is named, else ``text``."""
    fenced = islice(_fenced_blocks(text), _MOST_FENCES)
    blocks = [block for block in fenced if block.content.strip()]
    fitting = [block.content for block in blocks if block.language.lower() in (*languages, "")]
    return next(iter(fitting or [block.content for block in blocks]), text)


def bare_or_block(text: str, first: str) -> str:
    """``text`` where it begins with ``first``, else its only code block, if there is one.

    Without blanks around. Raises :class:`SeveralBlocksError`.
    """
    bare = text.strip()
    if bare.startswith(first):
        return bare
    block = only_block(text)
    return bare if block is None else block.strip()


def _fenced_blocks(text: str) -> Iterator[Block]:
    """The contents of all code blocks; one that is not closed goes on to the end."""
    position = 0
    while opening := _FENCE.search(text, position):
        content, closed, _ = opening["info"].partition(opening["marks"])
        named = _LANGUAGE.match(f"{content} ")
        language = named[0].strip() if named else ""
        if closed:
            yield Block(language, _LANGUAGE.sub("", content))
            position = opening.end()
            continue
        closing = _closing(opening["marks"], text, opening.end())
        start = opening.start("info") if _LANGUAGE.sub("", content)[:1] in ("{", "[") else None
        block = text[
            opening.end() if start is None else start : closing.start() if closing else None
        ]
        yield Block(language, block if start is None else _LANGUAGE.sub("", block))
        if closing is None:
            return
        position = closing.end()


def _closing(marks: str, text: str, start: int) -> re.Match[str] | None:
    """The marks on a line of their own, else those that end a line or begin one."""
    mark = f"{marks[0]}{{{len(marks)},}}"
    alone = re.compile(rf"^[ \t]*{mark}[ \t\r]*$", re.MULTILINE)
    beside = re.compile(rf"(?<!{marks[0]}){mark}[ \t\r]*$|^[ \t]*{mark}(?=[ \t])", re.MULTILINE)
    return alone.search(text, start) or beside.search(text, start)
