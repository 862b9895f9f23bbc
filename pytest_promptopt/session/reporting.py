"""What pytest prints, keeps and hands on about prompts, made from the items' reports."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.gate import Decision, Verdict
from pytest_promptopt.history.scores import ScoredContent
from pytest_promptopt.prompts.library import is_prompt_file
from pytest_promptopt.reports.summary import BaseSummary, Ending, Failure, GoldenRow, PromptSummary
from pytest_promptopt.reports.terminal import render
from pytest_promptopt.session.explaining import Missed, show_missed, write_to_junit
from pytest_promptopt.session.folding import Folding
from pytest_promptopt.session.items import NO_GOLDENS, GoldenItem, PromptItem, UnreadableItem
from pytest_promptopt.session.lines import say
from pytest_promptopt.session.longrepr import longrepr_of
from pytest_promptopt.text import printable

_LAST_FAILED = "cache/lastfailed"


class ItemReports:
    """Puts what an item found out into its reports. Runs wherever items run."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: "pytest.CallInfo[None]") -> Any:
        """Attach the item's record; a skip stands where the golden stands."""
        report: pytest.TestReport = yield
        if isinstance(item, GoldenItem) and report.failed and call.excinfo and not item.record:
            item.fail_unforeseen(call.excinfo.exconly(tryshort=True))
        if isinstance(item, UnreadableItem) and report.failed:
            report.__dict__["promptopt_unread"] = str(item.error)
        if isinstance(item, PromptItem | UnreadableItem) and report.when == "setup":
            _tell_in_short(item, report, call)
        if isinstance(item, PromptItem):
            if report.when == "call" or (report.when == "setup" and not report.passed):
                report.__dict__["promptopt"] = item.record
            if report.skipped and isinstance(report.longrepr, tuple):
                path, line, _ = item.reportinfo()
                report.longrepr = (str(path), (line or 0) + 1, report.longrepr[2])
        return report


def _tell_in_short(
    item: PromptItem | UnreadableItem, report: pytest.TestReport, call: "pytest.CallInfo[None]"
) -> None:
    """Have the short summary say why there is no answer: not that it failed, nor the file again."""
    if call.excinfo is not None and isinstance(call.excinfo.value, pytest.fail.Exception):
        path, line, _ = item.reportinfo()
        told = item.nodeid.partition("::")[0]
        text = str(call.excinfo.value)
        report.longrepr = longrepr_of(text, path, (line or 0) + 1, told=told)


def is_missed(report: pytest.TestReport) -> bool:
    """Whether the report is of a golden that missed its mark under a gate."""
    record = report.__dict__.get("promptopt") or {}
    result = record.get("result") or {}
    return report.passed and result.get("outcome") == Outcome.MISSED.value


@dataclass(slots=True)
class _Tally:
    """The reports of one prompt with one model so far."""

    key: str
    location: str
    model: str
    goldens: int
    samples: int
    has_gate: bool
    base: BaseSummary | None = None
    content: ScoredContent | None = None
    rows: dict[str, GoldenRow] = field(default_factory=dict)
    nodeids: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    verdict: Verdict | None = None

    @classmethod
    def of(cls, record: dict[str, Any]) -> "_Tally":
        base = record["base"]
        return cls(
            key=record["key"],
            location=record["location"],
            model=record["model"],
            goldens=record["goldens"],
            samples=record["samples"],
            has_gate=record["has_gate"],
            content=record["content"] and ScoredContent(**record["content"]),
            base=base
            and BaseSummary(
                label=base["label"],
                version=base["version"],
                identical=base["identical"],
                remark=base["remark"],
                loosened=tuple(base["loosened"]),
            ),
        )

    def take(self, record: dict[str, Any], report: pytest.TestReport) -> None:
        if record["kind"] == "golden":
            row = GoldenRow.from_json(record)
            self.nodeids[row.result.golden_id] = report.nodeid
            self.rows[row.result.golden_id] = row
            if report.failed:
                self.failed.add(row.result.golden_id)
        else:
            self.verdict = Verdict(
                decision=Decision(record["decision"]),
                passed=record["passed"],
                score=record["score"],
                reasons=tuple(record["reasons"]),
                remarks=tuple(record["remarks"]),
            )

    def missed(self, golden_id: str) -> Missed:
        return Missed(
            nodeid=self.nodeids[golden_id],
            row=self.rows[golden_id],
            model=self.model,
            fails=self.verdict is not None and not self.verdict.passed,
        )

    def all_missed(self) -> list[Missed]:
        return [
            self.missed(golden_id)
            for golden_id, row in self.rows.items()
            if row.result.outcome is Outcome.MISSED and golden_id not in self.failed
        ]

    def summary(self) -> PromptSummary:
        return PromptSummary(
            key=self.key,
            location=self.location,
            model=self.model,
            goldens=self.goldens,
            samples=self.samples,
            has_gate=self.has_gate,
            content=self.content,
            rows=list(self.rows.values()),
            verdict=self.verdict,
            base=self.base,
        )


class Reporting:
    """Sums up the reports of a run. Runs once, in the process that reports come to.

    ``remarks`` fill up during the run with what the client has to say. ``saved_in`` is where
    answers were that were not asked for.
    """

    def __init__(
        self, config: pytest.Config, remarks: Sequence[str], saved_in: str = "the cache"
    ) -> None:
        self._config = config
        self._remarks = remarks
        self._saved_in = saved_in
        self._folding = Folding()
        config.pluginmanager.register(self._folding, "promptopt-folding")
        self._tallies: dict[str, _Tally] = {}
        self._failures: dict[str, Failure] = {}
        self._without_goldens: dict[str, bool] = {}

    def summaries(self) -> list[PromptSummary]:
        """One summary a prompt and model, in the order in which they first reported."""
        return [tally.summary() for tally in self._tallies.values()]

    def ending(self, exit_code: int) -> Ending:
        """How a run ends that has this exit code, with what failed beside the goldens."""
        return Ending(exit_code=exit_code, failures=tuple(self._failures.values()))

    def pytest_report_teststatus(self, report: pytest.TestReport) -> Any:
        """Goldens that missed under a gate have a letter and a word of their own."""
        if report.when == "call" and is_missed(report):
            return "missed", "m", ("MISSED", {"yellow": True})
        return None

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what the report carries."""
        record = report.__dict__.get("promptopt")
        if not record:
            if report.failed:
                reason = report.__dict__.get("promptopt_unread", "")
                where = report.nodeid.partition("::")[0] if reason else report.nodeid
                self._failures.setdefault(where, Failure(location=where, reason=reason))
            return
        if record["kind"] == NO_GOLDENS:
            self._without_goldens[record["location"]] = True
            return
        key = record["key"]
        if key not in self._tallies:
            self._tallies[key] = _Tally.of(record)
        tally = self._tallies[key]
        tally.take(record, report)
        if is_missed(report):
            missed = tally.missed(record["result"]["golden_id"])
            write_to_junit(self._config, report, missed)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take in what could not be collected; of prompt files also why."""
        if report.failed:
            is_prompt = is_prompt_file(Path(report.nodeid))
            reason = str(report.longrepr) if is_prompt else ""
            failure = Failure(location=report.nodeid, reason=reason)
            self._failures.setdefault(report.nodeid, failure)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Any:
        """Keep the missed goldens of failed gates among the last failed.

        A run that judged nothing of a prompt is no success.
        """
        is_green = session.exitstatus == pytest.ExitCode.OK
        if is_green and self._is_nothing_judged():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        result = yield
        cache = getattr(self._config, "cache", None)
        failed = [t for t in self._tallies.values() if t.verdict and not t.verdict.passed]
        nodeids = [missed.nodeid for tally in failed for missed in tally.all_missed()]
        if cache is not None and nodeids:
            last_failed = cache.get(_LAST_FAILED, {})
            cache.set(_LAST_FAILED, last_failed | dict.fromkeys(nodeids, True))
        return result

    def _is_nothing_judged(self) -> bool:
        """Whether this is so of a prompt with goldens, or of all for want of goldens."""
        summaries = self.summaries()
        is_empty = bool(self._without_goldens) and not summaries
        return is_empty or any(summary.has_nothing_scored for summary in summaries)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Missed goldens explained, then a table with a row a prompt and what is worth a look."""
        self._folding.restore(terminalreporter)
        show_missed(terminalreporter, [tally.all_missed() for tally in self._tallies.values()])
        summaries = [summary for summary in self.summaries() if summary.rows or summary.verdict]
        unread = [failure for failure in self._failures.values() if failure.reason]
        if summaries or unread or self._remarks or self._without_goldens:
            terminalreporter.write_sep("=", "prompt scores")
        lines = render(
            summaries,
            width=terminalreporter._tw.fullwidth,
            verbosity=self._config.option.verbose,
            saved_in=self._saved_in,
        )
        for line in lines:
            color = {"red": line.is_bad, "green": line.is_good, "yellow": line.is_unsure}
            say(terminalreporter, line.text, **color)
        for failure in unread:
            first = printable(failure.reason).partition("\n")[0]
            say(terminalreporter, f"not read: {first}", red=True)
        for location in self._without_goldens:
            text = f"no goldens, so nothing was scored: {printable(location)}"
            say(terminalreporter, text, yellow=True)
        for remark in self._remarks:
            say(terminalreporter, remark, yellow=True)
