"""GitHub, over its REST API."""

import functools
import re
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlsplit

from pytest_promptopt.errors import ForgeError
from pytest_promptopt.forge.address import check_repository
from pytest_promptopt.forge.exchange import ForgeExchange, LimitError
from pytest_promptopt.forge.fields import Fields
from pytest_promptopt.forge.forge import ChangedFile, Comment, LineComment, PullRequest, Tip
from pytest_promptopt.forge.records import (
    Identity,
    changed_file_of,
    comment_of,
    pull_request_of,
)
from pytest_promptopt.forge.refusal import shown
from pytest_promptopt.forge.wire import Call, Wire

_PAGE = {"per_page": "100"}
_WHOSE = "ask whose token this is"
_VIEWER = "query { viewer { login } }"

_Record = TypeVar("_Record")


class GitHub:
    """A :class:`~pytest_promptopt.forge.forge.Forge`: a repository on GitHub, ``owner/name``.

    ``api_url`` is the root of the API, on GitHub Enterprise ``https://HOST/api/v3``. ``now``
    gives seconds since 1970. To be closed, or used with ``with``. Raises UsageError where the
    repository, the address or the token cannot be used.
    """

    def __init__(
        self,
        *,
        repository: str,
        token: str,
        api_url: str = "https://api.github.com",
        sleep: Callable[[float], object] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._repository = check_repository(repository, "the repository")
        self._api_url = api_url
        self._wire = Wire(api_url=api_url, token=token, now=time.monotonic)
        self._exchange = ForgeExchange(self._wire, sleep=sleep, now=now)

    def __repr__(self) -> str:
        return f"GitHub(repository={self._repository!r}, api_url={self._api_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def pull_request(self, number: int) -> PullRequest:
        """The pull request of that number."""
        call = self._call(f"read {self._named(number)}", f"/pulls/{number}")
        return self._exchange.ask(call, pull_request_of)

    def pull_requests(
        self, *, head: str, base: str | None = None, is_open: bool | None = None
    ) -> Sequence[PullRequest]:
        """Those from the branch ``head``, which is ``owner:branch``, the latest first."""
        state = {None: "all", True: "open", False: "closed"}[is_open]
        query = {"head": head, "state": state, "sort": "created", "direction": "desc", **_PAGE}
        if base is not None:
            query["base"] = base
        call = self._call(
            f"list the pull requests of {self._repository} from {shown(head)}",
            "/pulls",
            query=query,
        )
        # GitHub lists all pull requests where it does not understand `head`.
        return tuple(
            request
            for request in self._exchange.pages(call, pull_request_of)
            if _is_from(request, head)
            and base in (None, request.base_branch)
            and is_open in (None, request.is_open)
        )

    def open_pull_request(self, *, head: str, base: str, title: str, body: str) -> PullRequest:
        """Open one from the branch ``head`` of this repository onto its branch ``base``."""
        call = self._call(
            f"open a pull request from {shown(head)} onto {shown(base)} in {self._repository}",
            "/pulls",
            method="POST",
            body={"head": head, "base": base, "title": title, "body": body},
        )
        return self._exchange.ask(call, pull_request_of)

    def edit_pull_request(self, number: int, *, title: str, body: str) -> PullRequest:
        """Replace title and body."""
        call = self._call(
            f"edit {self._named(number)}",
            f"/pulls/{number}",
            method="PATCH",
            body={"title": title, "body": body},
        )
        return self._exchange.ask(call, pull_request_of)

    def changed_files(self, number: int) -> Sequence[ChangedFile]:
        """The files that the pull request changes; GitHub names 3,000 at most."""
        call = self._call(
            f"list the files of {self._named(number)}", f"/pulls/{number}/files", query=_PAGE
        )
        return tuple(self._exchange.pages(call, changed_file_of))

    def own_comment(self, number: int, marker: str) -> Comment | None:
        """Our comment in the conversation whose first line is ``marker``; the first of several.

        Where GitHub does not tell an app, such as a job's, who it is, any bot's comment counts as
        ours: people cannot write as a bot.
        """
        me = self._identity
        call = self._call(
            f"read the comments of {self._named(number)}",
            f"/issues/{number}/comments",
            query=_PAGE,
        )
        own = self._exchange.pages(
            call, lambda entry: comment_of(entry) if me.wrote(entry) else None
        )
        for comment in own:
            if comment and comment.body.partition("\n")[0].rstrip("\r") == marker:
                return comment
        return None

    def add_comment(self, number: int, body: str) -> Comment:
        """Add a comment to the conversation."""
        call = self._call(
            f"comment on {self._named(number)}",
            f"/issues/{number}/comments",
            method="POST",
            body={"body": body},
        )
        return self._exchange.ask(call, comment_of)

    def edit_comment(self, comment: Comment, body: str) -> Comment | None:
        """Replace the text of our comment; None where it is not there any more."""
        call = self._call(
            f"edit the comment {comment.id} in {self._repository}",
            f"/issues/comments/{comment.id}",
            method="PATCH",
            body={"body": body},
        )
        return self._unless_missing(call, comment_of)

    def own_line_comments(self, number: int) -> Sequence[str]:
        """The texts of our comments on lines that are still in the diff."""
        me = self._identity
        call = self._call(
            f"read the comments on lines of {self._named(number)}",
            f"/pulls/{number}/comments",
            query=_PAGE,
        )
        texts = self._exchange.pages(
            call,
            lambda entry: entry.text("body") if entry.has("line") and me.wrote(entry) else None,
        )
        return tuple(text for text in texts if text is not None)

    def review(
        self, number: int, *, commit: str, body: str, comments: Sequence[LineComment]
    ) -> str:
        """Add one review with comments on lines of ``commit``, all or none; its URL."""
        call = self._call(
            f"review {self._named(number)}",
            f"/pulls/{number}/reviews",
            method="POST",
            body={
                "commit_id": commit,
                "event": "COMMENT",
                "body": body,
                "comments": [_line_comment(comment) for comment in comments],
            },
        )
        return self._exchange.ask(call, lambda entry: entry.text("html_url"))

    def branch(self, name: str) -> Tip | None:
        """The tip of a branch of this repository; None where there is no such branch."""
        segments = name.split("/")
        # Git allows no such names, and in a path they would mean something else.
        if any(not segment or segment.startswith(".") for segment in segments):
            return None
        deed = f"read the branch {shown(name)} of {self._repository}"
        path = "/".join(quote(segment, safe="") for segment in segments)
        commit = self._unless_missing(
            self._call(deed, f"/git/ref/heads/{path}"),
            lambda entry: entry.part("object").commit("sha"),
        )
        if commit is None:
            return None
        return self._exchange.ask(
            self._call(deed, f"/git/commits/{commit}"),
            lambda entry: Tip(commit=entry.commit("sha"), message=entry.text("message")),
        )

    @functools.cached_property
    def _identity(self) -> Identity:
        """Who the token belongs to."""
        call = Call(deed=_WHOSE, path="/user")
        try:
            login = self._exchange.ask(call, lambda entry: entry.text("login"))
        except LimitError:
            raise
        except ForgeError as error:
            if error.status != 403:
                raise
            return Identity(login=self._login_of_app(), is_bot=True)
        return Identity(login=login, is_bot=False)

    def _login_of_app(self) -> str | None:
        """Who an app is, which only GraphQL tells; None where that cannot be asked."""
        call = Call(deed=_WHOSE, path="", method="POST", body={"query": _VIEWER}, is_query=True)
        at = re.sub(r"/v3$", "", urlsplit(self._api_url).path.rstrip("/")) + "/graphql"
        try:
            return self._exchange.ask(
                call, lambda entry: entry.part("data").part("viewer").text("login"), at=at
            )
        except LimitError:
            raise
        except ForgeError as error:
            if error.status is None or error.status >= 500:
                raise
        return None

    def _unless_missing(self, call: Call, read: Callable[[Fields], _Record]) -> _Record | None:
        try:
            return self._exchange.ask(call, read)
        except ForgeError as error:
            if error.status != 404:
                raise
        return None

    def _call(
        self,
        deed: str,
        path: str,
        *,
        method: str = "GET",
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Call:
        """A call about the repository, below which ``path`` is."""
        return Call(
            deed=deed,
            path=f"/repos/{self._repository}{path}",
            method=method,
            query=query or {},
            body=body,
        )

    def _named(self, number: int) -> str:
        return f"{self._repository}#{number}"


def _is_from(request: PullRequest, head: str) -> bool:
    owner, _, branch = head.partition(":")
    named = (request.head_repository or "").partition("/")[0]
    return request.head_branch == branch and named.lower() == owner.lower()


def _line_comment(comment: LineComment) -> dict[str, Any]:
    place = {"path": comment.path, "line": comment.last, "side": "RIGHT", "body": comment.body}
    if comment.first < comment.last:
        place |= {"start_line": comment.first, "start_side": "RIGHT"}
    return place
