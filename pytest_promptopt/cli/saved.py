"""Saved scores as the commands show them."""

from pathlib import Path

from pytest_promptopt.cli.output import warn
from pytest_promptopt.history.scores import SavedScore, SavedScores, ScoreFile
from pytest_promptopt.project.folder import SCORES


def read_scores(project: Path) -> SavedScores:
    """The scores of the project; lines that cannot be read are told on stderr."""
    saved = ScoreFile(project / SCORES).read()
    for problem in saved.problems:
        warn(str(problem))
    return saved


def score_text(score: SavedScore) -> str:
    """The score with its interval, where it has one."""
    interval = score.interval
    bounds = "" if interval is None else f" [{interval.low:.3f}, {interval.high:.3f}]"
    return f"{score.score:.3f}{bounds}"


def how_to_save(location: str) -> str:
    """The command that saves the scores of a prompt as it stands."""
    return f"pytest --prompt-eval --prompt-save-scores {location}"
