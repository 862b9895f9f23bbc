"""The controller's part under pytest-xdist: it owns the calls, and workers ask it."""

from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.evaluation.base import key_at_base
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.library import is_prompt_file
from pytest_promptopt.session.answer_service import Address, AnsweringService
from pytest_promptopt.session.discovery import FindingPrompts
from pytest_promptopt.session.items import gate_name, lost_record
from pytest_promptopt.session.results import record_in
from pytest_promptopt.session.state import State
from pytest_promptopt.work.entries import Entry

_LOST = "no result: the worker process that had this golden ended"
_OF_A_CRASH = "???"
_ENDS = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERNAL_ERROR)


class Controller:
    """Gives workers the address and the prompt files; asks ahead for what they collected.

    Sees to it that whatever they collected has a result in the end.

    ``was_sent`` is the ledger's.
    """

    def __init__(
        self,
        config: pytest.Config,
        state: State,
        finding: FindingPrompts,
        was_sent: Callable[[str], bool],
    ) -> None:
        self._was_sent = was_sent
        self._config = config
        self._state = state
        self._finding = finding
        self._address: Address | None = None
        self._has_planned = False
        self._has_broken = False
        self._awaited: dict[str, None] = {}
        self._read: dict[str, dict[str, PromptRecord]] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a new worker where to ask."""
        bridge = self._state.bridge
        if self._address is None:
            service = AnsweringService(bridge.provider, self._was_sent)
            self._address = bridge.wait(service.start())
            self._config.add_cleanup(lambda: bridge.wait(service.close()))
        node.workerinput["promptopt"] = self._address.to_json()
        node.workerinput["promptopt_prompts"] = [
            [str(path) for path in paths] for paths in (self._finding.folders, self._finding.files)
        ]
        baseline = self._state.entries.baseline
        node.workerinput["promptopt_base"] = baseline and {
            "commit": baseline.commit,
            "ref": baseline.ref,
        }

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Tell how far it has come where xdist waits for its workers, for two seconds at most.

        Nothing is written to the terminal meanwhile, as that is done by the thread that waits.
        """
        queue: Any = getattr(self._config.pluginmanager.get_plugin("dsession"), "queue", None)
        if queue is not None:
            queue.get = self._told(queue.get)
        return (yield)

    def _told(self, get: Callable[..., Any]) -> Callable[..., Any]:
        progress = self._state.progress

        def get_told(*arguments: Any, **options: Any) -> Any:
            progress.draw()
            try:
                return get(*arguments, **options)
            finally:
                progress.erase()

        return get_told

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Plan what was collected, once: all workers collect the same."""
        if not self._has_planned:
            self._has_planned = True
            self._awaited = dict.fromkeys(ids)
            self._state.results.ask_ahead(self._goldens(ids))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A golden is done, or lost with its worker: there is room to ask for another."""
        if report.when != "setup" or not report.passed:
            self._awaited.pop(report.nodeid, None)
        if report.when == _OF_A_CRASH:
            report.__dict__["promptopt"] = self._lost(report.nodeid)
        record = record_in(report)
        if record is None:
            return
        for result in record.results:
            self._state.bridge.release(record.key, result.id)
            if result.before is not None:
                self._state.bridge.release(key_at_base(record.key), result.id)

    def pytest_internalerror(self) -> None:
        """A worker broke down, which xdist tells and does not count."""
        self._has_broken = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Report what a run that came to its end has no result of."""
        if session.exitstatus not in _ENDS:
            return
        lost = [nodeid for nodeid in self._awaited if is_prompt_file(_path_of(nodeid))]
        for nodeid in lost:
            self._config.hook.pytest_runtest_logreport(report=self._report_of_loss(nodeid))
        if session.exitstatus == pytest.ExitCode.OK and (lost or self._has_broken):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _report_of_loss(self, nodeid: str) -> pytest.TestReport:
        return pytest.TestReport(
            nodeid=nodeid,
            location=(str(_path_of(nodeid)), 0, nodeid.partition("::")[2]),
            keywords={},
            outcome="failed",
            longrepr=_LOST,
            when="setup",
            promptopt=self._lost(nodeid),
        )

    def _lost(self, nodeid: str) -> PromptRecord | None:
        """What reports tell of a golden without a result; None for other items."""
        path, _, name = nodeid.partition("::")
        if path not in self._read:
            self._read[path] = {
                f"{golden.id}{entry.subject.suffix}": lost_record(entry, golden, _LOST)
                for entry in self._entries(path)
                for golden in entry.subject.prompt.goldens
            }
        return self._read[path].get(name)

    def _goldens(self, ids: list[str]) -> list[tuple[Subject, Golden]]:
        """The collected goldens that can be asked for; workers report on the others."""
        wanted: dict[str, list[str]] = {}
        for nodeid in ids:
            path, _, name = nodeid.partition("::")
            wanted.setdefault(path, []).append(name)
        return [pair for path, names in wanted.items() for pair in self._asked(path, {*names})]

    def _asked(self, path: str, names: set[str]) -> Iterator[tuple[Subject, Golden]]:
        results = self._state.results
        for entry in self._entries(path):
            subject = entry.subject
            if gate_name(subject) in names:
                results.stop_early(entry)
            goldens = [g for g in subject.prompt.goldens if f"{g.id}{subject.suffix}" in names]
            yield from entry.asked(results.surely_asked(entry, goldens))

    def _entries(self, path: str) -> Sequence[Entry]:
        file = self._config.rootpath / path
        if not is_prompt_file(file):
            return ()
        try:
            return self._state.entries.read(file)
        except PromptFileError:
            return ()


def _path_of(nodeid: str) -> Path:
    return Path(nodeid.partition("::")[0])
