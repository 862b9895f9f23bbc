from collections.abc import Mapping

import pytest

from tests.forge.github.asking import AFTER, PULL, Client
from tests.forge.github_server import FakeGitHub
from tests.history.commits import History

REVIEWS = f"{PULL}/reviews"
LINE = {"path": "numbers.txt", "line": 3, "side": "RIGHT", "body": "Three?"}


def review(*comments: Mapping[str, object], **changed: object) -> dict[str, object]:
    return {"event": "COMMENT", "body": "Hm", "comments": list(comments), **changed}


def lines(client: Client) -> list[tuple[object, object]]:
    found = client.ask("GET", f"{PULL}/comments").content
    return [(one["start_line"], one["line"]) for one in found]


def test_a_review_is_added_with_its_comments(
    client: Client, github: FakeGitHub, work: History, opened: int
) -> None:
    two = {**LINE, "start_line": 25, "start_side": "RIGHT", "line": 27}
    reply = client.ask("POST", REVIEWS, review(LINE, two, commit_id=work.head))
    assert (reply.status, reply.content["state"]) == (200, "COMMENTED")
    assert reply.content["commit_id"] == work.head
    page = f"{github.url}/acme/shop/pull/1#pullrequestreview-{reply.content['id']}"
    assert reply.content["html_url"] == page
    one, other = client.ask("GET", f"{PULL}/comments").content
    assert (one["path"], one["side"], one["line"]) == ("numbers.txt", "RIGHT", 3)
    assert (one["start_line"], one["position"]) == (None, 4)
    assert one["diff_hunk"] == "@@ -1,6 +1,6 @@\n 1\n 2\n-3\n+three"
    assert one["commit_id"] == one["original_commit_id"] == work.head
    assert (other["start_line"], other["line"], other["position"]) == (25, 27, 13)
    assert one["pull_request_review_id"] == reply.content["id"]
    [seen] = github.reviews("acme/shop", opened)
    assert [comment.body for comment in seen.comments] == ["Three?", "Three?"]


def test_a_review_without_an_event_stays_pending(client: Client, opened: int) -> None:
    asked = review(LINE)
    del asked["event"]
    reply = client.ask("POST", REVIEWS, asked)
    assert (reply.content["state"], "submitted_at" in reply.content) == ("PENDING", False)
    assert lines(client) == []


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        ({"line": 10}, "Line could not be resolved"),
        ({"line": 0}, "Line could not be resolved"),
        ({"line": 31}, "Line could not be resolved"),
        ({"path": "none.txt"}, "Path could not be resolved"),
        (
            {"start_line": 3},
            "Pull request review thread start line must precede the end line.",
        ),
        (
            {"start_line": 4},
            "Pull request review thread start line must precede the end line.",
        ),
        (
            {"start_line": 3, "line": 27},
            "Pull request review thread start line must be part of the same hunk as the line.",
        ),
        (
            {"start_line": 10, "line": 27},
            "Pull request review thread start line must be part of the same hunk as the line.",
        ),
        ({"side": "MIDDLE"}, "Variable $side of type DiffSide was provided invalid value"),
        ({"body": ""}, "Body can't be blank"),
        ({"body": "x" * 65_537}, "Body is too long (maximum is 65536 characters)"),
    ],
)
def test_one_bad_comment_refuses_the_whole_review(
    client: Client,
    github: FakeGitHub,
    opened: int,
    draft: Mapping[str, object],
    words: str,
) -> None:
    reply = client.ask("POST", REVIEWS, review(LINE, {**LINE, **draft}))
    assert (reply.status, reply.words) == (422, f"Unprocessable Entity: {words}")
    assert github.reviews("acme/shop", opened) == []


def test_all_that_is_wrong_is_said_in_one_sentence(client: Client, opened: int) -> None:
    bad = ({**LINE, "line": 10}, {**LINE, "path": "none.txt"}, {**LINE, "line": 11})
    assert client.ask("POST", REVIEWS, review(*bad)).content["errors"] == [
        "Line could not be resolved, Path could not be resolved, and Line could not be resolved"
    ]
    assert client.ask("POST", REVIEWS, review(*bad[:2])).content["errors"] == [
        "Line could not be resolved and Path could not be resolved"
    ]


@pytest.mark.parametrize(("side", "line"), [("LEFT", 3), ("LEFT", 1), ("RIGHT", 30)])
def test_lines_of_both_sides_and_around_a_change_take_comments(
    client: Client, opened: int, side: str, line: int
) -> None:
    draft = {**LINE, "side": side, "line": line}
    assert client.ask("POST", REVIEWS, review(draft)).status == 200
    assert lines(client) == [(None, line)]


def test_a_file_without_a_patch_takes_no_comment(
    client: Client, github: FakeGitHub, opened: int
) -> None:
    github.longest_patch = 10
    assert client.ask("POST", REVIEWS, review(LINE)).status == 422


def test_the_commit_must_be_one_of_the_pull_request(
    client: Client, work: History, opened: int
) -> None:
    main = work.git("rev-parse", "main")
    for commit in (main, "0" * 40):
        reply = client.ask("POST", REVIEWS, review(LINE, commit_id=commit))
        words = "Unprocessable Entity: The commitOID is not part of the pull request"
        assert (reply.status, reply.words) == (422, words)


def test_an_empty_review_is_refused(client: Client, opened: int) -> None:
    assert client.ask("POST", REVIEWS, review(body="")).status == 422
    assert client.ask("POST", REVIEWS, review(LINE, body="")).status == 200
    assert client.ask("POST", REVIEWS, review(body="Hm")).status == 200


def test_a_locked_pull_request_takes_no_review(
    client: Client, github: FakeGitHub, opened: int
) -> None:
    github.lock("acme/shop", opened)
    reply = client.ask("POST", REVIEWS, review(LINE))
    assert (reply.status, reply.words) == (422, "Unprocessable Entity: lock prevents review")


def test_a_comment_moves_with_its_line_until_the_line_changes(
    client: Client, github: FakeGitHub, work: History, opened: int
) -> None:
    first = work.head
    client.ask("POST", REVIEWS, review(LINE))
    work.write("numbers.txt", "0\n" + AFTER)
    second = work.commit("Zero")
    work.git("push", "--quiet", "origin", "feature")
    [moved] = client.ask("GET", f"{PULL}/comments").content
    assert (moved["line"], moved["original_line"]) == (4, 3)
    assert (moved["commit_id"], moved["original_commit_id"]) == (second, first)
    work.write("numbers.txt", AFTER.replace("three", "drei"))
    work.commit("German")
    work.git("push", "--quiet", "origin", "feature")
    [outdated] = client.ask("GET", f"{PULL}/comments").content
    assert (outdated["line"], outdated["position"], outdated["original_line"]) == (None, None, 3)


def test_a_comment_on_an_earlier_commit_is_placed_there(
    client: Client, work: History, opened: int
) -> None:
    first = work.head
    work.write("numbers.txt", "0\n" + AFTER)
    work.commit("Zero")
    work.git("push", "--quiet", "origin", "feature")
    client.ask("POST", REVIEWS, review(LINE, commit_id=first))
    assert lines(client) == [(None, 4)]


def test_comments_are_sorted_as_asked(client: Client, opened: int) -> None:
    for line in (1, 2):
        client.ask("POST", REVIEWS, review({**LINE, "line": line}))

    def listed(**query: str) -> list[int]:
        return [one["line"] for one in client.ask("GET", f"{PULL}/comments", query=query).content]

    assert listed() == [1, 2]
    assert listed(direction="desc") == [1, 2]
    assert listed(sort="created", direction="desc") == [2, 1]
