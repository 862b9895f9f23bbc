import socket
import time
from pathlib import Path

import pytest

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.proposals import remote as remote_module
from pytest_promptopt.proposals.remote import MovedError, Remote
from tests.history.commits import git
from tests.proposals.shop import BRANCH, HEADER, TOKEN, Shop, edit, error_of, write_script


def untouched(clone: Path) -> tuple[str, ...]:
    """What fetching and pushing could change beside the objects, and must not."""
    folder = clone / ".git"
    kept = [(folder / name).read_text() for name in ("HEAD", "config")]
    files = sorted(path.name for path in folder.iterdir())
    return (*kept, *files, git(clone, "for-each-ref"), git(clone, "status", "--porcelain"))


def test_a_new_branch_is_pushed_and_the_clone_stays_as_it_is(shop: Shop) -> None:
    clone = shop.clone()
    commit = edit(clone, shop.second)
    before = untouched(clone)
    shop.remote.push(clone, commit, BRANCH, expected=None)
    assert shop.branch() == commit
    assert shop.on_server("diff", "--name-only", "main", commit) == "a.prompt.yml"
    assert untouched(clone) == before
    assert shop.headers == [HEADER]


def test_a_branch_is_replaced_if_it_is_what_was_expected(shop: Shop) -> None:
    clone = shop.clone()
    one, two = edit(clone, shop.second, b"one\n"), edit(clone, shop.second, b"two\n")
    shop.remote.push(clone, one, BRANCH, expected=None)
    shop.remote.push(clone, two, BRANCH, expected=one)
    assert shop.branch() == two


@pytest.mark.parametrize("is_new", [True, False])
def test_a_branch_that_is_something_else_stays(shop: Shop, is_new: bool) -> None:
    clone = shop.clone()
    shop.on_server("update-ref", f"refs/heads/{BRANCH}", shop.first)
    commit = edit(clone, shop.second)
    expected = None if is_new else shop.second
    said = error_of(lambda: shop.remote.push(clone, commit, BRANCH, expected=expected), MovedError)
    assert said == (
        f"the branch prompts/a of {shop.url} "
        f"{'is there already' if is_new else 'was changed meanwhile'}; nothing was pushed"
    )
    assert shop.branch() == shop.first


@pytest.mark.parametrize("is_new", [True, False])
def test_a_branch_that_moves_during_the_push_stays_moved(shop: Shop, is_new: bool) -> None:
    clone = shop.clone()
    commit = edit(clone, shop.second)
    if not is_new:
        shop.on_server("update-ref", f"refs/heads/{BRANCH}", shop.second)
    pushes: list[bool] = []

    def move_at_the_second_request(is_push: bool) -> None:
        pushes.append(is_push)
        if len(pushes) == 2:
            shop.on_server("update-ref", f"refs/heads/{BRANCH}", shop.first)

    shop.on_request = move_at_the_second_request
    expected = None if is_new else shop.second
    error_of(lambda: shop.remote.push(clone, commit, BRANCH, expected=expected), MovedError)
    assert (shop.branch(), pushes) == (shop.first, [True, True])


def test_a_branch_that_is_gone_is_not_made_again(shop: Shop) -> None:
    clone = shop.clone()
    commit = edit(clone, shop.second)
    error_of(lambda: shop.remote.push(clone, commit, BRANCH, expected=shop.first), MovedError)
    assert shop.branch() == ""


def test_a_branch_that_has_the_commit_already_is_fine(shop: Shop) -> None:
    clone = shop.clone()
    commit = edit(clone, shop.second)
    for _ in range(2):
        shop.remote.push(clone, commit, BRANCH, expected=None)
    assert shop.branch() == commit


def test_nothing_is_sent_for_a_commit_that_is_there(shop: Shop) -> None:
    shop.remote.fetch(shop.clone(), shop.second)
    assert shop.server.requests == []


def test_a_whole_clone_gets_a_commit_and_stays_whole(shop: Shop) -> None:
    clone = shop.clone()
    hidden = shop.hidden_commit()
    shop.history.git("tag", "v1")
    shop.publish("v1")
    before = untouched(clone)
    shop.remote.fetch(clone, hidden)
    assert git(clone, "rev-list", "--count", hidden) == "5"
    assert git(clone, "rev-parse", "--is-shallow-repository") == "false"
    assert untouched(clone) == before
    assert shop.headers == [HEADER]


def test_a_shallow_clone_gets_the_commit_alone(shop: Shop) -> None:
    clone = shop.clone("--depth=1")
    hidden = shop.hidden_commit()
    before = untouched(clone)
    shop.remote.fetch(clone, hidden)
    assert git(clone, "rev-list", hidden) == hidden
    assert git(clone, "show", f"{hidden}:a.prompt.yml") == "older"
    assert git(clone, "rev-list", "HEAD") == shop.second
    assert untouched(clone) == before


def test_an_edit_of_the_end_of_a_shallow_clone_is_pushed(shop: Shop) -> None:
    clone = shop.clone("--depth=1")
    commit = edit(clone, shop.second)
    shop.remote.push(clone, commit, BRANCH, expected=None)
    assert shop.on_server("rev-list", commit).split() == [commit, shop.second, shop.first]


@pytest.mark.parametrize("is_advertised", [True, False])
def test_a_pull_request_of_which_only_the_merge_is_checked_out(
    shop: Shop, tmp_path: Path, is_advertised: bool
) -> None:
    """As actions/checkout leaves it: HEAD is a merge, on no branch and with no history."""
    shop.history.branch("feature", shop.first)
    head = shop.history.commit("Edit", a="by hand\n", b="more\n")
    shop.history.git("switch", "--quiet", "--detach", shop.first)
    shop.history.commit("Meanwhile", c="else\n")
    merged = shop.history.merge("feature")
    shop.publish(f"{merged}:refs/pull/7/merge", f"{head}:refs/pull/7/head")
    clone = tmp_path / "checkout"
    git(tmp_path, "init", "--quiet", str(clone))
    what = ("--depth=1", shop.bare.as_uri(), "refs/pull/7/merge:refs/remotes/pull/7/merge")
    git(clone, "fetch", "--quiet", "--no-tags", *what)
    git(clone, "checkout", "--quiet", "--detach", merged)
    if not is_advertised:
        shop.on_server("config", "transfer.hideRefs", "refs/pull")
    shop.remote.fetch(clone, head)
    commit = edit(clone, head)
    shop.remote.push(clone, commit, BRANCH, expected=None)
    assert shop.on_server("rev-list", commit).split() == [commit, head, shop.first]
    assert shop.on_server("diff", "--name-only", head, commit) == "a.prompt.yml"
    assert not (shop.bare / "shallow").exists()


def test_hooks_and_signatures_of_pushes_are_left_out(shop: Shop, tmp_path: Path) -> None:
    clone = shop.clone()
    write_script(clone / ".git/hooks/pre-push", f"touch {tmp_path}/ran; exit 1")
    git(clone, "config", "push.gpgSign", "true")
    git(clone, "config", "push.followTags", "true")
    git(clone, "tag", "--annotate", "--message=one", "v1", shop.second)
    shop.remote.push(clone, edit(clone, shop.second), BRANCH, expected=None)
    assert not (tmp_path / "ran").exists()
    assert shop.on_server("tag") == ""


def test_a_token_that_may_not_push_comes_with_what_a_job_needs(shop: Shop) -> None:
    clone = shop.clone()
    commit = edit(clone, shop.second)
    shop.may_push = False
    assert error_of(lambda: shop.remote.push(clone, commit, BRANCH, expected=None)) == (
        f"the branch prompts/a cannot be pushed to {shop.url}: the token may not do that; "
        f"a job on GitHub Actions needs `permissions: contents: write` (remote: Permission "
        f"denied fatal: unable to access '{shop.url}/': The requested URL returned error: 403)"
    )


def test_a_commit_that_the_token_may_not_read_is_told(shop: Shop) -> None:
    clone, commit = shop.clone(), shop.hidden_commit()
    shop.may_read = False
    said = error_of(lambda: shop.remote.fetch(clone, commit))
    assert said.startswith(
        f"commit {commit[:12]} cannot be fetched from {shop.url}: the token may not do that; "
        f"a job on GitHub Actions needs `permissions: contents: read` ("
    )


def test_a_branch_that_the_server_protects_is_told_in_its_words(shop: Shop) -> None:
    clone = shop.clone()
    commit = edit(clone, shop.second)
    shop.hook("printf 'GH006: Protected branch.\\033[2J\\n' >&2; exit 1")
    said = error_of(lambda: shop.remote.push(clone, commit, BRANCH, expected=None))
    assert said == (
        f"the branch prompts/a cannot be pushed to {shop.url}: remote: GH006: Protected branch."
        f"\\x1b[2J ! [remote rejected] {commit} -> prompts/a (pre-receive hook declined)"
    )


def test_what_a_server_says_at_length_is_cut(shop: Shop) -> None:
    clone = shop.clone()
    commit = edit(clone, shop.second)
    shop.hook("yes '[rejected] reason' | head -c 20000 >&2; exit 1")
    said = error_of(lambda: shop.remote.push(clone, commit, BRANCH, expected=None))
    assert len(said) < 450
    assert said.endswith("…")


def test_a_repository_that_is_not_there_is_told(shop: Shop) -> None:
    clone, commit = shop.clone(), shop.hidden_commit()
    gone = Remote(url=f"{shop.server.url}/acme/gone.git", token=TOKEN)
    said = error_of(lambda: gone.fetch(clone, commit))
    assert ": there is no such repository, or the token may not see it (" in said


def test_a_commit_that_is_not_there_is_told(shop: Shop) -> None:
    clone = shop.clone()
    said = error_of(lambda: shop.remote.fetch(clone, "0123456789" * 4))
    assert said.startswith(f"commit 012345678901 cannot be fetched from {shop.url}: ")
    assert "not our ref 0123456789" in said


def test_a_server_that_is_down_is_told(shop: Shop) -> None:
    clone, commit = shop.clone(), shop.hidden_commit()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        remote = Remote(url=f"http://127.0.0.1:{unused.getsockname()[1]}/a/b", token=TOKEN)
        assert "Failed to connect" in error_of(lambda: remote.fetch(clone, commit))


def test_a_server_that_never_answers_is_given_up(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_module, "_SLOWEST_SECONDS", 1)
    clone, commit = shop.clone(), shop.hidden_commit()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        remote = Remote(url=f"http://127.0.0.1:{silent.getsockname()[1]}/a/b", token=TOKEN)
        started = time.monotonic()
        said = error_of(lambda: remote.fetch(clone, commit))
    assert "Operation too slow" in said
    assert time.monotonic() - started < 8


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/o/n",
        "http://127.0.0.1.example.com/o/n",
        "ssh://git@github.com/o/n",
        "git@github.com:o/n.git",
        "file:///o/n",
        "ext::sh -c id",
        "/o/n",
        "https://github.com",
        "https://github.com/",
        "https://github.com/o/n/",
        "https://ada:secret@github.com/o/n",
        "https://secret@github.com/o/n",
        "https://github.com/o/n?secret",
        "https://github.com/o/n#secret",
        "https://github.com/o/n\nhttps://secret/",
        "https://github.com/o/%6e",
        "https://github.com:x/o/n",
        "https://gïthub.com/o/n",
        "https:///o/n",
        "",
    ],
)
def test_an_address_of_another_kind_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(HistoryError, match=r"^a repository's address must read") as caught:
        Remote(url=url, token=TOKEN)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/o/n.git",
        "https://ghe.example.com:8443/o/n",
        "http://localhost:80/o/n",
        "http://127.0.0.1/o/.github",
        "http://[::1]:8080/o/n",
    ],
)
def test_an_address_is_taken(url: str) -> None:
    assert repr(Remote(url=url, token=TOKEN)) == f"Remote(url='{url}')"


def test_without_a_token_there_is_no_remote() -> None:
    with pytest.raises(HistoryError, match=r"^there is no token"):
        Remote(url="https://github.com/o/n", token="")


@pytest.mark.parametrize("name", ["--all", "HEAD", "main", "0" * 39, ""])
def test_only_full_ids_are_taken(shop: Shop, name: str) -> None:
    clone, message = shop.clone(), r"is not the full id of a commit$"
    with pytest.raises(HistoryError, match=message):
        shop.remote.fetch(clone, name)
    with pytest.raises(HistoryError, match=message):
        shop.remote.push(clone, name, BRANCH, expected=None)
    with pytest.raises(HistoryError, match=message):
        shop.remote.push(clone, shop.second, BRANCH, expected=name)
    with pytest.raises(HistoryError, match=r"cannot be the name of a branch$"):
        shop.remote.push(clone, shop.second, "a:refs/heads/b", expected=None)
    assert shop.server.requests == []
