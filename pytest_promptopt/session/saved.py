"""Files that outlive a run: scores and recordings where wanted, and always the run itself."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from pytest_promptopt.client.client import Client
from pytest_promptopt.client.recording_file import recording_path
from pytest_promptopt.errors import HistoryError, Problem
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.record import PromptRecord, interval_of
from pytest_promptopt.history.scores import (
    GoldenScore,
    SavedScore,
    ScoreFile,
)
from pytest_promptopt.project.folder import RUNS, SCORES
from pytest_promptopt.session.after import Step, fail
from pytest_promptopt.session.lines import say
from pytest_promptopt.session.results import Reporting, Searches
from pytest_promptopt.work.saved_runs import RunStore


class SavingScores(Step):
    """Writes the scores when the run is over. ``now`` tells the time in UTC."""

    def __init__(self, reporting: Reporting, root: Path, now: Callable[[], datetime]) -> None:
        self._reporting = reporting
        self._file = ScoreFile(root / SCORES)
        self._now = now
        self._remark = ""
        self._problems: tuple[Problem, ...] = ()

    def save(self, session: pytest.Session) -> None:
        """Write; a file that cannot be written is told and fails the run."""
        now = self._now()
        scores = [saved for prompt in self._reporting.prompts() for saved in _saved(prompt, now)]
        try:
            self._problems = self._file.read().problems
            new = self._file.add(scores)
        except HistoryError as error:
            self._remark = f"no score was saved: {error}"
            fail(session)
        else:
            self._remark = f"{counted(len(scores), 'score')} of whole prompts, {new} new: {SCORES}"

    def show(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was saved, and what stands there that is no score."""
        for problem in self._problems:
            say(terminalreporter, str(problem), yellow=True)
        say(terminalreporter, self._remark)


class SavingRun(Step):
    """Keeps the whole run for `promptopt report`, and hands it to plugins.

    ``searches`` tells what searches came to.
    """

    def __init__(
        self,
        config: pytest.Config,
        reporting: Reporting,
        now: Callable[[], datetime],
        searches: Searches,
    ) -> None:
        self._config = config
        self._reporting = reporting
        self._store = RunStore(config.rootpath)
        self._now = now
        self._searches = searches
        self._remark = ""

    def save(self, session: pytest.Session) -> None:
        """Write, when the exit code is known; nobody asked for it, so that it changes none."""
        run = self._reporting.run(int(session.exitstatus), self._searches())
        self._config.hook.pytest_promptopt_run(run=run)
        if not run.prompts:
            return
        try:
            self._store.save(run, self._now())
        except OSError as error:
            self._remark = f"the run was not saved in {RUNS.as_posix()}: {error.strerror or error}"

    def show(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what went wrong."""
        if self._remark:
            say(terminalreporter, self._remark, yellow=True)


def _saved(prompt: PromptRecord, now: datetime) -> Iterator[SavedScore]:
    """The scores of a prompt that are whole: its own, and that of the base on its goldens."""
    if prompt.content is None:
        return
    versions = {prompt.content.version: prompt.evaluation}
    if prompt.base is not None and prompt.before is not None:
        versions[prompt.base.version] = prompt.before
    for version, evaluation in versions.items():
        score = evaluation.score
        if score is not None and prompt.is_whole_of(evaluation):
            yield SavedScore(
                content=replace(prompt.content, version=version),
                model=prompt.model,
                location=prompt.location,
                samples=prompt.samples,
                score=score,
                interval=interval_of(evaluation),
                goldens={
                    golden.golden_id: GoldenScore(score=golden.score, passed=golden.passed)
                    for golden in evaluation.scored
                },
                recorded=now.date(),
            )


class UnusedRecordings(Step):
    """Removed by ``record``, told by ``replay``: of prompts all of whose goldens were answered."""

    def __init__(self, client: Client, reporting: Reporting, root: Path) -> None:
        self._client = client
        self._reporting = reporting
        self._root = root
        self._told: Mapping[Path, int] = {}

    def save(self, session: pytest.Session) -> None:
        """Look at what was used; recordings that cannot be written fail the run."""
        recorder, replay = self._client.recorder, self._client.replay
        if recorder is not None:
            for origin in self._whole():
                recorder.discard_unused(origin)
            if not recorder.flush():
                fail(session)
        if replay is not None:
            whole = {recording_path(origin) for origin in self._whole()}
            self._told = {path: n for path, n in replay.unused().items() if path in whole}

    def show(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the recordings that nothing asked for."""
        for path, count in self._told.items():
            say(
                terminalreporter,
                f"{path.relative_to(self._root)}: {_unused(count)}; "
                "`--prompt-responses record` removes them",
                yellow=True,
            )

    def _whole(self) -> list[Path]:
        """Prompts all of whose goldens were answered, by each of the run's models."""
        prompts = self._reporting.prompts()
        partial = {p.location for p in prompts if not p.is_whole_of(p.evaluation)}
        locations = dict.fromkeys(prompt.location for prompt in prompts)
        return [self._root / location for location in locations if location not in partial]


def _unused(count: int) -> str:
    return f"{counted(count, 'recording')} {'was' if count == 1 else 'were'} not used"
