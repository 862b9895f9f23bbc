"""Commits in the order of history."""

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pytest_promptopt.history.command import Command
from pytest_promptopt.history.versions import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestry:
    """A commit and all before it: the place of each, children before parents; first parents."""

    ranks: Mapping[str, int]
    first_parents: Mapping[str, str]


def read_ancestry(git: Command, commit: str) -> Ancestry:
    """The ancestry of a commit, given by its full id."""
    listed = git.text("rev-list", "--topo-order", "--parents", commit, "--")
    lines = [line.split() for line in listed.splitlines()]
    return Ancestry(
        ranks={found: rank for rank, (found, *_) in enumerate(lines)},
        first_parents={line[0]: line[1] for line in lines if len(line) > 1},
    )


def merges(git: Command, head: str, paths: Collection[Path]) -> Iterator[Version]:
    """The merges up to ``head`` after which these files, together, are those of neither side.

    ``git log --follow`` leaves them out. :attr:`Version.path` is one of ``paths``.
    """
    if not paths:
        return
    places = [path.relative_to(git.folder).as_posix() for path in paths]
    words = git.names(
        *("log", "--merges", "-z", "--format=%H%x00%aI%x00%aN%x00%s", "--encoding=UTF-8"),
        *("--no-show-signature", head, "--", *(f":(literal){place}" for place in places)),
    )
    path = next(iter(paths))
    for commit, day, author, subject in zip(*[iter(words)] * 4, strict=True):
        yield Version(
            commit=commit,
            path=path,
            date=datetime.fromisoformat(day),
            author=author,
            subject=subject,
        )


class Timeline:
    """Versions in the order of history, to which others may be added on the way."""

    def __init__(self, ranks: Mapping[str, int]) -> None:
        self._ranks = ranks
        self._waiting: list[int] = []
        self._versions: dict[int, Version] = {}
        self._reached = -1

    def ordered(self, versions: Iterable[Version]) -> Sequence[Version]:
        """The newest first."""
        return sorted(versions, key=lambda version: self._ranks[version.commit])

    def add(self, versions: Iterable[Version]) -> None:
        """Visit these too, as far as they are still to come."""
        for version in versions:
            rank = self._ranks[version.commit]
            if rank > self._reached and rank not in self._versions:
                self._versions[rank] = version
                heapq.heappush(self._waiting, rank)

    def next(self) -> Version | None:
        """The next one, None at the end."""
        if not self._waiting:
            return None
        self._reached = heapq.heappop(self._waiting)
        return self._versions[self._reached]

    def is_before(self, version: Version, other: Version | None) -> bool:
        """Whether ``version`` is the newer of the two."""
        return other is not None and self._ranks[version.commit] < self._ranks[other.commit]
