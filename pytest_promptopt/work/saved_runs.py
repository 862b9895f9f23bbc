"""Runs that outlive their process, with all their texts, in ``.promptopt/runs/``."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pytest_promptopt.codec import encoded, from_json
from pytest_promptopt.errors import ReportError
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.project.files import replace_file
from pytest_promptopt.project.folder import RUNS, keep_out_of_git
from pytest_promptopt.prompts.files import open_file
from pytest_promptopt.prompts.json_text import load_json

KEPT_DAYS = 30
KEPT_BYTES = 100_000_000

_VERSION = 1
_MOST_BYTES = 200_000_000
_TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRun:
    """A run, and when it ended."""

    version: int
    ended: datetime
    run: Run


class RunStore:
    """The runs of the project at ``root``, a file each, named by when they ended."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = root / RUNS

    def save(self, run: Run, ended: datetime) -> str:
        """Write the run and take away those that are too old or too many; its name.

        ``ended`` is in UTC. Raises OSError.
        """
        keep_out_of_git(self.root)
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{ended.strftime(_TIME)}-{secrets.token_hex(2)}"
        record = SavedRun(version=_VERSION, ended=ended, run=run)
        replace_file(self.path(name), encoded(record))
        for path in self._outlived(ended):
            path.unlink(missing_ok=True)
        return name

    def names(self) -> list[str]:
        """Those there are, the latest first."""
        return sorted((path.stem for path in self._folder.glob("*.json")), reverse=True)

    def read(self, name: str) -> SavedRun:
        """The run of that name; raises :class:`ReportError`."""
        path = self.path(name)
        where = f"{RUNS.as_posix()}/{path.name}"
        try:
            with open_file(path) as file:
                content = file.read(_MOST_BYTES + 1)
            if len(content) > _MOST_BYTES:
                raise ValueError(f"larger than {_MOST_BYTES:,} bytes")
            return from_json(SavedRun, load_json(content.decode()))
        except OSError as error:
            raise ReportError(f"{where}: cannot be read: {error.strerror or error}") from error
        except ValueError as error:
            raise ReportError(f"{where}: not a saved run ({error}); delete it") from None

    def path(self, name: str) -> Path:
        """Where the run of that name is kept."""
        return self._folder / f"{name}.json"

    def _outlived(self, now: datetime) -> Iterator[Path]:
        """Those to take away: older than :data:`KEPT_DAYS`, or beyond :data:`KEPT_BYTES`."""
        oldest = (now - timedelta(days=KEPT_DAYS)).strftime(_TIME)
        size = 0
        for number, name in enumerate(self.names()):
            path = self.path(name)
            size += path.stat().st_size
            if number and (name < oldest or size > KEPT_BYTES):
                yield path


def utc_now() -> datetime:
    """The time in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
