import subprocess
from pathlib import Path

import pytest

from tests.forge.github.asking import PULLS, Client
from tests.forge.github.bare import MergeConflictError
from tests.forge.github_server import FakeGitHub
from tests.history.commits import History, git

REF = "/repos/acme/shop/git/ref"
COMMIT = "/repos/acme/shop/git/commits"


def address(github: FakeGitHub, token: str | None) -> str:
    given = f"x-access-token:{token}@" if token else ""
    return github.url.replace("://", f"://{given}") + "/acme/shop.git"


def test_a_branch_has_a_ref(client: Client, work: History) -> None:
    reply = client.ask("GET", f"{REF}/heads/feature")
    assert reply.content["ref"] == "refs/heads/feature"
    assert reply.content["object"]["sha"] == work.head


@pytest.mark.parametrize("name", ["heads/feat", "heads", "heads/none", "feature"])
def test_a_ref_is_found_by_its_whole_name_only(client: Client, name: str) -> None:
    assert client.ask("GET", f"{REF}/{name}").status == 404


def test_an_empty_repository_says_so(client: Client, github: FakeGitHub) -> None:
    github.add_repository("acme/empty")
    reply = client.ask("GET", "/repos/acme/empty/git/ref/heads/main")
    assert (reply.status, reply.words) == (409, "Git Repository is empty.")


def test_a_commit_has_its_message_and_parents(client: Client, work: History) -> None:
    content = client.ask("GET", f"{COMMIT}/{work.head}").content
    assert content["message"] == "Spell\n\nSome of them"
    assert [one["sha"] for one in content["parents"]] == [work.git("rev-parse", "main")]
    assert content["author"]["name"] == "Ada"
    assert content["tree"]["sha"] == work.git("rev-parse", "HEAD^{tree}")


@pytest.mark.parametrize(("sha", "status"), [("0" * 40, 404), ("HEAD", 422), ("a" * 39, 422)])
def test_what_is_no_commit_is_refused(client: Client, sha: str, status: int) -> None:
    assert client.ask("GET", f"{COMMIT}/{sha}").status == status


def test_a_tree_is_no_commit(client: Client, work: History) -> None:
    tree = work.git("rev-parse", "HEAD^{tree}")
    assert client.ask("GET", f"{COMMIT}/{tree}").status == 404


def test_git_fetches_and_pushes_over_http(
    client: Client, github: FakeGitHub, work: History, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    work.git("clone", "--quiet", "--branch=feature", address(github, client.token), str(clone))
    git(clone, "commit", "--quiet", "--allow-empty", "--message=more")
    git(clone, "push", "--quiet", "origin", "HEAD:refs/heads/proposed")
    assert github.tip("acme/shop", "proposed") == git(clone, "rev-parse", "HEAD")
    asked = {"head": "proposed", "base": "feature", "title": "More"}
    assert client.ask("POST", PULLS, asked).status == 201
    assert "/acme/shop.git/git-receive-pack" in [one.path for one in github.requests]


@pytest.mark.parametrize(
    ("permissions", "code"),
    [({"contents": "read"}, 128), ({"pull_requests": "write"}, 128), ({"contents": "write"}, 0)],
)
def test_a_push_needs_write_permission(
    client: Client,
    github: FakeGitHub,
    work: History,
    permissions: dict[str, str],
    code: int,
) -> None:
    token = github.add_token("ci[bot]", permissions=permissions)
    command = ["git", "push", "--quiet", address(github, token), "feature:refs/heads/new"]
    done = subprocess.run(command, cwd=work.folder, capture_output=True, check=False)
    assert done.returncode == code
    assert (github.tip("acme/shop", "new") is None) == (code != 0)


def test_git_asks_for_a_token(client: Client, github: FakeGitHub, work: History) -> None:
    command = ["git", "-c", "core.askPass=true", "ls-remote", address(github, None)]
    done = subprocess.run(command, cwd=work.folder, capture_output=True, check=False)
    assert done.returncode == 128


def test_branches_that_conflict_are_not_merged(
    client: Client, github: FakeGitHub, work: History, opened: int
) -> None:
    work.switch("main")
    work.write("numbers.txt", "none\n")
    main = work.commit("Less")
    work.git("push", "--quiet", "origin", "main")
    with pytest.raises(MergeConflictError):
        github.merge("acme/shop", opened)
    assert github.tip("acme/shop", "main") == main
