"""The steps that happen once, when the items are done: decide, then save, then show."""

from collections.abc import Sequence
from typing import Any

import pytest


class Step:
    """One thing that happens; what it does not define is nothing."""

    def decide(self, session: pytest.Session) -> None:
        """Do what takes calls; inside pytest's loop, so that Ctrl-C is pytest's."""

    def save(self, session: pytest.Session) -> None:
        """Write what outlives the run, also where nothing is shown. May change the exit code."""

    def show(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell it, behind the summary of the run. Nothing is saved or sent any more."""


class AfterItems:
    """Takes the ``steps`` in their order. Runs in the process that reports come to."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Any:
        """Decide, after everybody's items."""
        done = yield
        for step in self._steps:
            step.decide(session)
        return done

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Save."""
        for step in self._steps:
            step.save(session)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show."""
        for step in self._steps:
            step.show(terminalreporter)


def fail(session: pytest.Session) -> None:
    """Have a run fail that would have ended well."""
    if session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
