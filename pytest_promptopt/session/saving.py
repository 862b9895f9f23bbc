"""``--prompt-save-scores``: keeps what whole prompts scored, for `promptopt log`."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.scores import (
    SCORES_PATH,
    GoldenScore,
    SavedScore,
    ScoredContent,
    ScoreFile,
)
from pytest_promptopt.reports.summary import PromptSummary
from pytest_promptopt.session.reporting import Reporting


class SavingScores:
    """Writes the scores when the run is over. ``now`` tells the time in UTC."""

    def __init__(self, reporting: Reporting, root: Path, now: Callable[[], datetime]) -> None:
        self._reporting = reporting
        self._file = ScoreFile(root / SCORES_PATH)
        self._now = now
        self._remark = ""

    def pytest_sessionfinish(self) -> None:
        """Write; a file that cannot be written is told and changes no outcome."""
        scores = [
            _saved(summary, summary.content, score, self._now())
            for summary in self._reporting.summaries()
            if summary.content
            and summary.is_whole
            and (score := summary.evaluation.score) is not None
        ]
        try:
            new = self._file.add(scores)
        except HistoryError as error:
            self._remark = f"no score was saved: {error}"
        else:
            self._remark = (
                f"scores of {len(scores)} whole prompts, {new} of them new: {SCORES_PATH}"
            )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was saved."""
        terminalreporter.write_line(self._remark)


def _saved(
    summary: PromptSummary, content: ScoredContent, score: float, now: datetime
) -> SavedScore:
    return SavedScore(
        content=content,
        model=summary.model,
        location=summary.location,
        samples=summary.samples,
        score=score,
        interval=summary.interval,
        goldens={
            golden.golden_id: GoldenScore(score=golden.score, passed=golden.passed)
            for golden in summary.evaluation.scored
        },
        recorded=now.date(),
    )
