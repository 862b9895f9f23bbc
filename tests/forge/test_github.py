"""The client against a GitHub on loopback whose branches are real."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_promptopt.errors import ForgeError, UsageError
from pytest_promptopt.forge.forge import ChangedFile, Comment, Forge, LineComment, Tip
from pytest_promptopt.forge.github import GitHub
from tests.forge.github.records import Kind
from tests.forge.github_server import FakeGitHub
from tests.history.commits import History

BEFORE = "".join(f"line {number}\n" for number in range(1, 21))
AFTER = BEFORE.replace("line 3\n", "third\n").replace("line 15\n", "fifteenth\n")

MARKER = "<!-- promptopt: prompts/score -->"

Connect = Callable[..., GitHub]


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> History:
    """``main``, and ``feature/x`` that changes two lines and adds a file."""
    history = History(tmp_path_factory.mktemp("origin"))
    history.write("greeting.txt", BEFORE)
    history.write("old.txt", BEFORE + "different\n")
    history.commit("Greet")
    history.branch("feature/x")
    history.write("greeting.txt", AFTER)
    history.write("picture.png", b"\x89PNG\x00\x01")
    history.rename("old.txt", "new.txt")
    history.commit("Greet better\n\nPromptopt-Proposal: 7f3a")
    return history


@pytest.fixture
def server(tmp_path: Path, origin: History) -> Iterator[FakeGitHub]:
    """A repository ``acme/shop`` with the branches of ``origin``."""
    with FakeGitHub(tmp_path) as github:
        for name in ("acme/shop", "mallory/shop"):
            origin.git("push", "--quiet", str(github.add_repository(name)), "--all")
        yield github
    assert github.violations == []


@pytest.fixture
def connect(server: FakeGitHub) -> Iterator[Connect]:
    """Opens clients by token; the token of a job without one. No client ever sleeps."""
    opened: list[GitHub] = []

    def open_client(token: str | None = None, repository: str = "acme/shop") -> GitHub:
        client = GitHub(
            repository=repository,
            token=token or server.add_token("github-actions[bot]"),
            api_url=server.api_url,
            sleep=lambda seconds: None,
        )
        opened.append(client)
        return client

    yield open_client
    for client in opened:
        client.close()


@pytest.fixture
def number(server: FakeGitHub) -> int:
    return server.open_pull_request("acme/shop", head="feature/x", base="main", title="Greet")


def test_a_pull_request_is_read(
    server: FakeGitHub, connect: Connect, origin: History, number: int
) -> None:
    forge: Forge = connect()
    found = forge.pull_request(number)
    assert found.number == number
    assert found.url == f"{server.url}/acme/shop/pull/{number}"
    assert (found.title, found.body) == ("Greet", "")
    assert (found.is_open, found.is_merged, found.is_locked) == (True, False, False)
    assert found.head_repository == "acme/shop"
    assert (found.head_branch, found.base_branch) == ("feature/x", "main")
    assert found.head_commit == origin.head


def test_a_pull_request_from_a_fork_names_the_fork(server: FakeGitHub, connect: Connect) -> None:
    number = server.open_pull_request("acme/shop", head="mallory:feature/x", base="main")
    github = connect()
    assert github.pull_request(number).head_repository == "mallory/shop"
    server.delete_repository("mallory/shop")
    assert github.pull_request(number).head_repository is None


def test_closed_merged_and_locked_ones_say_so(
    server: FakeGitHub, connect: Connect, number: int
) -> None:
    github = connect()
    server.lock("acme/shop", number)
    server.close("acme/shop", number)
    found = github.pull_request(number)
    assert (found.is_open, found.is_merged, found.is_locked) == (False, False, True)
    other = server.open_pull_request("acme/shop", head="feature/x", base="main")
    server.merge("acme/shop", other)
    merged = github.pull_request(other)
    assert (merged.is_open, merged.is_merged) == (False, True)
    assert [one.is_merged for one in github.pull_requests(head="acme:feature/x")] == [True, False]


def test_pull_requests_are_found_by_branch_base_and_state(
    server: FakeGitHub, connect: Connect, number: int
) -> None:
    github = connect()
    server.open_pull_request("acme/shop", head="mallory:feature/x", base="main")
    server.close("acme/shop", number)
    again = server.open_pull_request("acme/shop", head="feature/x", base="main")

    def numbers(head: str, base: str | None = None, is_open: bool | None = None) -> list[int]:
        found = github.pull_requests(head=head, base=base, is_open=is_open)
        return [one.number for one in found]

    assert numbers("acme:feature/x") == [again, number]
    assert numbers("acme:feature/x", is_open=True) == [again]
    assert numbers("acme:feature/x", is_open=False) == [number]
    assert numbers("acme:feature/x", base="main", is_open=True) == [again]
    assert numbers("acme:feature/x", base="other") == []
    assert numbers("acme:feature") == []


def test_pull_requests_that_were_not_asked_for_are_left_out(
    server: FakeGitHub, connect: Connect, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where GitHub does not understand `head`, or lies."""
    server.open_pull_request("acme/shop", head="mallory:feature/x", base="main")
    server.close("acme/shop", number)
    again = server.open_pull_request("acme/shop", head="feature/x", base="main")
    everything = "tests.forge.github.pull_requests._is_listed"
    monkeypatch.setattr(everything, lambda *_: True)
    github = connect()
    assert [one.number for one in github.pull_requests(head="acme:feature/x")] == [again, number]
    assert [one.number for one in github.pull_requests(head="acme:feature/x", is_open=True)] == [
        again
    ]
    assert github.pull_requests(head="acme") == ()
    assert github.pull_requests(head="acme:feature/x", base="other") == ()


def test_a_pull_request_is_opened_and_edited(
    server: FakeGitHub, connect: Connect, origin: History
) -> None:
    github = connect()
    opened = github.open_pull_request(head="feature/x", base="main", title="Né", body="1 < 2")
    assert (opened.title, opened.body, opened.head_commit) == ("Né", "1 < 2", origin.head)
    edited = github.edit_pull_request(opened.number, title="New", body="Text")
    assert (edited.number, edited.title, edited.body) == (opened.number, "New", "Text")
    assert github.pull_request(opened.number) == edited


def test_a_second_pull_request_of_a_branch_is_refused(connect: Connect, number: int) -> None:
    with pytest.raises(ForgeError) as caught:
        connect().open_pull_request(head="feature/x", base="main", title="x", body="")
    assert str(caught.value) == (
        "Could not open a pull request from feature/x onto main in acme/shop: GitHub answered 422 "
        "(Validation Failed; A pull request already exists for acme:feature/x.)."
    )
    assert caught.value.status == 422


def test_changed_files_have_their_hunks_where_there_are_any(connect: Connect, number: int) -> None:
    assert list(connect().changed_files(number)) == [
        ChangedFile(path="greeting.txt", patch=GREETING_PATCH),
        ChangedFile(path="new.txt", patch=None),
        ChangedFile(path="picture.png", patch=None),
    ]


GREETING_PATCH = """\
@@ -1,6 +1,6 @@
 line 1
 line 2
-line 3
+third
 line 4
 line 5
 line 6
@@ -12,7 +12,7 @@ line 11
 line 12
 line 13
 line 14
-line 15
+fifteenth
 line 16
 line 17
 line 18"""


def test_changed_files_come_from_all_pages(
    server: FakeGitHub, connect: Connect, origin: History, tmp_path: Path
) -> None:
    many = History(tmp_path / "many")
    many.git("pull", "--quiet", str(origin.folder), "main")
    many.branch("many")
    names = [f"{index:03}.txt" for index in range(101)]
    for name in names:
        many.write(name, "x\n")
    many.commit("Many")
    many.git("push", "--quiet", str(server.add_repository("acme/many")), "--all")
    number = server.open_pull_request("acme/many", head="many", base="main")
    found = connect(repository="acme/many").changed_files(number)
    assert [file.path for file in found] == names


def test_a_comment_is_added_found_and_edited(
    server: FakeGitHub, connect: Connect, number: int
) -> None:
    github = connect()
    assert github.own_comment(number, MARKER) is None
    added = github.add_comment(number, f"{MARKER}\nfirst")
    assert github.own_comment(number, MARKER) == added
    edited = github.edit_comment(added, f"{MARKER}\r\nsecond")
    assert edited == Comment(id=added.id, url=added.url, body=f"{MARKER}\r\nsecond")
    assert github.own_comment(number, MARKER) == edited
    assert [comment.body for comment in server.comments("acme/shop", number)] == [edited.body]


def test_a_comment_that_was_deleted_is_not_edited(
    server: FakeGitHub, connect: Connect, number: int
) -> None:
    github = connect()
    added = github.add_comment(number, MARKER)
    server.delete_comment(added.id)
    assert github.edit_comment(added, MARKER) is None


def test_a_comment_that_we_may_not_edit_is_not_taken_for_deleted(
    server: FakeGitHub, connect: Connect, number: int
) -> None:
    added = connect().add_comment(number, MARKER)
    reader = connect(server.add_token("reader[bot]", permissions={"pull_requests": "read"}))
    with pytest.raises(ForgeError) as caught:
        reader.edit_comment(added, MARKER)
    assert str(caught.value).startswith(
        f"Could not edit the comment {added.id} in acme/shop: GitHub answered 403 (Resource not "
        "accessible by integration). "
    )


def test_a_comment_whose_answer_was_lost_is_found_the_next_time(
    server: FakeGitHub, connect: Connect, number: int
) -> None:
    github = connect()
    server.drop_next(is_done=True, match="POST")
    with pytest.raises(ForgeError, match="may or may not have done it"):
        github.add_comment(number, MARKER)
    found = github.own_comment(number, MARKER)
    assert found is not None
    assert [comment.id for comment in server.comments("acme/shop", number)] == [found.id]


def test_the_first_of_our_comments_with_the_marker_is_found_on_any_page(
    server: FakeGitHub, connect: Connect, number: int
) -> None:
    github = connect()
    for index in range(100):
        server.add_comment_as("ada", "acme/shop", number, f"Comment {index}")
    github.add_comment(number, f"About {MARKER}")
    github.add_comment(number, f"\n{MARKER}")
    github.add_comment(number, f"{MARKER} and more")
    mine = github.add_comment(number, MARKER)
    github.add_comment(number, MARKER)
    assert github.own_comment(number, MARKER) == mine


def test_a_person_cannot_pass_a_comment_off_as_the_jobs(
    server: FakeGitHub, connect: Connect, number: int
) -> None:
    server.add_comment_as("mallory", "acme/shop", number, MARKER)
    assert connect().own_comment(number, MARKER) is None


@pytest.mark.parametrize(
    ("login", "kind"),
    [
        ("other[bot]", "installation"),
        ("github-actions-2[bot]", "installation"),
        ("github-actions", "user"),
    ],
)
def test_neither_can_another_bot_nor_a_person_of_its_name(
    server: FakeGitHub, connect: Connect, number: int, login: str, kind: Kind
) -> None:
    server.add_comment_as(login, "acme/shop", number, MARKER, kind)
    assert connect().own_comment(number, MARKER) is None


def test_where_an_app_is_not_told_who_it_is_a_bot_is_us_and_a_person_is_not(
    server: FakeGitHub, connect: Connect, number: int
) -> None:
    server.fail_next(status=403, message="No GraphQL", match="POST /api/graphql")
    server.add_comment_as("mallory", "acme/shop", number, MARKER)
    github = connect()
    mine = github.add_comment(number, MARKER)
    assert github.own_comment(number, MARKER) == mine


def test_with_a_persons_token_only_that_persons_comments_are_ours(
    server: FakeGitHub, connect: Connect, number: int
) -> None:
    connect().add_comment(number, f"{MARKER}\nby a bot")
    server.add_comment_as("mallory", "acme/shop", number, f"{MARKER}\nby somebody else")
    github = connect(server.add_token("Ada", kind="user"))
    assert github.own_comment(number, MARKER) is None
    mine = github.add_comment(number, f"{MARKER}\nby me")
    assert github.own_comment(number, MARKER) == mine


def test_whose_the_token_is_is_asked_once(
    server: FakeGitHub, connect: Connect, number: int
) -> None:
    github = connect()
    for _ in range(3):
        github.own_comment(number, MARKER)
    assert [one.path for one in server.requests].count("/api/v3/user") == 1


def test_a_wrong_token_makes_nobody_a_bot(connect: Connect, number: int) -> None:
    with pytest.raises(ForgeError) as caught:
        connect("ghs_expired0123456789").own_comment(number, MARKER)
    assert str(caught.value).startswith(
        "Could not ask whose token this is: GitHub answered 401 (Bad credentials)."
    )


def test_a_limit_does_not_make_a_person_a_bot(
    server: FakeGitHub, connect: Connect, number: int
) -> None:
    github = connect(server.add_token("ada", kind="user"))
    github.add_comment(number, MARKER)
    message = "You have exceeded a secondary rate limit."
    server.fail_next(1, status=403, headers={"Retry-After": "600"}, message=message)
    with pytest.raises(ForgeError, match="wants us to wait for 10 minutes"):
        github.own_comment(number, MARKER)
    assert github.own_comment(number, MARKER) is not None


def test_a_review_comments_on_lines_and_ranges(
    server: FakeGitHub, connect: Connect, origin: History, number: int
) -> None:
    github = connect()
    url = github.review(
        number,
        commit=origin.head,
        body="Two proposals",
        comments=[
            LineComment(path="greeting.txt", first=3, last=3, body="```suggestion\n3rd\n```"),
            LineComment(path="greeting.txt", first=14, last=16, body="A range"),
        ],
    )
    assert url.startswith(f"{server.url}/acme/shop/pull/{number}#pullrequestreview-")
    assert [review.body for review in server.reviews("acme/shop", number)] == ["Two proposals"]
    assert list(github.own_line_comments(number)) == ["```suggestion\n3rd\n```", "A range"]
    sent = next(one.body for one in server.requests if one.path.endswith("/reviews"))
    assert sent == {
        "commit_id": origin.head,
        "event": "COMMENT",
        "body": "Two proposals",
        "comments": [
            {
                "path": "greeting.txt",
                "line": 3,
                "side": "RIGHT",
                "body": "```suggestion\n3rd\n```",
            },
            {
                "path": "greeting.txt",
                "line": 16,
                "side": "RIGHT",
                "start_line": 14,
                "start_side": "RIGHT",
                "body": "A range",
            },
        ],
    }


def test_a_review_with_a_line_outside_of_the_diff_is_refused_whole(
    server: FakeGitHub, connect: Connect, origin: History, number: int
) -> None:
    github = connect()
    comments = [
        LineComment(path="greeting.txt", first=3, last=3, body="in the diff"),
        LineComment(path="greeting.txt", first=9, last=9, body="outside"),
    ]
    with pytest.raises(ForgeError, match=r"\(.*Line could not be resolved.*\)\.$"):
        github.review(number, commit=origin.head, body="x", comments=comments)
    assert list(github.own_line_comments(number)) == []


def test_comments_on_lines_that_left_the_diff_are_not_listed(
    server: FakeGitHub, connect: Connect, origin: History, number: int
) -> None:
    github = connect()
    comments = [
        LineComment(path="greeting.txt", first=3, last=3, body="```suggestion\n3rd\n```"),
        LineComment(path="greeting.txt", first=15, last=15, body="stays"),
    ]
    github.review(number, commit=origin.head, body="x", comments=comments)
    taken = next(
        comment
        for review in server.reviews("acme/shop", number)
        for comment in review.comments
        if comment.line == 3
    )
    server.take_suggestion(taken.id)
    assert list(github.own_line_comments(number)) == ["stays"]


def test_comments_of_others_on_lines_are_not_ours(
    server: FakeGitHub, connect: Connect, origin: History, number: int
) -> None:
    comment = LineComment(path="greeting.txt", first=3, last=3, body="mine")
    other = connect(server.add_token("mallory", kind="user"))
    other.review(number, commit=origin.head, body="x", comments=[comment])
    assert list(connect().own_line_comments(number)) == []


def test_a_branch_is_the_commit_at_its_tip(connect: Connect, origin: History) -> None:
    assert connect().branch("feature/x") == Tip(
        commit=origin.head, message="Greet better\n\nPromptopt-Proposal: 7f3a"
    )


@pytest.mark.parametrize("name", ["feature", "feature/", "feature/../main", "a%2Fb", "a?b#c", ""])
def test_a_branch_that_is_not_there_is_none(connect: Connect, name: str) -> None:
    assert connect().branch(name) is None


def test_a_branch_of_any_name_is_found(
    server: FakeGitHub, connect: Connect, tmp_path: Path
) -> None:
    history = History(tmp_path / "odd")
    commit = history.commit("Odd")
    history.branch("fix#1/50%/ümlaut+&")
    history.git("push", "--quiet", str(server.add_repository("acme/odd")), "--all")
    tip = connect(repository="acme/odd").branch("fix#1/50%/ümlaut+&")
    assert tip == Tip(commit=commit, message="Odd")


def test_a_token_that_may_only_read_is_told_what_it_needs(
    server: FakeGitHub, connect: Connect, number: int
) -> None:
    token = server.add_token("github-actions[bot]", permissions={"pull_requests": "read"})
    with pytest.raises(ForgeError) as caught:
        connect(token).add_comment(number, "x")
    assert str(caught.value) == (
        f"Could not comment on acme/shop#{number}: GitHub answered 403 (Resource not accessible by "
        "integration). The token needs the permission `pull-requests: write`, for branches "
        "`contents: write` too: give them to the job under `permissions:`. On a pull request from "
        "a fork the token may only read whatever the job asks for: use the form with two workflows "
        "of docs/ci.md."
    )


def test_a_wrong_token_is_not_named(connect: Connect, number: int) -> None:
    with pytest.raises(ForgeError) as caught:
        connect("ghs_expired0123456789").pull_request(number)
    assert str(caught.value) == (
        f"Could not read acme/shop#{number}: GitHub answered 401 (Bad credentials). The token is "
        "wrong or has expired: set GITHUB_TOKEN, or GH_TOKEN, anew."
    )


def test_actions_that_may_open_no_pull_requests_are_told_where_to_allow_it(
    server: FakeGitHub, connect: Connect
) -> None:
    server.actions_may_open_pull_requests = False
    with pytest.raises(ForgeError, match="Settings → Actions → General → Bridge permissions"):
        connect().open_pull_request(head="feature/x", base="main", title="x", body="")


def test_a_locked_conversation_is_said_to_be_locked(
    server: FakeGitHub, connect: Connect, origin: History, number: int
) -> None:
    server.lock("acme/shop", number)
    github = connect()
    with pytest.raises(ForgeError, match="Unlock the conversation of the pull request"):
        github.add_comment(number, "x")
    with pytest.raises(ForgeError, match="Unlock the conversation of the pull request"):
        github.review(number, commit=origin.head, body="x", comments=[])


def test_a_pull_request_that_is_not_there_may_be_hidden(connect: Connect) -> None:
    with pytest.raises(ForgeError) as caught:
        connect().pull_request(99)
    assert str(caught.value) == (
        "Could not read acme/shop#99: GitHub answered 404 (Not Found). It is not there, or the "
        "token may not see it: check the repository, the number and what the token gives access "
        "to."
    )


def test_a_comment_that_is_too_long_is_refused_in_githubs_words(
    connect: Connect, number: int
) -> None:
    with pytest.raises(ForgeError, match=r"answered 422 \(.*65536 characters.*\)"):
        connect().add_comment(number, "x" * 65_537)


@pytest.mark.parametrize(
    ("repository", "token", "api_url"),
    [
        ("acme", "ghs_1", "https://api.github.com"),
        ("acme/shop", "ghs_ 1", "https://api.github.com"),
        ("acme/shop", "ghs_1", "http://api.github.com"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once(repository: str, token: str, api_url: str) -> None:
    with pytest.raises(UsageError):
        GitHub(repository=repository, token=token, api_url=api_url)


def test_the_token_is_not_shown() -> None:
    with GitHub(repository="acme/shop", token="ghs_0123456789") as github:
        assert repr(github) == ("GitHub(repository='acme/shop', api_url='https://api.github.com')")
