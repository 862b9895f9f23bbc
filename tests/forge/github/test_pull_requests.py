import pytest

from tests.forge.github.asking import PULL, PULLS, Client
from tests.forge.github_server import FakeGitHub
from tests.history.commits import History


def test_a_pull_request_is_opened(client: Client, github: FakeGitHub, work: History) -> None:
    asked = {"head": "feature", "base": "main", "title": "Spell", "body": ""}
    reply = client.ask("POST", PULLS, asked)
    assert (reply.status, reply.headers["Location"]) == (201, github.api_url + PULL)
    made = reply.content
    assert (made["number"], made["title"], made["body"]) == (1, "Spell", None)
    assert (made["head"]["label"], made["head"]["sha"]) == ("acme:feature", work.head)
    assert (made["commits"], made["changed_files"]) == (1, 1)
    assert (made["additions"], made["deletions"]) == (2, 2)
    assert made["user"]["type"] == "Bot"
    assert client.ask("GET", PULL).content == made


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"head": "none"}, "{'resource': 'PullRequest', 'field': 'head', 'code': 'invalid'}"),
        ({"head": "eve:main"}, "{'resource': 'PullRequest', 'field': 'head', 'code': 'invalid'}"),
        ({"base": "none"}, "{'resource': 'PullRequest', 'field': 'base', 'code': 'invalid'}"),
        ({"head": "main"}, "No commits between main and main"),
        ({"head": "alone"}, "The alone branch has no history in common with main"),
        ({"title": ""}, "{'resource': 'Issue', 'code': 'missing_field', 'field': 'title'}"),
        ({"title": "x" * 257}, "title is too long (maximum is 256 characters)"),
        ({"body": "x" * 65_537}, "body is too long (maximum is 65536 characters)"),
    ],
)
def test_a_pull_request_that_cannot_be_is_refused(
    client: Client, github: FakeGitHub, work: History, changed: dict[str, str], words: str
) -> None:
    work.git("switch", "--quiet", "--orphan", "alone")
    work.commit("Alone")
    work.git("push", "--quiet", "origin", "alone")
    reply = client.ask("POST", PULLS, {"head": "feature", "base": "main", "title": "T"} | changed)
    assert (reply.status, reply.words) == (422, f"Validation Failed: {words}")
    assert github.pull_requests("acme/shop") == []


def test_a_second_pull_request_of_the_same_branches_is_refused(
    client: Client, github: FakeGitHub, opened: int
) -> None:
    asked = {"head": "acme:feature", "base": "main", "title": "Again"}
    reply = client.ask("POST", PULLS, asked)
    assert reply.words == "Validation Failed: A pull request already exists for acme:feature."
    github.close("acme/shop", opened)
    assert client.ask("POST", PULLS, asked).content["number"] == 2


def test_actions_may_be_forbidden_to_open_pull_requests(client: Client, github: FakeGitHub) -> None:
    github.actions_may_open_pull_requests = False
    asked = {"head": "feature", "base": "main", "title": "Spell"}
    reply = client.ask("POST", PULLS, asked)
    words = "GitHub Actions is not permitted to create or approve pull requests."
    assert (reply.status, reply.words) == (403, words)
    client.token = github.add_token("ada", kind="user")
    assert client.ask("POST", PULLS, asked).status == 201


def test_a_pull_request_is_changed(client: Client, github: FakeGitHub, opened: int) -> None:
    reply = client.ask("PATCH", PULL, {"title": "New", "body": "Text", "state": "closed"})
    changed = reply.content
    assert (changed["title"], changed["body"], changed["state"]) == ("New", "Text", "closed")
    assert client.ask("PATCH", PULL, {"state": "open"}).content["closed_at"] is None
    assert client.ask("PATCH", PULL, {"base": "none"}).status == 422
    github.merge("acme/shop", opened)
    reply = client.ask("PATCH", PULL, {"state": "open"})
    assert reply.words == "Validation Failed: Cannot reopen a merged pull request"


def test_pull_requests_are_listed_by_branch_and_state(
    client: Client, github: FakeGitHub, work: History
) -> None:
    work.branch("other", "main")
    work.commit("Other")
    work.git("push", "--quiet", "origin", "other")
    for head in ("feature", "other"):
        github.open_pull_request("acme/shop", head=head, base="main")
    github.close("acme/shop", 1)

    def listed(**query: str) -> list[int]:
        return [one["number"] for one in client.ask("GET", PULLS, query=query).content]

    assert listed() == [2]
    assert listed(state="closed") == [1]
    assert listed(state="all") == [2, 1]
    assert listed(state="all", direction="asc") == [1, 2]
    assert listed(state="all", sort="updated", direction="desc") == [1, 2]
    assert listed(state="all", head="Acme:feature") == [1]
    assert listed(state="all", head="feature") == [2, 1]
    assert listed(state="all", base="other") == []


def test_a_pull_request_follows_its_branch(
    client: Client, github: FakeGitHub, work: History, opened: int
) -> None:
    new = work.commits(1)
    work.git("push", "--quiet", "origin", "feature")
    assert client.ask("GET", PULL).content["head"]["sha"] == new
    work.git("push", "--quiet", "origin", ":feature")
    gone = client.ask("GET", PULL).content
    assert (gone["state"], gone["head"]["sha"]) == ("closed", new)


def test_a_merged_pull_request_keeps_its_diff(
    client: Client, github: FakeGitHub, opened: int
) -> None:
    commit = github.merge("acme/shop", opened)
    merged = client.ask("GET", PULL).content
    assert (merged["merged"], merged["merge_commit_sha"]) == (True, commit)
    assert merged["changed_files"] == 1
    assert github.tip("acme/shop", "main") == commit
    message = client.ask("GET", f"/repos/acme/shop/git/commits/{commit}").content["message"]
    assert message == "Merge pull request #1 from acme/feature\n\nSpell"


def test_a_fork_has_its_own_branches(client: Client, github: FakeGitHub, work: History) -> None:
    fork = github.add_repository("mallory/shop")
    work.branch("theirs")
    work.commit("Theirs", more="text")
    work.git("push", "--quiet", str(fork), "theirs")
    asked = {"head": "mallory:theirs", "base": "main", "title": "T"}
    head = client.ask("POST", PULLS, asked).content["head"]
    assert (head["label"], head["repo"]["full_name"]) == ("mallory:theirs", "mallory/shop")
    files = client.ask("GET", f"{PULL}/files").content
    assert [one["filename"] for one in files] == ["more.prompt.yml", "numbers.txt"]
    assert client.ask("POST", PULLS, {**asked, "head": "theirs"}).status == 422
    github.delete_repository("mallory/shop")
    assert client.ask("GET", PULL).content["head"]["repo"] is None
