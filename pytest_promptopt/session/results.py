"""Results of prompts as pytest prints, keeps and hands them on, made from the items' reports."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.evaluation.listing import listed
from pytest_promptopt.evaluation.record import Failure, PromptRecord, Run, joined
from pytest_promptopt.evaluation.reduction import MOST_KEPT
from pytest_promptopt.evaluation.search_record import SearchRecord
from pytest_promptopt.hooks import tell_plugins
from pytest_promptopt.prompts.library import is_prompt_file
from pytest_promptopt.reports.failure import explain
from pytest_promptopt.reports.terminal import render
from pytest_promptopt.session.explanations import Missed, show_missed, write_to_junit
from pytest_promptopt.session.items import GoldenItem, PromptItem, UnreadableItem
from pytest_promptopt.session.lines import say
from pytest_promptopt.session.longrepr import longrepr_of
from pytest_promptopt.session.repeats import Folding
from pytest_promptopt.text.terminal import printable

Searches = Callable[[], Sequence[SearchRecord]]

_LAST_FAILED = "cache/lastfailed"


class ItemReports:
    """Puts what an item found out into its reports. Runs wherever items run."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: "pytest.CallInfo[None]") -> Any:
        """Attach the item's record; a skip stands where the golden stands."""
        report: pytest.TestReport = yield
        if isinstance(item, GoldenItem) and report.failed and call.excinfo and item.record is None:
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


def record_in(report: pytest.TestReport) -> PromptRecord | None:
    """What the report of an item of ours carries."""
    return report.__dict__.get("promptopt")


def missed_in(report: pytest.TestReport) -> GoldenResult | None:
    """The golden of the report if it missed its mark under a gate."""
    record = record_in(report)
    if record is None or not report.passed:
        return None
    return next((r for r in record.results if r.outcome is Outcome.MISSED), None)


class _Told(NamedTuple):
    """What one item reported."""

    record: PromptRecord
    nodeid: str
    failed: bool


class Reporting:
    """Sums up the reports of a run. Runs once, in the process that reports come to.

    ``remarks`` fill up during the run with what the client has to say. ``saved_in`` is where
    answers were that were not asked for. ``until_decided`` tells that goldens of prompts with a
    gate are asked only until its verdict is decided.
    """

    def __init__(
        self,
        config: pytest.Config,
        remarks: Sequence[str],
        saved_in: str = "the cache",
        *,
        until_decided: bool = False,
    ) -> None:
        self._config = config
        self._remarks = remarks
        self._saved_in = saved_in
        self._until_decided = until_decided
        self._folding = Folding()
        config.pluginmanager.register(self._folding, "promptopt-folding")
        self._told: dict[str, list[_Told]] = {}
        self._joined: tuple[PromptRecord, ...] | None = None
        self._failures: dict[str, Failure] = {}
        self._without_goldens: dict[str, bool] = {}

    def prompts(self) -> tuple[PromptRecord, ...]:
        """One record a prompt and model, in the order in which they first reported."""
        if self._joined is None:
            told = self._told.values()
            self._joined = tuple(joined([item.record for item in items]) for items in told)
        return self._joined

    def run(self, exit_code: int, searches: Iterable[SearchRecord] = ()) -> Run:
        """The run so far, with what failed beside the goldens."""
        return Run(
            exit_code=exit_code,
            failures=tuple(self._failures.values()),
            prompts=self.prompts(),
            searches=tuple(searches),
        )

    def take(self, record: PromptRecord) -> None:
        """Put what was found out of a prompt after its items in the place of what was known."""
        known = self._told[record.key]
        known.append(_Told(replace(record, results=()), known[-1].nodeid, False))
        self._joined = None

    def pytest_report_teststatus(self, report: pytest.TestReport) -> Any:
        """Goldens that missed under a gate have a letter and a word of their own."""
        if report.when == "call" and missed_in(report):
            return "missed", "m", ("MISSED", {"yellow": True})
        return None

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what the report carries."""
        record = record_in(report)
        if record is None:
            if report.failed:
                reason = report.__dict__.get("promptopt_unread", "")
                where = report.nodeid.partition("::")[0] if reason else report.nodeid
                self._failures.setdefault(where, Failure(location=where, reason=reason))
            return
        if not record.results and record.verdict is None:
            self._without_goldens[record.location] = True
            return
        told = _Told(record, report.nodeid, report.failed)
        self._told.setdefault(record.key, []).append(told)
        tell_plugins(self._config.hook, record)
        self._joined = None
        missed = missed_in(report)
        if missed is not None:
            write_to_junit(self._config, report, explain(missed, record.model, limit=MOST_KEPT))

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
        nodeids = [m.nodeid for missed in self._missed() for m in missed if m.fails]
        if cache is not None and nodeids:
            last_failed = cache.get(_LAST_FAILED, {})
            cache.set(_LAST_FAILED, last_failed | dict.fromkeys(nodeids, True))
        return result

    def _is_nothing_judged(self) -> bool:
        """Whether this is so of a prompt with goldens, or of all for want of goldens."""
        prompts = self.prompts()
        is_empty = bool(self._without_goldens) and not prompts
        return is_empty or any(prompt.has_nothing_scored for prompt in prompts)

    def _missed(self) -> list[list[Missed]]:
        """For each prompt the goldens that missed under its gate."""
        return [
            [
                Missed(nodeid=item.nodeid, result=result, model=prompt.model, fails=fails)
                for item in self._told[prompt.key]
                for result in item.record.results
                if result.outcome is Outcome.MISSED and not item.failed
            ]
            for prompt in self.prompts()
            for fails in [prompt.verdict is not None and not prompt.verdict.passed]
        ]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Missed goldens explained, then a table with a row a prompt and what is worth a look."""
        self._folding.restore(terminalreporter)
        show_missed(terminalreporter, self._missed())
        prompts = self.prompts()
        unread = [failure for failure in self._failures.values() if failure.reason]
        if prompts or unread or self._remarks or self._without_goldens:
            terminalreporter.write_sep("=", "prompt scores")
        lines = render(
            prompts,
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
        in_full = [p.key for p in prompts if p.verdict is None and p.results]
        if self._until_decided and in_full:
            text = "all goldens that ran were asked, as no gate was to decide"
            say(terminalreporter, f"{text}: {printable(listed(in_full))}", yellow=True)
        for remark in self._remarks:
            say(terminalreporter, remark, yellow=True)
