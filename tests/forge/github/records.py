"""What the fake remembers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

Kind = Literal["installation", "user"]
Side = Literal["LEFT", "RIGHT"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who writes; ``type`` is what GitHub calls it: User or Bot."""

    id: int
    login: str
    type: Literal["User", "Bot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What its bearer may do; ``repositories`` in lower case, None for all."""

    text: str
    account: Account
    kind: Kind
    permissions: Mapping[str, str]
    repositories: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A bare repository in ``folder``; ``name`` is ``owner/name``."""

    id: int
    name: str
    folder: Path
    is_private: bool
    created_at: datetime

    @property
    def owner(self) -> str:
        return self.name.split("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request; the commits are those of now, or of its end where it is closed.

    ``head_repository`` is that of the branch, also where it was deleted.
    """

    id: int
    number: int
    repository: str
    author: Account
    title: str
    body: str
    head_repository: str
    head_branch: str
    base_branch: str
    head_commit: str
    base_commit: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit: str | None = None
    is_locked: bool = False
    is_draft: bool = False

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_merged(self) -> bool:
        return self.merged_at is not None

    @property
    def head_label(self) -> str:
        """The head as GitHub writes it: ``owner:branch``."""
        return f"{self.head_repository.split('/')[0]}:{self.head_branch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueComment:
    """A comment in the conversation of a pull request."""

    id: int
    repository: str
    number: int
    author: Account
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewComment:
    """A comment on lines of ``commit``; ``start_line`` is None where it is one line."""

    id: int
    review: int
    repository: str
    number: int
    author: Account
    body: str
    commit: str
    path: str
    side: Side
    line: int
    start_side: Side | None
    start_line: int | None
    position: int
    diff_hunk: str
    created_at: datetime
    updated_at: datetime

    @property
    def first_line(self) -> int:
        return self.line if self.start_line is None else self.start_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A review with its comments; ``submitted_at`` is None while it is pending."""

    id: int
    repository: str
    number: int
    author: Account
    body: str
    state: str
    commit: str
    comments: tuple[ReviewComment, ...]
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it arrived, at ``at_seconds`` on the monotonic clock, and what came of it.

    ``path`` is without the query. ``body`` is JSON, or None where there is none. Header
    names are in lower case. ``status`` is None where the connection was dropped, and of requests
    by git.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    status: int | None
    at_seconds: float


@dataclass(slots=True, kw_only=True)
class Settings:
    """What a test may change at any time.

    ``actions_may_open_pull_requests`` is the repository's setting for GitHub Actions' own token.
    Writes of one token that come less than ``least_seconds_between_writes`` apart are refused.
    A file whose patch is longer than ``longest_patch`` characters is listed without one.
    """

    actions_may_open_pull_requests: bool = True
    least_seconds_between_writes: float = 0.0
    longest_patch: int = 500_000
