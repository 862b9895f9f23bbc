"""The ways to write a text as a YAML scalar."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from pytest_promptopt.prompts.places import Place

BLOCK_STYLES = ("|", ">")
LINE_ENDING = re.compile(r"\r\n|\r|\n")
BREAKS = "\r\n\x85\u2028\u2029"
_BLOCK_HEADER = re.compile(rf"[|>](?P<marks>[-+1-9]{{0,2}})(?P<rest>[^{BREAKS}]*)(?:\r\n|.)?", re.S)
_WRITABLE = r" -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
BLOCK_TEXT = re.compile(rf"[\t\n{_WRITABLE}]*")
_SINGLE_QUOTED_TEXT = re.compile(rf"[\t{_WRITABLE}]*")
_PLAIN_TEXT = re.compile(rf"[{_WRITABLE}]+")
_FLOW_INDICATOR = re.compile(r"[][{},:?]")
_ESCAPED = re.compile(rf'[^{_WRITABLE}]|["\\]')
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLayout:
    """How a block scalar is laid out, one that stands in the file or one that could.

    ``column`` is that of the collection around it, ``indent`` that of its lines, ``digit`` and
    ``chomping`` the indicators of its header, ``rest`` the comment after them. ``blank`` are the
    blank lines behind it. ``ends_line`` says whether its token ends with a line break, and
    ``has_next`` whether a line break follows its token.
    """

    column: int
    indent: int
    digit: str = ""
    chomping: str | None = None
    rest: str = ""
    blank: str = ""
    ends_line: bool = False
    has_next: bool = False

    @classmethod
    def read(cls, text: str, place: Place) -> "BlockLayout":
        """The layout of the scalar at ``place``, of a new one where that is none."""
        token, column = text[place.start : place.end], max(place.column, 0)
        if place.style not in BLOCK_STYLES:
            has_next = text[place.end : place.end + 1] in tuple("\r\n")
            return cls(column=column, indent=column + 2, has_next=has_next)
        header = _BLOCK_HEADER.match(token)
        assert header is not None
        digit = header["marks"].strip("+-")
        lines = token[header.end() :].splitlines(keepends=True)
        indent = column + (int(digit) if digit else 2)
        if not digit:
            first = next((line for line in lines if line.strip(" " + BREAKS)), None)
            indent = len(first) - len(first.lstrip(" ")) if first else indent
        blank = itertools.takewhile(
            lambda line: not line.strip(" " + BREAKS) and len(line.rstrip(BREAKS)) <= indent,
            reversed(lines),
        )
        return cls(
            column=column,
            indent=indent,
            digit=digit,
            chomping=header["marks"].strip("123456789"),
            rest=header["rest"],
            blank="".join(reversed(list(blank))),
            ends_line=token[-1] in BREAKS,
        )

    def written(self, style: str, text: str, newline: str) -> str:
        """``text`` in this layout; ``style`` is ``|`` or ``>``."""
        stripped = text.rstrip("\n")
        breaks = len(text) - len(stripped)
        chomping = self._chomping(stripped, breaks)
        indent, digit = self._indentation(text)
        lines = (_unfolded(stripped) if style == ">" else stripped).split("\n")
        body = newline.join(" " * indent + line if line else "" for line in lines)
        if chomping == "+":
            blank = ""
        else:
            breaks, blank = min(breaks, 1), self.blank
        breaks = max(breaks, self.ends_line or self.has_next) - self.has_next
        header = f"{style}{digit}{chomping}{self.rest}"
        return header + (newline + body if text else "") + newline * breaks + blank

    def _chomping(self, stripped: str, breaks: int) -> str:
        if breaks == 0:
            is_unended = self.chomping == "" and not self.ends_line
            return "" if is_unended else "-"
        if breaks == 1 and stripped:
            return "+" if self.chomping == "+" and not self.blank else ""
        return "+"

    def _indentation(self, text: str) -> tuple[int, str]:
        """Spaces before each line, and the digit that tells them where the text hides them."""
        hides = text.lstrip("\n").startswith((" ", "\t"))
        if self.digit or not hides:
            return self.indent, self.digit
        step = self.indent - self.column
        step = step if 1 <= step <= 9 else 2
        return self.column + step, str(step)


def forms(text: str, place: Place, new: str) -> Iterator[str]:
    """What could replace the token at ``place``, the best first; the last one holds any text."""
    newline = newline_at(text, place.start)
    block = BlockLayout.read(text, place)
    becomes_block = not place.in_flow and (
        place.style in BLOCK_STYLES
        or place.style == "*"
        or (place.in_mapping and "\n" in new.strip("\n"))
    )
    if becomes_block and BLOCK_TEXT.fullmatch(new):
        if place.style == ">":
            yield block.written(">", new, newline)
        yield block.written("|", new, newline)
    elif place.style == "'" and _SINGLE_QUOTED_TEXT.fullmatch(new):
        yield "'" + new.replace("'", "''") + "'"
    elif place.style == "" and _stays_plain(place, new):
        yield new
    yield quoted(new) + block.rest + newline * block.ends_line + block.blank


def quoted(text: str) -> str:
    """``text`` in double quotes, which hold any text."""
    return '"' + _ESCAPED.sub(lambda found: _escape(found[0]), text) + '"'


def newline_at(text: str, start: int) -> str:
    """The line ending of the line at ``start``; the last one has that of those before it."""
    found = LINE_ENDING.search(text, start)
    if found is None:
        *_, found = itertools.chain([None], LINE_ENDING.finditer(text))
    return found[0] if found else "\n"


def _unfolded(text: str) -> str:
    """``text`` as lines that fold back to it: one more break where a single one would be a space.

    Breaks beside a line that begins with a space or a tab are not folded.
    """
    before, *others = text.split("\n")
    lines = [before]
    for line in others:
        if before and line and not before.startswith((" ", "\t")) | line.startswith((" ", "\t")):
            lines.append("")
        lines.append(line)
        before = line or before
    return "\n".join(lines)


def _stays_plain(place: Place, text: str) -> bool:
    """Whether a plain scalar may be tried: readers of YAML 1.1 must take it for text too."""
    if not _PLAIN_TEXT.fullmatch(text) or (place.in_flow and _FLOW_INDICATOR.search(text)):
        return False
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers.get(text[0], [])
    return place.is_tagged or not any(pattern.match(text) for _, pattern in resolvers)


def _escape(character: str) -> str:
    code = ord(character)
    width = "x02" if code < 0x100 else "u04" if code < 0x10000 else "U08"
    return _SHORT_ESCAPES.get(character) or f"\\{width[0]}{code:{width[1:]}x}"
