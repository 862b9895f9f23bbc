"""The place where pull requests are: what is asked of it, and the records that it answers with.

Texts of comments arrive ready-made; nothing here knows what a prompt is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request as the forge has it now.

    ``head_repository`` is ``owner/name``, None where a fork was deleted. ``head_commit`` is the
    full id of the commit at its head.
    """

    number: int
    url: str
    title: str
    body: str
    is_open: bool
    is_merged: bool
    is_locked: bool
    head_repository: str | None
    head_branch: str
    head_commit: str
    base_branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment in the conversation of a pull request."""

    id: int
    url: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """A file that a pull request changes; ``patch`` holds its hunks, None where there are none.

    There are none for a binary file, a mere rename, and where the change is too large to show.
    """

    path: str
    patch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineComment:
    """A comment on the lines ``first`` to ``last`` of the file as the head has it, from 1."""

    path: str
    first: int
    last: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """The commit that a branch points to, by its full id, with its message."""

    commit: str
    message: str


class Forge(Protocol):
    """A repository on a forge, asked in the name of whoever the token belongs to.

    Every method raises :class:`~pytest_promptopt.errors.ForgeError`, whose message says what
    was not done, why, and what would help.
    """

    def pull_request(self, number: int) -> PullRequest:
        """The pull request of that number."""
        ...

    def pull_requests(
        self, *, head: str, base: str | None = None, is_open: bool | None = None
    ) -> Sequence[PullRequest]:
        """Those from the branch ``head``, which is ``owner:branch``, the latest first.

        ``base`` is the branch that they are to be merged into, None for any; ``is_open`` is None
        for open and closed ones.
        """
        ...

    def open_pull_request(self, *, head: str, base: str, title: str, body: str) -> PullRequest:
        """Open one from the branch ``head`` of this repository onto its branch ``base``."""
        ...

    def edit_pull_request(self, number: int, *, title: str, body: str) -> PullRequest:
        """Replace title and body."""
        ...

    def changed_files(self, number: int) -> Sequence[ChangedFile]:
        """The files that the pull request changes."""
        ...

    def own_comment(self, number: int, marker: str) -> Comment | None:
        """Our comment in the conversation whose first line is ``marker``; the first of several.

        One of somebody else's that has the marker is not ours.
        """
        ...

    def add_comment(self, number: int, body: str) -> Comment:
        """Add a comment to the conversation."""
        ...

    def edit_comment(self, comment: Comment, body: str) -> Comment | None:
        """Replace the text of our comment; None where it is not there any more."""
        ...

    def own_line_comments(self, number: int) -> Sequence[str]:
        """The texts of our comments on lines that are still in the diff."""
        ...

    def review(
        self, number: int, *, commit: str, body: str, comments: Sequence[LineComment]
    ) -> str:
        """Add one review with comments on lines of ``commit``, all or none; its URL."""
        ...

    def branch(self, name: str) -> Tip | None:
        """The tip of a branch of this repository; None where there is no such branch."""
        ...
