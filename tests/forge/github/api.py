"""From a request to its answer: who asks, what for, in which words GitHub answers."""

import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.forge.github.access import forbidden, read_token, require
from tests.forge.github.call import Call, Done
from tests.forge.github.faults import Fault, Faults
from tests.forge.github.operations import operations_on
from tests.forge.github.pages import page_of
from tests.forge.github.records import Received, Repository, Settings, Token
from tests.forge.github.refusal import RATE_LIMITS_URL, RefusalError, not_found
from tests.forge.github.shapes import Shapes
from tests.forge.github.store import FIRST_DEED, Store
from tests.forge.openapi.validator import Operation, operations

API_PATH = "/api/v3"
GRAPHQL_PATH = "/api/graphql"
API_VERSIONS = frozenset({"2022-11-28"})

_DOCUMENTATION_URL = "https://docs.github.com/rest"
_TOO_FAST = (
    "You have exceeded a secondary rate limit and have been temporarily blocked from content "
    "creation. Please retry your request again later."
)
_USER_AGENT = (
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent "
    "header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api"
    "#user-agent-required). Check https://developer.github.com for other possible causes.\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent; ``is_dropped`` closes the connection instead."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    is_dropped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a request leads; ``repository`` is None where it names none that is there."""

    operation: Operation
    parameters: Mapping[str, Any]
    repository: Repository | None


_DROPPED = Answer(status=0, is_dropped=True)


class Api:
    """The REST API. Requests are answered one at a time.

    ``violations`` says, in order, which requests were not as GitHub describes them, and which
    answers of our own.
    """

    def __init__(self, store: Store, settings: Settings, faults: Faults, *, api_url: str) -> None:
        self.violations: list[str] = []
        self._store = store
        self._settings = settings
        self._faults = faults
        self._api_url = api_url
        self._shapes = Shapes(url=api_url.removesuffix(API_PATH), api_url=api_url)
        self._operations = operations_on(store, self._shapes, settings)
        self._wrote_at: dict[str, float] = {}

    def answer(self, received: Received) -> Answer:
        """The answer to a request."""
        if not received.headers.get("user-agent"):
            return Answer(status=403, body=_USER_AGENT.encode(), content_type="text/html")
        fault = self._faults.take(received.method, received.path)
        if fault is None and received.path == GRAPHQL_PATH:
            return self._viewer(received)
        if fault is None:
            return self._answered(received)
        if fault.what == "lose":
            self._answered(received)
        return _faulty(fault)

    def _viewer(self, received: Received) -> Answer:
        """Whose token it is, as GraphQL tells it, also of an installation."""
        token = read_token(self._store, received.headers.get("authorization"))
        if received.body != {"query": "query { viewer { login } }"} or token is None:
            self._violated(received, ["this is all that is known of GraphQL here"])
            return Answer(status=400)
        viewer = {"viewer": {"login": token.account.login}}
        return Answer(status=200, body=json.dumps({"data": viewer}).encode())

    def _answered(self, received: Received) -> Answer:
        route = self._route(received)
        url = route.operation.documentation_url if route else _DOCUMENTATION_URL
        try:
            done = self._done(received, route)
        except RefusalError as refusal:
            done = Done(
                status=refusal.status, content=refusal.content(url), headers=refusal.headers
            )
        if isinstance(done.content, list):
            done = _paged(done, received.query, self._numbered(received.path))
        if route is not None:
            _check_response(route.operation, done)
        headers = {**self._limits(), "X-GitHub-Media-Type": "github.v3; format=json"}
        body = json.dumps(done.content).encode()
        return Answer(status=done.status, body=body, headers=headers | dict(done.headers))

    def _route(self, received: Received) -> Route | None:
        path = self._named(received.path)
        for operation in operations():
            parameters = operation.parameters_in(path)
            if operation.method == received.method and parameters is not None:
                name = f"{parameters.get('owner')}/{parameters.get('repo')}"
                return Route(
                    operation=operation,
                    parameters=parameters,
                    repository=self._store.repository(name),
                )
        self._violated(received, ["there is no such operation"])
        return None

    def _done(self, received: Received, route: Route | None) -> Done:
        version = received.headers.get("x-github-api-version")
        if version is not None and version not in API_VERSIONS:
            self._violated(received, [f"X-GitHub-Api-Version {version} is not known"])
            raise RefusalError(400, f"{version} is not a supported version of the API.")
        token = read_token(self._store, received.headers.get("authorization"))
        if route is None:
            raise not_found()
        self._check_request(received, route)
        operation, repository = route.operation, route.repository
        if operation.id == "users/get-authenticated":
            return self._user(token)
        if repository is None:
            raise not_found()
        is_write = received.method != "GET"
        require(token, repository, operation.id, is_write=is_write)
        if token is not None and is_write:
            self._check_pace(token)
        call = Call(
            token=token,
            repository=repository,
            parameters=route.parameters,
            query=received.query,
            body=received.body or {},
        )
        return self._operations[operation.id](call)

    def _user(self, token: Token | None) -> Done:
        """Whose token it is, which that of an installation does not tell."""
        if token is None:
            raise RefusalError(401, "Requires authentication")
        if token.kind == "installation":
            raise forbidden(token, (), is_write=False)
        return Done(content=self._shapes.own_account(token.account, since=FIRST_DEED))

    def _check_request(self, received: Received, route: Route) -> None:
        if isinstance(received.body, bytes):
            self._violated(received, ["the body is not JSON"])
            raise RefusalError(400, "Problems parsing JSON")
        problems = route.operation.request_problems(
            parameters=route.parameters, query=received.query, body=received.body
        )
        if problems:
            self._violated(received, problems)
            raise RefusalError(422, "Invalid request.\n\n" + "\n".join(problems))

    def _check_pace(self, token: Token) -> None:
        """Refuse a write that comes too soon after the last one that was let through."""
        now = time.monotonic()
        since = now - self._wrote_at.get(token.text, -math.inf)
        if since < self._settings.least_seconds_between_writes:
            wait = math.ceil(self._settings.least_seconds_between_writes - since)
            headers = {"Retry-After": str(wait)}
            raise RefusalError(403, _TOO_FAST, headers=headers, documentation_url=RATE_LIMITS_URL)
        self._wrote_at[token.text] = now

    def _violated(self, received: Received, problems: list[str]) -> None:
        self.violations += [f"{received.method} {received.path}: {one}" for one in problems]

    def _named(self, path: str) -> str:
        """The path in the API; a repository's id, as links to pages have it, is its name."""
        if not path.startswith(API_PATH):
            return ""
        path = path.removeprefix(API_PATH)
        found = re.match(r"/repositories/(\d{1,18})(?=/)", path)
        repository = self._store.repository_of_id(int(found[1])) if found else None
        if found is None or repository is None:
            return path
        return f"/repos/{repository.name}{path[found.end() :]}"

    def _numbered(self, path: str) -> str:
        """The address that links to pages have: by the id of the repository."""
        owner, name, rest = self._named(path).removeprefix("/repos/").split("/", 2)
        repository = self._store.repository(f"{owner}/{name}")
        assert repository is not None, "what is not there has no pages"
        return f"{self._api_url}/repositories/{repository.id}/{rest}"

    def _limits(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": "4999",
            "X-RateLimit-Reset": str(int(time.time()) + 3600),
            "X-RateLimit-Resource": "core",
            "X-RateLimit-Used": "1",
        }


def with_status(received: Received, answer: Answer) -> Received:
    """The request with what came of it."""
    return replace(received, status=None if answer.is_dropped else answer.status)


def _check_response(operation: Operation, done: Done) -> None:
    problems = operation.response_problems(done.status, done.content)
    if problems:
        raise AssertionError(f"answer to {operation.id}: {'; '.join(problems)}")


def _faulty(fault: Fault) -> Answer:
    if fault.what != "answer":
        return _DROPPED
    return Answer(
        status=fault.status,
        body=fault.body,
        content_type=fault.content_type,
        headers=fault.headers,
    )


def _paged(done: Done, query: Mapping[str, str], url: str) -> Done:
    assert isinstance(done.content, list)
    page = page_of(done.content, query, url)
    link = {"Link": page.link} if page.link else {}
    return replace(done, content=list(page.items), headers={**done.headers, **link})
