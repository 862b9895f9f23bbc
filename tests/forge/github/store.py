"""The state of the fake: repositories, accounts, pull requests and what was written there."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.forge.github.bare import Bare
from tests.forge.github.records import (
    Account,
    IssueComment,
    Kind,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    Token,
)
from tests.forge.github.refusal import not_found

FIRST_DEED = datetime(2026, 1, 2, tzinfo=UTC)


class Store:
    """All that is remembered. Ids count up; each deed is a second later than the last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tokens: dict[str, Token] = {}
        self.comments: dict[int, IssueComment] = {}
        self.reviews: dict[int, Review] = {}
        self._repositories: dict[str, Repository] = {}
        self._accounts: dict[str, Account] = {}
        self._pull_requests: dict[tuple[str, int], PullRequest] = {}
        self._ids = itertools.count(1)
        self._deeds = itertools.count()

    def new_id(self) -> int:
        return next(self._ids)

    def now(self) -> datetime:
        """The time of a deed."""
        return FIRST_DEED + timedelta(seconds=next(self._deeds))

    def account(self, login: str, kind: Kind = "user") -> Account:
        """The account of that name, made where there is none."""
        if login not in self._accounts:
            self._accounts[login] = Account(
                id=self.new_id(), login=login, type="Bot" if kind == "installation" else "User"
            )
        return self._accounts[login]

    def add_token(
        self,
        login: str,
        *,
        kind: Kind,
        permissions: Mapping[str, str],
        repositories: frozenset[str] | None,
    ) -> Token:
        # As long as GitHub's, and with their beginning.
        text = f"{'ghs' if kind == 'installation' else 'ghp'}_{self.new_id():036}"
        token = self.tokens[text] = Token(
            text=text,
            account=self.account(login, kind),
            kind=kind,
            permissions=permissions,
            repositories=repositories,
        )
        return token

    def add_repository(self, name: str, *, is_private: bool) -> Repository:
        repository = self._repositories[name.lower()] = Repository(
            id=self.new_id(),
            name=name,
            folder=Bare.make(self.folder / f"{name}.git").folder,
            is_private=is_private,
            created_at=self.now(),
        )
        return repository

    def delete_repository(self, name: str) -> None:
        del self._repositories[name.lower()]

    def repository(self, name: str) -> Repository | None:
        """Found by ``owner/name``, which is not case sensitive."""
        return self._repositories.get(name.lower())

    def repository_of_id(self, number: int) -> Repository | None:
        return next((one for one in self._repositories.values() if one.id == number), None)

    def bare(self, name: str) -> Bare:
        """The real repository of a repository that is there."""
        return Bare(self._repositories[name.lower()].folder)

    def add_pull_request(
        self,
        *,
        repository: Repository,
        author: Account,
        title: str,
        body: str,
        head_repository: str,
        head_branch: str,
        base_branch: str,
        is_draft: bool = False,
    ) -> PullRequest:
        """Open one from a branch that is there."""
        now = self.now()
        head = self.bare(head_repository).tip(head_branch)
        base = self.bare(repository.name).tip(base_branch)
        assert head is not None, f"{head_repository} has no branch {head_branch}"
        assert base is not None, f"{repository.name} has no branch {base_branch}"
        made = PullRequest(
            id=self.new_id(),
            number=1 + len(list(self._numbers(repository.name))),
            repository=repository.name,
            author=author,
            title=title,
            body=body,
            head_repository=head_repository,
            head_branch=head_branch,
            base_branch=base_branch,
            head_commit=head,
            base_commit=base,
            created_at=now,
            updated_at=now,
            is_draft=is_draft,
        )
        self._mirror(made)
        self.keep(made)
        return made

    def keep(self, pull_request: PullRequest) -> None:
        """Remember it as it is now."""
        key = (pull_request.repository.lower(), pull_request.number)
        self._pull_requests[key] = pull_request

    def pull_request(self, repository: str, number: int) -> PullRequest | None:
        """The pull request, with its commits as its branches are now."""
        found = self._pull_requests.get((repository.lower(), number))
        if found is None or not found.is_open:
            return found
        current = self._current(found)
        self.keep(current)
        return current

    def wanted(self, repository: Repository, number: int) -> PullRequest:
        """The pull request of that number, refused where there is none."""
        found = self.pull_request(repository.name, number)
        if found is None:
            raise not_found()
        return found

    def pull_requests(self, repository: str) -> list[PullRequest]:
        """Those of a repository, the first first."""
        found = (self.pull_request(repository, number) for number in self._numbers(repository))
        return [one for one in found if one is not None]

    def close(self, pull_request: PullRequest) -> PullRequest:
        now = self.now()
        closed = replace(pull_request, closed_at=now, updated_at=now)
        self.keep(closed)
        return closed

    def conversation(self, repository: str, number: int) -> list[IssueComment]:
        """The comments of a pull request, the first first."""
        return [one for one in self.comments.values() if _is_of(one, repository, number)]

    def reviews_of(self, repository: str, number: int) -> list[Review]:
        return [one for one in self.reviews.values() if _is_of(one, repository, number)]

    def review_comments(self, pull_request: PullRequest) -> list[ReviewComment]:
        """Those of all submitted reviews, the first first."""
        reviews = self.reviews_of(pull_request.repository, pull_request.number)
        submitted = (review for review in reviews if review.submitted_at is not None)
        return [comment for review in submitted for comment in review.comments]

    def review_comment(self, identifier: int) -> ReviewComment:
        """The comment on lines of that id."""
        comments = (one for review in self.reviews.values() for one in review.comments)
        return next(one for one in comments if one.id == identifier)

    def comment(
        self, repository: Repository, number: int, author: Account, body: str
    ) -> IssueComment:
        """Add a comment to a conversation."""
        now = self.now()
        made = IssueComment(
            id=self.new_id(),
            repository=repository.name,
            number=number,
            author=author,
            body=body,
            created_at=now,
            updated_at=now,
        )
        self.comments[made.id] = made
        return made

    def _numbers(self, repository: str) -> list[int]:
        return [number for name, number in self._pull_requests if name == repository.lower()]

    def _current(self, pull_request: PullRequest) -> PullRequest:
        base = self.bare(pull_request.repository).tip(pull_request.base_branch)
        current = replace(pull_request, base_commit=base or pull_request.base_commit)
        if self.repository(pull_request.head_repository) is None:
            return current
        head = self.bare(pull_request.head_repository).tip(pull_request.head_branch)
        if head is None:
            # GitHub closes a pull request whose branch is deleted.
            return self.close(current)
        if head == pull_request.head_commit:
            return current
        moved = replace(current, head_commit=head, updated_at=self.now())
        self._mirror(moved)
        return moved

    def _mirror(self, pull_request: PullRequest) -> None:
        """Have the head in the base's repository, where GitHub keeps it, too."""
        self.bare(pull_request.repository).fetch(
            self.bare(pull_request.head_repository),
            pull_request.head_branch,
            f"refs/pull/{pull_request.number}/head",
        )


def _is_of(written: IssueComment | Review, repository: str, number: int) -> bool:
    return written.repository.lower() == repository.lower() and written.number == number
