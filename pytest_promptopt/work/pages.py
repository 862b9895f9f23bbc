"""Pages of runs, with what the project has beside the run."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import HistoryError, PromptFileError, UsageError
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.history.scores import SavedScore, ScoreFile
from pytest_promptopt.optimization.journal import read_journal
from pytest_promptopt.project.folder import JOURNAL, RUNS, SCORES
from pytest_promptopt.prompts.library import project_of
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.prompts.version import version_of
from pytest_promptopt.reports.html.page import Surroundings


def surroundings_of(root: Path, run: Run, ended: datetime | None) -> Surroundings:
    """What the project at ``root`` tells beside a ``run`` that ``ended`` in UTC then."""
    read = {location: _prompt(root, location) for location in {p.location for p in run.prompts}}
    prompts = {
        record.key: prompt
        for record in run.prompts
        if (prompt := read[record.location]) and version_of(prompt) == record.version
    }
    lines = {search.run: _journal(root, search.run) for search in run.searches if search.run}
    return Surroundings(ended=ended, scores=_scores(root), prompts=prompts, searches=lines)


def _journal(root: Path, name: str) -> Sequence[Mapping[str, Any]]:
    """Its lines; none where they are not there any more, or cannot be read."""
    try:
        return read_journal(root / RUNS / Path(name).name / JOURNAL)
    except (OSError, UsageError):
        return ()


def _prompt(root: Path, location: str) -> Prompt | None:
    """The prompt as it stands; None where it cannot be read any more."""
    path = root / location
    try:
        return read_prompt(path, root=project_of(path, root))
    except PromptFileError:
        return None


def _scores(root: Path) -> tuple[SavedScore, ...]:
    """None where they cannot be read, which others tell: a page is no reason to fail."""
    try:
        return ScoreFile(root / SCORES).read().scores
    except HistoryError:
        return ()
