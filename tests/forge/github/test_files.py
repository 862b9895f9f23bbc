from tests.forge.github.asking import PULL, PULLS, Client
from tests.forge.github_server import FakeGitHub
from tests.history.commits import History


def test_files_have_their_hunks(client: Client, opened: int) -> None:
    [file] = client.ask("GET", f"{PULL}/files").content
    assert (file["filename"], file["status"]) == ("numbers.txt", "modified")
    assert (file["additions"], file["deletions"], file["changes"]) == (2, 2, 4)
    assert file["patch"] == (
        "@@ -1,6 +1,6 @@\n 1\n 2\n-3\n+three\n 4\n 5\n 6\n"
        "@@ -24,7 +24,7 @@\n 24\n 25\n 26\n-27\n+twenty-seven\n 28\n 29\n 30"
    )


def test_files_are_those_since_the_branches_parted(
    client: Client, github: FakeGitHub, work: History, opened: int
) -> None:
    work.switch("main")
    work.commit("Main", elsewhere="text")
    work.git("push", "--quiet", "origin", "main")
    files = client.ask("GET", f"{PULL}/files").content
    assert [one["filename"] for one in files] == ["numbers.txt"]


def test_some_files_have_no_patch(
    client: Client, github: FakeGitHub, work: History, opened: int
) -> None:
    work.write("picture.png", b"\x89PNG\x00")
    work.write("old name.txt", "text\n")
    work.commit("Add")
    work.branch("renamed")
    work.rename("old name.txt", "new näme.txt")
    work.commit("Rename")
    work.git("push", "--quiet", "origin", "feature", "renamed")
    github.open_pull_request("acme/shop", head="renamed", base="feature")
    [renamed] = client.ask("GET", f"{PULLS}/2/files").content
    assert (renamed["status"], renamed["previous_filename"]) == ("renamed", "old name.txt")
    assert (renamed["filename"], "patch" in renamed) == ("new näme.txt", False)
    files = {one["filename"]: one for one in client.ask("GET", f"{PULL}/files").content}
    assert "patch" not in files["picture.png"]
    assert files["old name.txt"]["patch"] == "@@ -0,0 +1 @@\n+text"
    github.longest_patch = 10
    assert not any("patch" in one for one in client.ask("GET", f"{PULL}/files").content)
