"""Keys as they are pressed, or what else comes in on stdin, a line each."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Read = Callable[[], str | None]
"""The next key or line without blanks around it; None where no more come."""

_END = "\x04"


@contextmanager
def keyboard() -> Iterator[Read]:
    """Single keys of a terminal, which is as before when that is over; else lines of stdin."""
    try:
        import termios
        import tty
    except ImportError:
        yield _line
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield _line
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor, termios.TCSADRAIN)
        yield _Keys(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _line() -> str | None:
    line = sys.stdin.readline()
    return line.strip() if line else None


class _Keys:
    """What is typed, key by key; one that sends several characters, such as an arrow, is one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._typed = ""

    def __call__(self) -> str | None:
        if not self._typed:
            self._typed = os.read(self._descriptor, 64).decode(errors="replace")
        length = len(self._typed) if self._typed.startswith("\x1b") else 1
        key, self._typed = self._typed[:length], self._typed[length:]
        return None if key in {"", _END} else key
