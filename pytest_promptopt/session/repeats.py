"""One cause, one message: what many goldens ended by is printed once."""

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_promptopt.evaluation.causes import causes
from pytest_promptopt.evaluation.evaluation import GoldenResult
from pytest_promptopt.evaluation.listing import counted, listed
from pytest_promptopt.session.longrepr import longrepr_of

_KINDS = ("error", "failed")


class Folding:
    """Has pytest print the first report of each cause; the others refer to it in a short line.

    Reports are only left out while pytest prints its sections of errors and failures: they
    count, and stand in the short summary.
    """

    def __init__(self) -> None:
        self._whole: dict[str, list[Any]] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Any:
        """Leave out what repeats, before pytest prints."""
        for kind in _KINDS:
            reports = terminalreporter.stats.get(kind, [])
            repeating = _repeating(reports)
            if repeating:
                self._whole[kind] = reports
                kept = [report for report in reports if report.nodeid not in repeating]
                terminalreporter.stats[kind] = kept
                for report in reports:
                    if report.nodeid in repeating:
                        _retell(report, repeating[report.nodeid])
        return (yield)

    def restore(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Put back what was left out, when the sections are printed."""
        terminalreporter.stats.update(self._whole)


def _retell(report: Any, text: str) -> None:
    path, line, _ = report.location
    told = report.nodeid.partition("::")[0]
    report.longrepr = longrepr_of(text, path, (line or 0) + 1, told=told)


def _repeating(reports: list[Any]) -> Mapping[str, str]:
    """What to say instead of a report that repeats another, by its node id.

    The first of each cause is told how many there are.
    """
    by_prompt: dict[str, dict[str, Any]] = {}
    results: dict[str, list[GoldenResult]] = {}
    for report in reports:
        record = report.__dict__.get("promptopt")
        for result in record.results if record else ():
            by_prompt.setdefault(record.key, {})[result.id] = report
            results.setdefault(record.key, []).append(result)
    found: dict[str, str] = {}
    for key, own in results.items():
        for cause in causes(own):
            first, *others = cause.goldens
            if others:
                report = by_prompt[key][first]
                same = f"the same for {counted(len(others), 'more golden')}: {listed(others)}"
                _retell(report, f"{report.longrepr}\n{same}")
                found |= {by_prompt[key][name].nodeid: f"as {first}" for name in others}
    return found
