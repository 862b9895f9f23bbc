"""The folder ``.promptopt`` at the root of a project, and what is where in it."""

import contextlib
from pathlib import Path

from pytest_promptopt.errors import UsageError

FOLDER = Path(".promptopt")
CACHE = FOLDER / "cache"
COMMENT = FOLDER / "comment.md"
MEMORY = FOLDER / "memory"
PROPOSALS = FOLDER / "proposals"
RUNS = FOLDER / "runs"
JOURNAL = "journal.jsonl"
"""A search has a folder of its own in :data:`RUNS`, and this in it."""
SCORES = FOLDER / "scores.jsonl"

SCHEMA = FOLDER / "prompt.schema.json"
"""What editors complete and check prompt files by, on a path that no update moves."""
IGNORE = FOLDER / ".gitignore"
IGNORED = "# Written by pytest-promptopt.\ncache/\nruns/\nproposals/\n"


def project_with(part: Path, *, start: Path, remedy: str) -> Path:
    """The nearest folder from ``start`` upwards that has ``part``.

    Raises :class:`UsageError` with the ``remedy`` where there is none.
    """
    for folder in (start, *start.parents):
        if (folder / part).is_dir():
            return folder
    raise UsageError(f"no {part.as_posix()} here or above; {remedy}")


def keep_out_of_git(root: Path) -> None:
    """Write the folder's ``.gitignore`` unless there is one.

    A folder that cannot be written to is left alone: whoever writes into it will say so.
    """
    path = root / IGNORE
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(IGNORED)
