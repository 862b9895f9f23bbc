"""A GitHub of one's own on loopback: real repositories, and the parts of the API that we use.

Requests and answers are checked against GitHub's own description of its API, and the rules
that the description leaves out are those that GitHub applies, in its words.
"""

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.forge.github.access import may_use_git, read_token
from tests.forge.github.api import API_PATH, Answer, Api, with_status
from tests.forge.github.bare import Bare
from tests.forge.github.faults import Fault, Faults
from tests.forge.github.placing import standings
from tests.forge.github.records import (
    IssueComment,
    Kind,
    PullRequest,
    Received,
    Repository,
    Review,
    ReviewComment,
    Settings,
)
from tests.forge.github.refusal import SECONDARY_LIMIT, RefusalError
from tests.forge.github.serving import Server
from tests.forge.github.store import Store
from tests.forge.github.suggestion import apply, suggested_lines

ALL_WRITE = {"issues": "write", "pull_requests": "write", "contents": "write"}


class FakeGitHub(Settings):
    """The server; up while it is entered.

    ``requests`` are all that arrived. ``violations`` must stay empty: it says which requests
    were not as GitHub describes them. Repositories lie in ``folder``, and branches, commits and
    diffs are always those that the repositories have at the moment.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.requests: list[Received] = []
        self._lock = threading.RLock()
        self._store = Store(folder)
        self._faults = Faults()
        self._server = Server(
            folder=folder,
            answer=self._answer,
            may_git=self._may_git,
            note=self.requests.append,
            fail=lambda error: self.violations.append(error),
        )
        self._api = Api(self._store, self, self._faults, api_url=self.api_url)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        """The server's address, such as https://github.com; git is below it."""
        return self._server.url

    @property
    def api_url(self) -> str:
        """The API's address, as on GitHub Enterprise."""
        return self.url + API_PATH

    @property
    def violations(self) -> list[str]:
        """What was not as GitHub describes it."""
        return self._api.violations

    def add_repository(self, name: str, *, is_private: bool = True) -> Path:
        """Make an empty repository, ``owner/name``; the bare repository's folder.

        A bare repository that is in its place already is taken as it is.
        A public one is read by everybody, a private one by tokens that may.
        """
        with self._lock:
            return self._store.add_repository(name, is_private=is_private).folder

    def delete_repository(self, name: str) -> None:
        """Take a repository, such as a fork, away."""
        with self._lock:
            self._store.delete_repository(name)

    def add_token(
        self,
        login: str,
        *,
        kind: Kind = "installation",
        permissions: Mapping[str, str] = ALL_WRITE,
        repositories: list[str] | None = None,
    ) -> str:
        """Make a token; without ``repositories`` it is for all of them.

        One of an installation, such as GitHub Actions' own, writes as a bot and is not told who
        it is.
        """
        names = None if repositories is None else frozenset(map(str.lower, repositories))
        with self._lock:
            return self._store.add_token(
                login, kind=kind, permissions=permissions, repositories=names
            ).text

    def open_pull_request(
        self, repository: str, *, head: str, base: str, title: str = "A change", body: str = ""
    ) -> int:
        """Open a pull request from a branch, or from ``owner:branch`` of a fork; its number."""
        owner, separator, branch = head.rpartition(":")
        found = self._repository(repository)
        source = f"{owner}/{found.name.split('/')[1]}" if separator else found.name
        with self._lock:
            return self._store.add_pull_request(
                repository=found,
                author=self._store.account(source.split("/")[0]),
                title=title,
                body=body,
                head_repository=source,
                head_branch=branch,
                base_branch=base,
            ).number

    def add_comment_as(
        self, login: str, repository: str, number: int, body: str, kind: Kind = "user"
    ) -> IssueComment:
        """Somebody comments."""
        found = self._repository(repository)
        with self._lock:
            author = self._store.account(login, kind)
            return self._store.comment(found, number, author, body)

    def delete_comment(self, identifier: int) -> None:
        """Somebody deletes a comment of the conversation."""
        with self._lock:
            del self._store.comments[identifier]

    def close(self, repository: str, number: int) -> None:
        """Somebody closes the pull request."""
        with self._lock:
            self._store.close(self.pull_request(repository, number))

    def lock(self, repository: str, number: int) -> None:
        """Somebody locks the conversation."""
        with self._lock:
            self._store.keep(replace(self.pull_request(repository, number), is_locked=True))

    def merge(self, repository: str, number: int, *, login: str = "octocat") -> str:
        """Somebody merges the pull request; the merge commit."""
        with self._lock:
            found = self.pull_request(repository, number)
            now = self._store.now()
            author = self._store.account(login)
            label = found.head_label.replace(":", "/")
            commit = self._store.bare(repository).merge(
                found.base_branch,
                found.head_commit,
                message=f"Merge pull request #{number} from {label}\n\n{found.title}",
                author=author,
                at=now,
            )
            closed = self._store.close(found)
            self._store.keep(replace(closed, merged_at=now, merged_by=author, merge_commit=commit))
            return commit

    def take_suggestion(self, identifier: int, *, login: str = "octocat") -> str:
        """Somebody commits what a comment of a review suggests; the commit."""
        with self._lock:
            comment = self._store.review_comment(identifier)
            found = self.pull_request(comment.repository, comment.number)
            lines = self.lines_of(comment)
            assert lines is not None, "the comment is outdated"
            assert comment.side == "RIGHT", "only lines of the head can be changed"
            bare = self._store.bare(found.head_repository)
            content = bare.read(found.head_commit, comment.path)
            return bare.replace_file(
                found.head_branch,
                comment.path,
                apply(content, *lines, suggested_lines(comment.body)),
                message=f"Apply suggestion from @{comment.author.login}",
                author=self._store.account(login),
                at=self._store.now(),
            )

    def fail_next(
        self,
        n: int = 1,
        *,
        status: int = 429,
        headers: Mapping[str, str] | None = None,
        message: str = SECONDARY_LIMIT,
        match: str = "",
    ) -> None:
        """Refuse the next requests whose ``METHOD /path`` contains ``match``.

        A status of 500 and more has a page of HTML.
        """
        self._faults.add(
            Fault(
                left=n,
                match=match,
                what="answer",
                status=status,
                headers=headers or {},
                message=message,
            )
        )

    def drop_next(self, n: int = 1, *, is_done: bool = False, match: str = "") -> None:
        """Close the connections of the next requests unanswered, which do nothing or all."""
        self._faults.add(Fault(left=n, match=match, what="lose" if is_done else "drop", headers={}))

    def pull_request(self, repository: str, number: int) -> PullRequest:
        """The pull request as it is now."""
        with self._lock:
            found = self._store.pull_request(repository, number)
            assert found is not None, f"{repository} has no pull request {number}"
            return found

    def pull_requests(self, repository: str) -> list[PullRequest]:
        """All of a repository, the first first."""
        with self._lock:
            return self._store.pull_requests(repository)

    def comments(self, repository: str, number: int) -> list[IssueComment]:
        """The conversation of a pull request, the first first."""
        with self._lock:
            return self._store.conversation(repository, number)

    def reviews(self, repository: str, number: int) -> list[Review]:
        """The reviews of a pull request with their comments, the first first."""
        with self._lock:
            return self._store.reviews_of(repository, number)

    def lines_of(self, comment: ReviewComment) -> tuple[int, int] | None:
        """The first and last line that a comment is on at the head; None once outdated."""
        with self._lock:
            found = self.pull_request(comment.repository, comment.number)
            bare = self._store.bare(comment.repository)
            return standings(bare, found, [comment], longest=self.longest_patch)[0].lines

    def tip(self, repository: str, branch: str) -> str | None:
        """The commit that a branch points to."""
        return Bare(self._repository(repository).folder).tip(branch)

    def _repository(self, name: str) -> Repository:
        found = self._store.repository(name)
        assert found is not None, f"there is no repository {name}"
        return found

    def _answer(self, received: Received) -> Answer:
        with self._lock:
            answer = self._api.answer(received)
            self.requests.append(with_status(received, answer))
            return answer

    def _may_git(self, name: str, is_push: bool, authorization: str | None) -> bool:
        with self._lock:
            repository = self._store.repository(name)
            try:
                token = read_token(self._store, authorization)
            except RefusalError:
                return False
            return repository is not None and may_use_git(token, repository, is_push=is_push)
