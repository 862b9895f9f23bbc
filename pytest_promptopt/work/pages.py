"""Pages of runs, with what the project has beside the run."""

from datetime import datetime
from pathlib import Path

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.scores import SavedScore, ScoreFile
from pytest_promptopt.project.folder import SCORES
from pytest_promptopt.reports.html.page import Surroundings


def surroundings_of(root: Path, ended: datetime | None) -> Surroundings:
    """What the project at ``root`` tells of its prompts beside a run that ``ended`` in UTC then."""
    return Surroundings(ended=ended, scores=_scores(root))


def _scores(root: Path) -> tuple[SavedScore, ...]:
    """None where they cannot be read, which others tell: a page is no reason to fail."""
    try:
        return ScoreFile(root / SCORES).read().scores
    except HistoryError:
        return ()
