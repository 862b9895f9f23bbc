import pytest

from tests.forge.github.asking import COMMENTS, PULL, Client
from tests.forge.github_server import FakeGitHub

ONE = "/repos/acme/shop/issues/comments"


def test_a_comment_is_added_and_changed(client: Client, github: FakeGitHub, opened: int) -> None:
    made = client.ask("POST", COMMENTS, {"body": "First"})
    assert (made.status, made.content["body"]) == (201, "First")
    page = f"{github.url}/acme/shop/pull/1#issuecomment-{made.content['id']}"
    assert made.content["html_url"] == page
    edited = client.ask("PATCH", f"{ONE}/{made.content['id']}", {"body": "Second"})
    assert (edited.status, edited.content["body"]) == (200, "Second")
    assert edited.content["updated_at"] > made.content["updated_at"]
    assert client.ask("GET", COMMENTS).content == [edited.content]
    assert [one.body for one in github.comments("acme/shop", opened)] == ["Second"]
    assert client.ask("GET", PULL).content["comments"] == 1


def test_comments_since_a_time_are_those_changed_since(
    client: Client, github: FakeGitHub, opened: int
) -> None:
    for body in ("one", "two", "three"):
        github.add_comment_as("ada", "acme/shop", opened, body)
    since = client.ask("GET", COMMENTS).content[1]["updated_at"]
    found = client.ask("GET", COMMENTS, query={"since": since}).content
    assert [one["body"] for one in found] == ["two", "three"]


def test_a_deleted_comment_cannot_be_changed(
    client: Client, github: FakeGitHub, opened: int
) -> None:
    identifier = github.add_comment_as("ada", "acme/shop", opened, "text").id
    github.delete_comment(identifier)
    assert client.ask("PATCH", f"{ONE}/{identifier}", {"body": "text"}).status == 404
    assert client.ask("GET", COMMENTS).content == []


def test_a_comment_is_changed_in_its_own_repository_only(
    client: Client, github: FakeGitHub, opened: int
) -> None:
    github.add_repository("acme/other")
    identifier = github.add_comment_as("ada", "acme/shop", opened, "text").id
    path = f"/repos/acme/other/issues/comments/{identifier}"
    assert client.ask("PATCH", path, {"body": "text"}).status == 404


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("x" * 65_537, "Body is too long (maximum is 65536 characters)"),
        (" \n", "Body cannot be blank"),
    ],
)
def test_a_text_that_is_none_or_too_long_is_refused(
    client: Client, github: FakeGitHub, opened: int, body: str, words: str
) -> None:
    identifier = github.add_comment_as("ada", "acme/shop", opened, "text").id
    for method, path in (("POST", COMMENTS), ("PATCH", f"{ONE}/{identifier}")):
        reply = client.ask(method, path, {"body": body})
        assert (reply.status, reply.words) == (422, f"Validation Failed: {words}")
        [error] = reply.content["errors"]
        assert (error["resource"], error["code"]) == ("IssueComment", "unprocessable")
    assert client.ask("POST", COMMENTS, {"body": "é" * 65_536}).status == 201


def test_a_closed_pull_request_takes_comments_and_a_locked_one_does_not(
    client: Client, github: FakeGitHub, opened: int
) -> None:
    github.close("acme/shop", opened)
    assert client.ask("POST", COMMENTS, {"body": "text"}).status == 201
    github.lock("acme/shop", opened)
    reply = client.ask("POST", COMMENTS, {"body": "text"})
    assert (reply.status, reply.words) == (
        403,
        "Unable to create comment because issue is locked.",
    )


def test_what_is_not_there_has_no_comments(client: Client, opened: int) -> None:
    assert client.ask("GET", "/repos/acme/shop/issues/2/comments").status == 404
    assert client.ask("GET", "/repos/acme/none/issues/1/comments").status == 404
