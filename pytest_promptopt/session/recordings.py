"""The fate of recordings that a run did not use."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_promptopt.client.client import Client
from pytest_promptopt.client.recording_file import recording_path
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.session.after import Step, fail
from pytest_promptopt.session.lines import say
from pytest_promptopt.session.results import Reporting


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
