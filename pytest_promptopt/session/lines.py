"""Lines on pytest's terminal, the one place where ours are written."""

from typing import Any

import pytest

from pytest_promptopt.text.terminal import one_line


def say(reporter: pytest.TerminalReporter, text: str, **markup: Any) -> None:
    """Write ``text`` as one line, which is no command to a CI runner, whatever it holds."""
    line = one_line(text)
    is_command = line.lstrip().startswith("::")
    reporter.write_line(f"│ {line}" if is_command else line, **markup)
