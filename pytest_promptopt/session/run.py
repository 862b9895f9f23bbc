"""The run: collects prompt files and has their goldens asked ahead of the items."""

import gc
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.prompts.library import is_prompt_file
from pytest_promptopt.session.collection import PromptFile
from pytest_promptopt.session.items import GateItem, GoldenItem, UnreadableItem
from pytest_promptopt.session.state import State


class Running:
    """Collects prompt files and has their goldens asked ahead."""

    def __init__(self, state: State) -> None:
        self._state = state

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> PromptFile | None:
        """Take prompt files."""
        if is_prompt_file(file_path):
            return PromptFile.from_parent(parent, path=file_path)
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Any:
        """Files that cannot be read come first, and no selection passes over them."""
        unreadable = [item for item in items if isinstance(item, UnreadableItem)]
        items[:] = [item for item in items if not isinstance(item, UnreadableItem)]
        result = yield
        items[:0] = unreadable
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Any:
        """Plan the goldens in the order in which their items will run.

        Only a gate that runs can be decided before all of them are asked.
        """
        results = self._state.results
        for item in session.items:
            if isinstance(item, GateItem):
                results.stop_early(item.entry)
        if _will_run(session) and not hasattr(session.config, "workerinput"):
            items = [item for item in session.items if isinstance(item, GoldenItem)]
            results.ask_ahead(
                pair
                for item in items
                for pair in item.entry.asked(results.surely_asked(item.entry, [item.golden]))
            )
        # What was collected lives to the end: walking it again and again takes a tenth of a run.
        gc.freeze()
        try:
            return (yield)
        finally:
            gc.unfreeze()


def _will_run(session: pytest.Session) -> bool:
    option = session.config.option
    stops = session.testsfailed and not option.continue_on_collection_errors
    return not option.collectonly and not option.prompt_plan and not stops
