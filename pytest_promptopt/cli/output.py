"""Lines on the terminal, safe whatever they hold."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TextIO

from pytest_promptopt.text.terminal import printable

BAR = "│ "

Style = Literal["good", "bad", "strong", "dim"]

_CODES: Mapping[Style, int] = {"strong": 1, "dim": 2, "bad": 31, "good": 32}


@dataclass(frozen=True, slots=True)
class Styled:
    """Text in a style, where there are colours."""

    text: str
    style: Style


class Output:
    """Writes lines to ``stream``: control characters written out, line breaks as blanks."""

    def __init__(self, stream: TextIO, *, has_colors: bool) -> None:
        self._stream = stream
        self.has_colors = has_colors

    def line(self, *parts: str | Styled) -> None:
        """One line of the parts, joined without anything between, without blanks at its end."""
        self._stream.write("".join(self._shown(part) for part in parts).rstrip() + "\n")

    def flush(self) -> None:
        """Have what was written seen now."""
        self._stream.flush()

    def block(self, text: str) -> None:
        """Text that may have many lines, each behind a bar, so that none starts one of ours."""
        for line in text.replace("\r\n", "\n").split("\n"):
            self.line(BAR, line)

    def text(self, text: str) -> None:
        """Text as it is, for another program; on a terminal its control characters written out."""
        shown = printable(text) if self.is_terminal else text
        self._stream.write(shown if shown.endswith("\n") else f"{shown}\n")

    @property
    def is_terminal(self) -> bool:
        """Whether somebody watches, not another program."""
        return self._stream.isatty()

    def piece(self, text: str, *, is_dim: bool = False) -> None:
        """Text that is printable and goes on where the last ended, seen at once."""
        style = f"\x1b[{_CODES['dim']}m{text}\x1b[0m"
        self._stream.write(style if is_dim and self.has_colors else text)
        self.flush()

    def _shown(self, part: str | Styled) -> str:
        if isinstance(part, str):
            return printable(part).replace("\n", " ")
        text = printable(part.text).replace("\n", " ")
        return f"\x1b[{_CODES[part.style]}m{text}\x1b[0m" if self.has_colors and text else text


def warn(message: str) -> None:
    """Tell something on stderr, each of its lines as ours."""
    for line in printable(message).split("\n"):
        print(f"promptopt: {line}", file=sys.stderr)
