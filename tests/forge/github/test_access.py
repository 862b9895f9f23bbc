import base64
from typing import Any

import pytest

from tests.forge.github.asking import COMMENTS, PULL, PULLS, Client
from tests.forge.github_server import FakeGitHub
from tests.history.commits import History


def test_a_user_is_told_who_it_is(github: FakeGitHub, client: Client) -> None:
    client.token = github.add_token("ada", kind="user")
    reply = client.ask("GET", "/user")
    assert (reply.status, reply.content["login"], reply.content["type"]) == (200, "ada", "User")


def test_an_installation_is_not_told_who_it_is(client: Client) -> None:
    reply = client.ask("GET", "/user")
    assert (reply.status, reply.words) == (403, "Resource not accessible by integration")


@pytest.mark.parametrize("header", ["Bearer wrong", "token wrong", "Basic wrong", "Digest x"])
def test_a_wrong_token_is_refused(client: Client, header: str) -> None:
    reply = client.ask("GET", "/user", headers={"Authorization": header})
    assert (reply.status, reply.words) == (401, "Bad credentials")


def test_a_token_is_taken_as_a_password_too(github: FakeGitHub, client: Client) -> None:
    token = github.add_token("ada", kind="user")
    given = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    reply = client.ask("GET", "/user", headers={"Authorization": f"Basic {given}"})
    assert reply.content["login"] == "ada"


def test_without_a_token_only_public_repositories_are_read(
    github: FakeGitHub, client: Client, work: History
) -> None:
    public = github.add_repository("acme/open", is_private=False)
    work.git("push", "--quiet", str(public), "--all")
    github.open_pull_request("acme/open", head="feature", base="main")
    client.token = None
    comments = "/repos/acme/open/issues/1/comments"
    assert client.ask("GET", "/user").words == "Requires authentication"
    assert client.ask("GET", PULLS).status == 404
    assert client.ask("GET", comments).status == 200
    reply = client.ask("POST", comments, {"body": "text"})
    assert (reply.status, reply.words) == (401, "Requires authentication")


def test_a_repository_that_the_token_is_not_for_is_not_there(
    github: FakeGitHub, client: Client, opened: int
) -> None:
    client.token = github.add_token("ada", kind="user", repositories=["Acme/Other"])
    assert client.ask("GET", PULL).status == 404
    client.token = github.add_token("ada", kind="user", repositories=["Acme/Shop"])
    assert client.ask("GET", PULL).status == 200


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("installation", "Resource not accessible by integration"),
        ("user", "Resource not accessible by personal access token"),
    ],
)
def test_a_token_that_may_only_read_does_not_write(
    github: FakeGitHub, client: Client, opened: int, kind: Any, words: str
) -> None:
    client.token = github.add_token("ada", kind=kind, permissions={"pull_requests": "read"})
    assert client.ask("GET", PULL).status == 200
    reply = client.ask("POST", COMMENTS, {"body": "text"})
    assert (reply.status, reply.words) == (403, words)
    accepted = reply.headers["X-Accepted-GitHub-Permissions"]
    assert accepted == "issues=write; pull_requests=write"
    assert client.ask("GET", "/repos/acme/shop/git/ref/heads/main").status == 403


def test_a_comment_needs_one_of_two_permissions(
    github: FakeGitHub, client: Client, opened: int
) -> None:
    for permission in ("issues", "pull_requests"):
        client.token = github.add_token("ci[bot]", permissions={permission: "write"})
        assert client.ask("POST", COMMENTS, {"body": "text"}).status == 201
    assert client.ask("GET", PULL).status == 200


def test_authors_are_bots_or_users(github: FakeGitHub, client: Client, opened: int) -> None:
    client.ask("POST", COMMENTS, {"body": "text"})
    github.add_comment_as("ada", "acme/shop", 1, "text")
    users = [one["user"] for one in client.ask("GET", COMMENTS).content]
    assert [(one["login"], one["type"]) for one in users] == [
        ("github-actions[bot]", "Bot"),
        ("ada", "User"),
    ]
