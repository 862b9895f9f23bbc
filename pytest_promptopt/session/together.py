"""Gates that are told when all are in, where ini ``prompt_gate_adjust`` judges them together.

An item knows nothing of the others, and what was reported cannot be taken back. So the reports of
gates are held back where their items run, workers hand theirs over when they are done, and the
process that reports come to lets them all go at the end of the loop: with the verdict that counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from pytest_promptopt.evaluation.together import judged_together
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.session.items import GateItem, gate_failure
from pytest_promptopt.session.longrepr import longrepr_of
from pytest_promptopt.session.results import record_in
from pytest_promptopt.text.terminal import one_line

_HELD = "promptopt_gates"


class HoldingGates:
    """Runs gates without reporting on them; in a worker, hands the reports over at the end."""

    def __init__(self) -> None:
        self.held: list[pytest.TestReport] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Any:
        """Run a gate as any item."""
        if not isinstance(item, GateItem):
            return None
        self.held += runtestprotocol(item, nextitem=nextitem, log=False)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Any:
        """Let go of them, also where the loop was ended early."""
        try:
            return (yield)
        finally:
            self.let_go(session)

    def let_go(self, session: pytest.Session) -> None:
        """Put them into what a worker says last."""
        config: Any = session.config
        config.workeroutput[_HELD] = [
            config.hook.pytest_report_to_serializable(config=config, report=report)
            for report in self.held
        ]


class JudgingTogether(HoldingGates):
    """The same in the process that reports come to, which judges by ``method`` and reports."""

    def __init__(self, config: pytest.Config, method: str) -> None:
        super().__init__()
        self._config = config
        self._method = method

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take in what a worker held back."""
        for data in getattr(node, "workeroutput", {}).get(_HELD, ()):
            report = self._config.hook.pytest_report_from_serializable(
                config=self._config, data=data
            )
            report.node = node
            self.held.append(report)

    def let_go(self, session: pytest.Session) -> None:
        """Report them all, in the order of their names."""
        gates: dict[str, list[pytest.TestReport]] = {}
        for report in self.held:
            gates.setdefault(report.nodeid, []).append(report)
        adjusted = judged_together(_verdicts(self.held), self._method)
        hook = session.config.hook
        for nodeid, reports in sorted(gates.items()):
            place = {"nodeid": nodeid, "location": reports[0].location}
            hook.pytest_runtest_logstart(**place)
            for report in _with_verdict(reports, adjusted):
                hook.pytest_runtest_logreport(report=report)
            hook.pytest_runtest_logfinish(**place)


def _verdicts(reports: Sequence[pytest.TestReport]) -> Mapping[str, Verdict]:
    """Those that were reached, by the keys of their prompts."""
    records = [record for report in reports if (record := record_in(report)) is not None]
    return {record.key: record.verdict for record in records if record.verdict is not None}


def _with_verdict(
    reports: Sequence[pytest.TestReport], adjusted: Mapping[str, Verdict]
) -> Iterator[pytest.TestReport]:
    """The reports of a gate as they are by its adjusted verdict."""
    keys = [record.key for report in reports if (record := record_in(report)) is not None]
    verdict = next((adjusted[key] for key in keys if key in adjusted), None)
    for report in reports:
        if verdict is not None:
            told = {"promptopt.verdict": verdict.decision.value}
            report.user_properties = [
                (name, told.get(name, value)) for name, value in report.user_properties
            ]
            _judge(report, verdict)
        yield report


def _judge(report: Any, verdict: Verdict) -> None:
    record = record_in(report)
    if record is None or record.verdict is None:
        return
    report.promptopt = replace(record, verdict=verdict)
    if report.failed and verdict.passed:
        report.outcome, report.longrepr = "passed", None
    elif report.failed:
        crash = report.longrepr.reprcrash
        moved = crash.message.partition("\n")[0].removeprefix(one_line(record.verdict.headline))
        text = gate_failure(record.key, verdict, moved)
        report.longrepr = longrepr_of(text, crash.path, crash.lineno)
