import time
from http.client import RemoteDisconnected

import pytest

from tests.forge.github.asking import COMMENTS, PULL, PULLS, Client
from tests.forge.github_server import FakeGitHub


def test_a_request_needs_a_user_agent(client: Client) -> None:
    reply = client.ask("GET", PULLS, headers={"User-Agent": ""})
    assert reply.status == 403
    assert "Please make sure your request has a User-Agent header" in reply.content


def test_the_version_of_the_api_must_be_known(rude_client: Client, github: FakeGitHub) -> None:
    known = {"X-GitHub-Api-Version": "2022-11-28"}
    assert rude_client.ask("GET", PULLS, headers=known).status == 200
    assert github.violations == []
    unknown = {"X-GitHub-Api-Version": "2022-11-29"}
    assert rude_client.ask("GET", PULLS, headers=unknown).status == 400
    path = "/api/v3/repos/acme/shop/pulls"
    assert github.violations == [f"GET {path}: X-GitHub-Api-Version 2022-11-29 is not known"]


def test_a_request_that_is_not_as_described_is_refused_and_noted(
    rude_client: Client, github: FakeGitHub, opened: int
) -> None:
    reply = rude_client.ask("POST", COMMENTS, {"body": 7})
    assert (reply.status, reply.words) == (
        422,
        "Invalid request.\n\n$.body: 7 is not of type 'string'",
    )
    assert rude_client.ask("GET", PULLS, query={"colour": "red"}).status == 422
    assert github.violations == [
        f"POST /api/v3{COMMENTS}: $.body: 7 is not of type 'string'",
        f"GET /api/v3{PULLS}: $: Additional properties are not allowed ('colour' was unexpected)",
    ]


def test_a_body_that_is_no_json_is_refused_and_noted(
    rude_client: Client, github: FakeGitHub
) -> None:
    reply = rude_client.send("POST", github.api_url + PULLS, "{", {})
    assert (reply.status, reply.words) == (400, "Problems parsing JSON")
    assert github.violations == [f"POST /api/v3{PULLS}: the body is not JSON"]


@pytest.mark.parametrize("path", ["/repos/acme/shop/labels", "/repos/acme/shop"])
def test_an_operation_that_is_not_described_is_noted(
    rude_client: Client, github: FakeGitHub, path: str
) -> None:
    assert rude_client.ask("GET", path).status == 404
    assert github.violations == [f"GET /api/v3{path}: there is no such operation"]


def test_an_answer_that_is_not_as_described_is_noted(
    rude_client: Client, github: FakeGitHub
) -> None:
    github.open_pull_request("acme/shop", head="feature", base="main", title=7)  # type: ignore[arg-type]
    with pytest.raises(RemoteDisconnected):
        rude_client.ask("GET", PULL)
    [violation] = github.violations
    assert "answer to pulls/get: $.title: 7 is not of type 'string'" in violation


def test_requests_are_kept(client: Client, github: FakeGitHub, opened: int) -> None:
    before = time.monotonic()
    client.ask("POST", COMMENTS, {"body": "text"}, headers={"X-Mine": "1"})
    client.ask("GET", PULLS, query={"state": "all"})
    wrote, read = github.requests
    assert (wrote.method, wrote.path, wrote.status) == ("POST", f"/api/v3{COMMENTS}", 201)
    assert wrote.body == {"body": "text"}
    assert wrote.headers["x-mine"] == "1"
    assert (read.method, read.query, read.body) == ("GET", {"state": "all"}, None)
    assert before <= wrote.at_seconds <= read.at_seconds <= time.monotonic()
