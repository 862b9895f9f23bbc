"""The controller's part under pytest-xdist: it owns the calls, and workers ask it."""

from collections.abc import Iterator
from typing import Any

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.library import is_prompt_file
from pytest_promptopt.session.answering import Address, AnsweringService
from pytest_promptopt.session.finding import FindingPrompts
from pytest_promptopt.session.items import asked
from pytest_promptopt.session.state import State


class Controller:
    """Gives workers the address and the prompt files; asks ahead for what they collected."""

    def __init__(self, config: pytest.Config, state: State, finding: FindingPrompts) -> None:
        self._config = config
        self._state = state
        self._finding = finding
        self._address: Address | None = None
        self._has_planned = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a new worker where to ask."""
        workflow = self._state.workflow
        if self._address is None:
            self._address = workflow.wait(AnsweringService(workflow.provider).start())
        node.workerinput["promptopt"] = self._address.to_json()
        node.workerinput["promptopt_prompts"] = [
            [str(path) for path in paths] for paths in (self._finding.folders, self._finding.files)
        ]
        baseline = self._state.subjects.baseline
        node.workerinput["promptopt_base"] = baseline and {
            "commit": baseline.commit,
            "ref": baseline.ref,
        }

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Plan what was collected, once: all workers collect the same."""
        if not self._has_planned:
            self._has_planned = True
            self._state.ask_ahead(self._goldens(ids))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A golden is done: there is room to ask for another."""
        record = report.__dict__.get("promptopt") or {}
        if "result" in record:
            base = record["base"] or {}
            for key in (record["key"], base.get("key")):
                if key is not None:
                    self._state.workflow.release(key, record["result"]["golden_id"])

    def _goldens(self, ids: list[str]) -> list[tuple[Subject, Golden]]:
        """The collected goldens that can be asked for; workers report on the others."""
        wanted: dict[str, list[str]] = {}
        for nodeid in ids:
            path, _, name = nodeid.partition("::")
            wanted.setdefault(path, []).append(name)
        return [pair for path, names in wanted.items() for pair in self._asked(path, {*names})]

    def _asked(self, path: str, names: set[str]) -> Iterator[tuple[Subject, Golden]]:
        file = self._config.rootpath / path
        if not is_prompt_file(file):
            return
        try:
            entries = self._state.subjects.read(file)
        except PromptFileError:
            return
        for entry in entries:
            subject = entry.subject
            goldens = [g for g in subject.prompt.goldens if f"{g.id}{subject.suffix}" in names]
            yield from asked(subject, entry.base, goldens)
