"""Files of JSON lines that we wrote and others may have damaged, read within bounds."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from pytest_promptopt.prompts.json_text import load_json

LONGEST_LINE = 8 * 1024 * 1024
"""Bytes; parsed, a line can take thirty times as much."""

_CHUNK = 1024 * 1024
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLine:
    """One line of a file.

    ``number`` counts from 1, ``offset`` and ``length`` in bytes, the newline included.
    ``content`` is the start of a line that is longer than ``LONGEST_LINE``.
    """

    number: int
    offset: int
    length: int
    content: bytes

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands there."""
        return not self.content.strip()

    @property
    def is_torn(self) -> bool:
        """Whether the process that wrote it did not come to its end."""
        return self.length == len(self.content) and not self.content.endswith(b"\n")

    def value(self) -> Any:
        """What stands there; raises ValueError saying why it cannot be used."""
        if self.length > LONGEST_LINE:
            raise ValueError(f"longer than {LONGEST_LINE >> 20} MiB")
        return json_value(self.content)


def json_value(content: bytes) -> Any:
    """The value of text that we encoded; raises ValueError saying why there is none."""
    try:
        text = content.removeprefix(_BOM).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    try:
        return load_json(text)
    except json.JSONDecodeError:
        raise ValueError("not JSON") from None


def json_lines(file: BinaryIO) -> Iterator[JsonLine]:
    """The lines from where ``file`` stands, no more of each in memory than can be used."""
    number, offset = 1, file.tell()
    while line := file.readline(LONGEST_LINE + 1):
        length = len(line)
        if length > LONGEST_LINE:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(_CHUNK)
                length += len(rest)
            line = line[:_CHUNK]
        yield JsonLine(number=number, offset=offset, length=length, content=line)
        number, offset = number + 1, offset + length
