from http.client import RemoteDisconnected

import pytest

from tests.forge.github.asking import COMMENTS, PULLS, Client
from tests.forge.github_server import FakeGitHub


def test_requests_fail_as_often_as_told(client: Client, github: FakeGitHub) -> None:
    github.fail_next(2, status=403, headers={"Retry-After": "1"}, match="GET /api/v3/user")
    assert client.ask("GET", PULLS).status == 200
    for _ in range(2):
        reply = client.ask("GET", "/user")
        assert (reply.status, reply.headers["Retry-After"]) == (403, "1")
        assert reply.words.startswith("You have exceeded a secondary rate limit")
    assert client.ask("GET", "/user").words == "Resource not accessible by integration"


def test_a_failing_server_answers_in_html(client: Client, github: FakeGitHub) -> None:
    github.fail_next(status=502)
    reply = client.ask("GET", PULLS)
    assert (reply.status, reply.headers["Content-Type"]) == (502, "text/html")
    assert reply.content.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(("is_done", "count"), [(False, 0), (True, 1)])
def test_a_connection_is_dropped_before_or_after_the_deed(
    client: Client, github: FakeGitHub, opened: int, is_done: bool, count: int
) -> None:
    github.drop_next(is_done=is_done)
    with pytest.raises(RemoteDisconnected):
        client.ask("POST", COMMENTS, {"body": "text"})
    assert len(github.comments("acme/shop", 1)) == count
    assert [one.status for one in github.requests] == [None]


def test_writes_that_come_too_soon_are_refused(
    client: Client, github: FakeGitHub, opened: int
) -> None:
    github.least_seconds_between_writes = 30.0
    assert client.ask("POST", COMMENTS, {"body": "text"}).status == 201
    assert client.ask("GET", COMMENTS).status == 200
    reply = client.ask("POST", COMMENTS, {"body": "text"})
    assert (reply.status, reply.headers["Retry-After"]) == (403, "30")
    assert reply.words.startswith("You have exceeded a secondary rate limit")
    client.token = github.add_token("other[bot]")
    assert client.ask("POST", COMMENTS, {"body": "text"}).status == 201
