"""``--prompt-changed``: leaves out prompts whose content is that of the base, and says so."""

from typing import Any

import pytest

from pytest_promptopt.session.items import PromptItem
from pytest_promptopt.session.lines import say
from pytest_promptopt.session.state import STATE

_LEFT_OUT = "promptopt_left_out"


class Changed:
    """Deselects what did not change. Runs wherever items are collected, and tells it once."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._left_out: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep what changed, and whatever is no prompt."""
        unchanged = [item for item in items if getattr(item, "is_unchanged", False)]
        prompts = (item.subject.prompt for item in unchanged if isinstance(item, PromptItem))
        self._left_out = list(dict.fromkeys(prompt.location for prompt in prompts))
        if unchanged:
            left_out = {*unchanged}
            items[:] = [item for item in items if item not in left_out]
            self._config.hook.pytest_deselected(items=unchanged)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """A run in which nothing has changed is a success."""
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self._left_out:
            session.exitstatus = pytest.ExitCode.OK
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_LEFT_OUT] = self._left_out

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """What a worker left out, which is what all of them did."""
        self._left_out = getattr(node, "workeroutput", {}).get(_LEFT_OUT, self._left_out)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the prompts that were left out, and why."""
        baseline = self._config.stash[STATE].entries.baseline
        if not self._left_out or baseline is None:
            return
        terminalreporter.section("prompts left out")
        say(terminalreporter, f"the same content as at {baseline.label}:")
        for location in self._left_out:
            say(terminalreporter, f"    {location}")
