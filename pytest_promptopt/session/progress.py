"""The progress of the answers, drawn on the terminal's current line."""

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from pytest_promptopt.session.lines import say

_REDRAW_SECONDS = 0.25
_FIRST_DRAWN_AFTER_SECONDS = 0.5
_BAR_WIDTH = 20
_LINE_AFTER_SECONDS = 30.0


class Work:
    """What is done besides asking goldens.

    ``text`` tells what is done before a model can be asked, such as putting its weights together;
    ``search`` where the search for a better prompt is.
    """

    def __init__(self) -> None:
        self.text = ""
        self.search: Callable[[], tuple[str, ...]] = tuple

    @property
    def parts(self) -> tuple[str, ...]:
        """What there is to tell, the foremost first; empty while goldens are asked."""
        return (self.text,) if self.text else self.search()

    def report(self, title: str, done_bytes: int, total_bytes: int) -> None:
        """Take in how far it has come; from any thread."""
        share = done_bytes / total_bytes
        filled = round(_BAR_WIDTH * share)
        bar = "#" * filled + "-" * (_BAR_WIDTH - filled)
        self.text = f"{title} [{bar}] {share:4.0%}" if share < 1 else ""


class Progress:
    """A remark that is drawn behind what pytest wrote, and erased before pytest writes on.

    ``describe`` makes its parts from the seconds since the start; as many are drawn as there is
    room for. Where the output is not a terminal nothing is drawn, and what ``waiting`` says, which
    is who is waited for, gets a line of its own now and then. Only for the main thread.
    """

    def __init__(
        self,
        config: pytest.Config,
        describe: Callable[[float], Sequence[str]],
        waiting: Callable[[], str] = lambda: "",
    ) -> None:
        self._config = config
        self._describe = describe
        self._waiting = waiting
        self._started = time.monotonic()
        self._drawn_at = self._started + _FIRST_DRAWN_AFTER_SECONDS - _REDRAW_SECONDS
        self._line_at = self._started - _LINE_AFTER_SECONDS
        self._width_drawn = 0

    def draw(self) -> None:
        """Show the state of things, at most a few times a second."""
        now = time.monotonic()
        if now - self._drawn_at < _REDRAW_SECONDS:
            return
        self._drawn_at = now
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None:
            return
        text = self._waiting()
        if reporter.isatty and reporter.hasmarkup:
            first, *rest = (*self._describe(now - self._started), "")
            self._write([part for part in (first, text, *rest) if part])
        elif text and now - self._line_at >= _LINE_AFTER_SECONDS:
            self._line_at = now
            with self._uncaptured():
                reporter.ensure_newline()
                say(reporter, text)

    def erase(self) -> None:
        """Leave the line as pytest left it."""
        if self._width_drawn:
            self._write(())

    def _write(self, parts: Sequence[str]) -> None:
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        room = reporter._tw.fullwidth - reporter._tw.width_of_current_line - 3
        text = fitting(parts, room)
        back = f"\x1b[{len(text)}D" if text else ""
        with self._uncaptured():
            reporter._tw._file.write(f"\x1b[K{text}{back}")
            reporter._tw._file.flush()
        self._width_drawn = len(text)

    def _uncaptured(self) -> contextlib.AbstractContextManager[None]:
        capture: Any = self._config.pluginmanager.get_plugin("capturemanager")
        return capture.global_and_fixture_disabled() if capture else contextlib.nullcontext()


def fitting(parts: Sequence[str], room: int) -> str:
    """The first parts that fit into ``room`` columns, with a blank before them."""
    text = ""
    for part in parts:
        longer = f"{text}, {part}" if text else f" {part}"
        if len(longer) > room:
            break
        text = longer
    return text
