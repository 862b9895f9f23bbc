"""Pull requests: listed, opened, read, changed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tests.forge.github.bare import FileChange
from tests.forge.github.call import Call, Done
from tests.forge.github.records import PullRequest, Repository, Settings
from tests.forge.github.refusal import LONGEST_BODY, TOO_LONG_BODY, RefusalError, failed, invalid
from tests.forge.github.shapes import Json, Shapes
from tests.forge.github.store import Store

LONGEST_TITLE = 256


class PullRequests:
    """The pull requests of all repositories."""

    def __init__(self, store: Store, shapes: Shapes, settings: Settings) -> None:
        self._store = store
        self._shapes = shapes
        self._settings = settings

    def find(self, call: Call) -> Done:
        """Open ones, the latest first, unless the query says otherwise."""
        found = [
            one
            for one in self._store.pull_requests(call.repository.name)
            if _is_listed(one, call.query)
        ]
        is_by_update = call.query.get("sort") == "updated"
        default = "asc" if is_by_update else "desc"
        found.sort(
            key=_updated if is_by_update else _created,
            reverse=call.query.get("direction", default) == "desc",
        )
        return Done(content=[self._simple(one) for one in found])

    def create(self, call: Call) -> Done:
        self._check_setting(call)
        _check_texts({"title": "", **call.body})
        head_repository, head_branch = _head_of(call)
        base = call.body["base"]
        self._check_branches(call.repository, head_repository, head_branch, base)
        made = self._store.add_pull_request(
            repository=call.repository,
            author=call.author,
            title=call.body["title"],
            body=call.body.get("body", ""),
            head_repository=head_repository,
            head_branch=head_branch,
            base_branch=base,
            is_draft=call.body.get("draft", False),
        )
        content = self._detailed(made)
        return Done(status=201, content=content, headers={"Location": content["url"]})

    def get(self, call: Call) -> Done:
        return Done(content=self._detailed(self._asked(call)))

    def update(self, call: Call) -> Done:
        asked = self._asked(call)
        _check_texts(call.body)
        base = call.body.get("base", asked.base_branch)
        if self._store.bare(asked.repository).tip(base) is None:
            raise invalid("PullRequest", ["base"])
        self._store.keep(
            replace(
                asked,
                title=call.body.get("title", asked.title),
                body=call.body.get("body", asked.body),
                base_branch=base,
                closed_at=self._closed_at(asked, call.body.get("state")),
                updated_at=self._store.now(),
            )
        )
        return self.get(call)

    def list_files(self, call: Call) -> Done:
        asked = self._asked(call)
        longest = self._settings.longest_patch
        return Done(
            content=[
                self._shapes.changed_file(
                    asked.repository, asked.head_commit, one, longest_patch=longest
                )
                for one in self._changes(asked)
            ]
        )

    def _asked(self, call: Call) -> PullRequest:
        return self._store.wanted(call.repository, call.parameters["pull_number"])

    def _changes(self, asked: PullRequest) -> list[FileChange]:
        bare = self._store.bare(asked.repository)
        base = bare.merge_base(asked.base_commit, asked.head_commit)
        assert base is not None, "the branches have no commit in common"
        return bare.changes(base, asked.head_commit)

    def _simple(self, asked: PullRequest) -> Json:
        head = self._store.repository(asked.head_repository)
        base = self._store.repository(asked.repository)
        assert base is not None, "the base was deleted"
        return self._shapes.pull_request(
            asked,
            base=self._repository(base),
            head=None if head is None else self._repository(head),
            head_owner=self._store.account(asked.head_repository.split("/")[0]),
        )

    def _repository(self, repository: Repository) -> Json:
        return self._shapes.repository(repository, self._store.account(repository.owner))

    def _detailed(self, asked: PullRequest) -> Json:
        bare = self._store.bare(asked.repository)
        details = self._shapes.pull_request_details(
            asked,
            self._changes(asked),
            commits=len(bare.commits_between(asked.base_commit, asked.head_commit)),
            comments=len(self._store.conversation(asked.repository, asked.number)),
            review_comments=len(self._store.review_comments(asked)),
        )
        return self._simple(asked) | details

    def _check_setting(self, call: Call) -> None:
        is_actions = call.author.login == "github-actions[bot]"
        if is_actions and not self._settings.actions_may_open_pull_requests:
            raise RefusalError(
                403, "GitHub Actions is not permitted to create or approve pull requests."
            )

    def _check_branches(
        self, repository: Repository, head_repository: str, head_branch: str, base_branch: str
    ) -> None:
        """Refuse branches between which there is nothing to merge."""
        source = self._store.repository(head_repository)
        head = self._store.bare(source.name).tip(head_branch) if source else None
        base = self._store.bare(repository.name).tip(base_branch)
        if source is None or head is None or base is None:
            missing = {"base": base, "head": head}
            raise invalid("PullRequest", [name for name, tip in missing.items() if tip is None])
        label = f"{source.owner}:{head_branch}"
        for other in self._store.pull_requests(repository.name):
            if other.is_open and (other.head_label, other.base_branch) == (label, base_branch):
                raise failed("PullRequest", f"A pull request already exists for {label}.")
        is_own = source == repository
        shown_head = head_branch if is_own else label
        shown_base = base_branch if is_own else f"{repository.owner}:{base_branch}"
        bare = self._store.bare(repository.name)
        bare.fetch(self._store.bare(source.name), head_branch)
        if bare.merge_base(base, head) is None:
            words = f"The {shown_head} branch has no history in common with {shown_base}"
            raise failed("PullRequest", words)
        if not bare.commits_between(base, head):
            raise failed("PullRequest", f"No commits between {shown_base} and {shown_head}")

    def _closed_at(self, asked: PullRequest, state: str | None) -> datetime | None:
        """When it was closed, if it is to be in that state."""
        if state == "closed" and asked.closed_at is None:
            return self._store.now()
        if state != "open":
            return asked.closed_at
        if asked.is_merged:
            raise failed("PullRequest", "Cannot reopen a merged pull request", field="state")
        return None


def _is_listed(pull_request: PullRequest, query: Mapping[str, str]) -> bool:
    state = query.get("state", "open")
    if state != "all" and pull_request.is_open != (state == "open"):
        return False
    if query.get("base", pull_request.base_branch) != pull_request.base_branch:
        return False
    owner, separator, branch = query.get("head", "").partition(":")
    # GitHub ignores a head that is not owner:branch.
    if not separator:
        return True
    has_owner, _, has_branch = pull_request.head_label.partition(":")
    return (owner.lower(), branch) == (has_owner.lower(), has_branch)


def _head_of(call: Call) -> tuple[str, str]:
    """Repository and branch of the head that a new pull request is to have."""
    owner, separator, branch = call.body["head"].rpartition(":")
    name = call.repository.name
    source = f"{owner}/{name.split('/')[1]}" if separator else name
    return call.body.get("head_repo", source), branch


def _check_texts(body: Mapping[str, Any]) -> None:
    if body.get("title") == "":
        error = {"resource": "Issue", "code": "missing_field", "field": "title"}
        raise RefusalError(422, "Validation Failed", errors=[error])
    if len(body.get("title", "")) > LONGEST_TITLE:
        words = f"title is too long (maximum is {LONGEST_TITLE} characters)"
        raise failed("Issue", words, field="title")
    if len(body.get("body", "")) > LONGEST_BODY:
        words = f"{TOO_LONG_BODY[0].lower()}{TOO_LONG_BODY[1:]}"
        raise failed("Issue", words, field="body")


def _created(pull_request: PullRequest) -> datetime:
    return pull_request.created_at


def _updated(pull_request: PullRequest) -> datetime:
    return pull_request.updated_at
