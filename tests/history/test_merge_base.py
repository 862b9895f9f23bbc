from pathlib import Path

import pytest

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.repository import Repository
from tests.history.commits import History, git, shallow_clone


@pytest.fixture(autouse=True)
def _in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")


def refusal(repository: Path, ref: str) -> str:
    with pytest.raises(HistoryError) as caught:
        Repository.containing(repository).merge_base(ref)
    return str(caught.value)


def branched(history: History, *, before: int = 1, since: int = 1) -> str:
    """``main`` and ``feature``, each with ``since`` commits of its own; where they part."""
    history.commits(before)
    base = history.commit("base")
    history.branch("feature")
    history.commits(since)
    history.switch("main")
    history.commits(since)
    history.switch("feature")
    return base


def test_the_base_is_where_the_branches_part(history: History) -> None:
    base = branched(history, since=2)
    assert Repository.containing(history.folder).merge_base("main") == base


def test_a_detached_head_has_a_base(history: History) -> None:
    base = branched(history)
    history.git("checkout", "--quiet", "--detach", "feature")
    assert Repository.containing(history.folder).merge_base("main") == base


def test_after_merging_main_into_the_branch_the_base_is_mains_commit(history: History) -> None:
    branched(history)
    history.merge("main")
    assert Repository.containing(history.folder).merge_base("main") == history.git(
        "rev-parse", "main"
    )


def test_of_several_bases_one_is_taken(history: History) -> None:
    branched(history)
    history.switch("main")
    history.branch("main-before")
    history.switch("feature")
    history.branch("feature-before")
    history.switch("main")
    history.merge("feature-before")
    history.switch("feature")
    history.merge("main-before")
    bases = history.git("merge-base", "--all", "HEAD", "main").split()
    assert len(bases) == 2
    assert Repository.containing(history.folder).merge_base("main") == bases[0]


def test_unrelated_histories_have_no_base(history: History) -> None:
    head = history.commit("one")
    history.git("switch", "--quiet", "--orphan", "other")
    other = history.commit("two")
    assert refusal(history.folder, "main") == (
        f"HEAD ({other[:12]}) and `main` ({head[:12]}) have no commit in common; "
        "name a branch that HEAD comes from"
    )


def test_a_repository_without_commits_says_so(history: History) -> None:
    assert refusal(history.folder, "main") == (
        f"HEAD of {history.folder} has no commits yet; commit once, to have a base"
    )


def test_a_shallow_clone_is_deepened_until_the_base_is_there(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_promptopt.history.merge_base.DEEPENING_COMMITS", (2, 3))
    base = branched(history, before=5, since=4)
    clone = shallow_clone(history, tmp_path / "clone", depth=1, branch="feature")
    assert Repository.containing(clone).merge_base("main") == base
    assert git(clone, "rev-parse", "--is-shallow-repository") == "true"


def test_deepening_leaves_branches_and_the_last_fetch_alone(
    history: History, tmp_path: Path
) -> None:
    base = branched(history)
    clone = shallow_clone(history, tmp_path / "clone", depth=1, branch="feature")
    (clone / ".git/FETCH_HEAD").write_text("as it was\n")
    assert Repository.containing(clone).merge_base("origin/main") == base
    assert git(clone, "for-each-ref", "--format=%(refname)").split() == [
        "refs/heads/feature",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/feature",
        "refs/remotes/origin/main",
    ]
    assert (clone / ".git/FETCH_HEAD").read_text() == "as it was\n"


def test_deepening_starts_no_hooks(history: History, tmp_path: Path) -> None:
    base = branched(history)
    clone = shallow_clone(history, tmp_path / "clone", depth=1, branch="feature")
    hook = clone / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    hook.chmod(0o755)
    assert Repository.containing(clone).merge_base("main") == base
    assert not (tmp_path / "started").exists()


def test_a_checkout_of_a_pull_requests_merge_is_enough(history: History, tmp_path: Path) -> None:
    branched(history)
    history.git("switch", "--quiet", "--detach", "main")
    history.git("update-ref", "refs/pull/1/merge", history.merge("feature"))
    history.switch("main")
    job = History(tmp_path / "job")
    job.git("remote", "add", "origin", history.folder.as_uri())
    job.git("fetch", "--quiet", "--depth=1", "origin", "+refs/pull/1/merge:refs/pull/1/merge")
    job.git("checkout", "--quiet", "refs/pull/1/merge")
    base = Repository.containing(job.folder).merge_base("origin/main")
    assert base == history.git("rev-parse", "main")


def test_a_base_given_as_an_id_is_fetched(history: History, tmp_path: Path) -> None:
    base = branched(history, since=10)
    clone = shallow_clone(history, tmp_path / "clone", depth=2, branch="feature")
    assert Repository.containing(clone).merge_base(base) == base


def test_commits_that_were_not_pushed_do_not_hinder_deepening(
    history: History, tmp_path: Path
) -> None:
    base = branched(history)
    clone = shallow_clone(history, tmp_path / "clone", depth=1, branch="feature")
    git(clone, "commit", "--quiet", "--allow-empty", "--message=mine")
    assert Repository.containing(clone).merge_base("main") == base


def test_an_ancestor_in_sight_is_not_taken_where_a_nearer_one_may_be_hidden(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.commit("old")
    history.branch("old")
    history.switch("main")
    near = history.commit("near")
    history.branch("feature")
    history.commits(4)
    history.branch("joined", "old")
    history.merge("feature")
    history.switch("main")
    history.commit("main's own")
    clone = shallow_clone(history, tmp_path / "clone", depth=3, branch="joined")
    git(clone, "fetch", "--quiet", "--depth=3", "origin", "main:refs/remotes/origin/main")
    assert git(clone, "merge-base", "HEAD", "origin/main") != near
    with monkeypatch.context() as elsewhere:
        elsewhere.delenv("CI")
        assert "; more is fetched only in CI" in refusal(clone, "origin/main")
    assert Repository.containing(clone).merge_base("origin/main") == near


def test_a_shallow_clone_whose_remote_is_gone_says_what_to_set(
    history: History, tmp_path: Path
) -> None:
    branched(history, since=5)
    clone = shallow_clone(history, tmp_path / "clone", depth=1, branch="feature")
    git(clone, "fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    git(clone, "remote", "set-url", "origin", (tmp_path / "gone").as_uri())
    message = refusal(clone, "origin/main")
    assert message.startswith(
        f"the clone {clone} is shallow and does not hold the commit where HEAD and `origin/main` "
        "part; fetching more failed: "
    )
    assert message.endswith(
        "To have the whole history: set `fetch-depth: 0` for actions/checkout in GitHub Actions, "
        "or the variable `GIT_DEPTH: 0` in GitLab CI, or run `git fetch --unshallow`"
    )


def test_what_is_known_is_the_base_where_the_remote_is_gone(
    history: History, tmp_path: Path
) -> None:
    base = branched(history)
    clone = shallow_clone(history, tmp_path / "clone", depth=3, branch="feature")
    git(clone, "fetch", "--quiet", "--depth=3", "origin", "main:refs/remotes/origin/main")
    git(clone, "remote", "remove", "origin")
    assert Repository.containing(clone).merge_base(base) == base


def test_deepening_is_bounded(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_promptopt.history.merge_base.DEEPENING_COMMITS", (2, 3))
    branched(history, since=7)
    clone = shallow_clone(history, tmp_path / "clone", depth=1, branch="feature")
    git(clone, "fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    assert "; 5 more commits do not reach it\n" in refusal(clone, "origin/main")


def test_nothing_is_fetched_outside_of_ci_unless_asked_for(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = branched(history)
    clone = shallow_clone(history, tmp_path / "clone", depth=1, branch="feature")
    git(clone, "fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\ntouch {tmp_path}/started\nexec git-upload-pack "$@"\n')
    program.chmod(0o755)
    git(clone, "config", "remote.origin.uploadpack", str(program))
    monkeypatch.delenv("CI")
    assert refusal(clone, "origin/main").startswith(
        f"the clone {clone} is shallow and does not hold the commit where HEAD and `origin/main` "
        "part; more is fetched only in CI, because that starts what its settings name\n"
    )
    monkeypatch.setenv("GIT_NO_LAZY_FETCH", "0")
    assert Repository.containing(clone).merge_base("origin/main") == base
    assert not (tmp_path / "started").exists()


def test_an_unknown_ref_of_a_shallow_clone_says_that_it_may_be_missing(
    history: History, tmp_path: Path
) -> None:
    branched(history)
    clone = shallow_clone(history, tmp_path / "clone", depth=1, branch="feature")
    assert refusal(clone, "release").splitlines() == [
        f"`release` is no branch, tag or commit of {clone}; "
        "`git branch --all` and `git tag` list the names that it has",
        "This clone is shallow and may lack it: set `fetch-depth: 0` for actions/checkout in "
        "GitHub Actions, or the variable `GIT_DEPTH: 0` in GitLab CI, or run "
        "`git fetch --unshallow`",
    ]
