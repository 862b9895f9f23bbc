"""Pages of runs, with what the project has beside the run."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import HistoryError, PromptFileError, PromptoptError, UsageError
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.history.scores import SavedScore, ScoreFile
from pytest_promptopt.optimization.journal import read_journal
from pytest_promptopt.project.folder import JOURNAL, RUNS, SCORES
from pytest_promptopt.prompts.library import project_of
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.prompts.version import digest, version_of
from pytest_promptopt.reports.html.page import Invitation, Surroundings
from pytest_promptopt.work.sheet import Sheet, read_sheet


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


def labelling_of(root: Path | None, run: Run) -> Mapping[str, Invitation]:
    """Where people can label what the run's judges chose, beside a page that is served.

    ``root`` is that of the project, None for a report of another one.
    """
    judged = [record for record in run.prompts if any(judge.choices for judge in record.judges)]
    found = {location: _labelling(root, location, run) for location in {r.location for r in judged}}
    return {record.key: found[record.location] for record in judged}


def place_of(location: str) -> str:
    """What the prompt is called in addresses."""
    return digest(location)


def sheet_at(root: Path, location: str, run: Run) -> Sheet:
    """What can be labelled of the prompt there; raises PromptoptError, also where it is outside.

    A run can be somebody else's, and labels are written beside the prompt.
    """
    path = root / location
    if not path.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"{location} is outside of the project")
    return read_sheet(path, root, run)


def _labelling(root: Path | None, location: str, run: Run) -> Invitation:
    if root is None:
        return Invitation(
            lack="labels are of a run that the project has kept, not of a JSON report"
        )
    try:
        sheet_at(root, location, run)
    except PromptoptError as error:
        return Invitation(lack=str(error))
    return Invitation(address=f"label/{place_of(location)}/")


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
