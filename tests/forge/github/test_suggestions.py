import pytest

from tests.forge.github.asking import AFTER, PULL, Client
from tests.forge.github.suggestion import apply, suggested_lines
from tests.forge.github_server import FakeGitHub
from tests.history.commits import History


def suggest(client: Client, github: FakeGitHub, body: str, **where: int) -> int:
    """The id of a comment with that text."""
    draft = {"path": "numbers.txt", "side": "RIGHT", "body": body, **where}
    asked = {"event": "COMMENT", "body": "", "comments": [draft]}
    assert client.ask("POST", f"{PULL}/reviews", asked).status == 200
    return github.reviews("acme/shop", 1)[-1].comments[0].id


def pulled(work: History) -> str:
    """The file as the branch has it now."""
    work.git("pull", "--quiet", "origin", "feature")
    return (work.folder / "numbers.txt").read_text()


def test_a_suggestion_replaces_its_lines(
    client: Client, github: FakeGitHub, work: History, opened: int
) -> None:
    body = "Better:\n\n```suggestion\ndrei\nvier\n```\n"
    commit = github.take_suggestion(suggest(client, github, body, start_line=3, line=4))
    assert pulled(work) == AFTER.replace("three\n4\n", "drei\nvier\n")
    assert github.pull_request("acme/shop", opened).head_commit == commit
    message = client.ask("GET", f"/repos/acme/shop/git/commits/{commit}").content["message"]
    assert message == "Apply suggestion from @github-actions[bot]"


def test_an_empty_suggestion_deletes_its_lines(
    client: Client, github: FakeGitHub, work: History, opened: int
) -> None:
    github.take_suggestion(suggest(client, github, "```suggestion\n```", line=3))
    assert pulled(work) == AFTER.replace("three\n", "")


def test_a_suggestion_is_taken_where_its_line_is_now(
    client: Client, github: FakeGitHub, work: History, opened: int
) -> None:
    identifier = suggest(client, github, "```suggestion\ndrei\n```", line=3)
    work.write("numbers.txt", "0\n" + AFTER)
    work.commit("Zero")
    work.git("push", "--quiet", "origin", "feature")
    github.take_suggestion(identifier)
    assert pulled(work) == "0\n" + AFTER.replace("three\n", "drei\n")
    with pytest.raises(AssertionError, match="the comment is outdated"):
        github.take_suggestion(identifier)


def test_a_suggestion_goes_to_the_fork_that_the_branch_is_in(
    client: Client, github: FakeGitHub, work: History
) -> None:
    work.git("push", "--quiet", str(github.add_repository("mallory/shop")), "feature")
    github.open_pull_request("acme/shop", head="mallory:feature", base="main")
    commit = github.take_suggestion(suggest(client, github, "```suggestion\ndrei\n```", line=3))
    assert github.tip("mallory/shop", "feature") == commit
    assert github.tip("acme/shop", "feature") != commit


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("```suggestion\n```", []),
        ("```suggestion\n\n```", [""]),
        ("```suggestion\r\none\r\ntwo\r\n```", ["one", "two"]),
        ("~~~suggestion\n```\n~~~", ["```"]),
        ("````suggestion\n```yaml\na\n```\n````", ["```yaml", "a", "```"]),
        ("````text\n```suggestion\nno\n```\n````\n```suggestion\nyes\n```", ["yes"]),
        ("```suggestion\nunclosed", ["unclosed"]),
    ],
)
def test_the_lines_of_a_suggestion_are_those_in_its_fence(body: str, lines: list[str]) -> None:
    assert suggested_lines(body) == lines


@pytest.mark.parametrize("body", ["no block", "```suggestion\na\n```\n```suggestion\nb\n```"])
def test_only_one_suggestion_can_be_taken(body: str) -> None:
    with pytest.raises(AssertionError, match="the comment has"):
        suggested_lines(body)


@pytest.mark.parametrize(
    ("content", "lines", "expected"),
    [
        (b"a\nb\nc\n", ["x", "y"], b"a\nx\ny\nc\n"),
        (b"a\nb", ["x"], b"a\nx"),
        (b"a\nb\n", [], b"a\n"),
        (b"a\nb", [], b"a"),
        (b"a\r\nb\r\n", ["x", "y"], b"a\r\nx\r\ny\r\n"),
        (b"a\nb\n", ["ä"], "a\nä\n".encode()),
    ],
)
def test_line_endings_stay(content: bytes, lines: list[str], expected: bytes) -> None:
    assert apply(content, 2, 2, lines) == expected
