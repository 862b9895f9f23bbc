"""The versions of a file: the commits that touched it, across renames."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pytest_promptopt.history.command import Command

_FORMAT = "%H%x00%aI%x00%aN%x00%s"
_COMMIT_FIELDS = 4
_CHANGE = re.compile(r"\n?([A-Z])\d*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A commit that touched a file.

    ``path`` is absolute and has the file's name at that commit; ``date`` is the author's and has
    an offset; ``subject`` is the first paragraph of the message on one line.
    """

    commit: str
    path: Path
    date: datetime
    author: str
    subject: str


@dataclass(frozen=True, slots=True)
class NamedVersion:
    """A version, and the name that the commit found the file under."""

    version: Version
    former_name: str


def steps(command: Command, revisions: str, name: str) -> Iterator[NamedVersion]:
    """What ``git log --follow`` tells of the file that is ``name`` at the end of ``revisions``.

    Newest first. Merges are left out, as they are there.
    """
    words = iter(
        command.names(
            "log",
            "--follow",
            "--name-status",
            "-z",
            f"--format={_FORMAT}",
            "--encoding=UTF-8",
            "--no-merges",
            "--no-show-signature",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            revisions,
            "--",
            f":(literal){name}",
        )
    )
    for commit in words:
        date, author, subject = (next(words) for _ in range(_COMMIT_FIELDS - 1))
        kind = _CHANGE.fullmatch(next(words))
        former = present = next(words)
        if kind is not None and kind[1] in "RC":
            present = next(words)
        version = Version(
            commit=commit,
            path=command.folder / present,
            date=datetime.fromisoformat(date),
            author=_shown(author),
            subject=_shown(subject),
        )
        yield NamedVersion(version, former)


def _shown(text: str) -> str:
    """``text`` with a sign where a commit has bytes that are not UTF-8."""
    return os.fsencode(text).decode("utf-8", "replace")
