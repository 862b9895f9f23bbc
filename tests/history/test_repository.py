from pathlib import Path

import pytest

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.baseline import find_baseline
from pytest_promptopt.history.repository import Repository
from pytest_promptopt.prompts.reader import read_prompt
from tests.history.commits import PROMPT, History, git


def refusal(repository: Path, ref: str) -> str:
    with pytest.raises(HistoryError) as caught:
        Repository.containing(repository).commit(ref)
    return str(caught.value)


def test_a_repository_contains_files_that_are_not_there_yet(history: History) -> None:
    for path in (".", "prompts/new/a.prompt.yml"):
        assert Repository.containing(history.folder / path).root == history.folder


def test_a_folder_without_a_repository_says_so(tmp_path: Path) -> None:
    with pytest.raises(HistoryError) as caught:
        Repository.containing(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path} is not in a git repository (fatal: not a git")
    assert str(caught.value).endswith("a base and versions need one: `git init`, or a clone")


def test_a_bare_repository_is_refused(tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "init", "--quiet", "--bare", str(bare))
    with pytest.raises(HistoryError) as caught:
        Repository.containing(bare)
    assert str(caught.value) == (
        f"{bare} is in a bare repository or in a `.git` folder, where files are not checked out; "
        "run it in a clone with a working tree"
    )


def test_a_path_in_a_submodule_gives_the_submodules_repository(
    history: History, tmp_path: Path
) -> None:
    shared = History(tmp_path / "shared")
    commit = shared.commit("theirs", a=PROMPT)
    history.git("submodule", "--quiet", "add", str(shared.folder), "shared")
    repository = Repository.containing(history.folder / "shared/a.prompt.yml")
    assert repository.root == history.folder / "shared"
    assert repository.commit("HEAD") == commit


def test_a_worktree_is_a_repository_of_its_own(history: History, tmp_path: Path) -> None:
    base = history.commit("one", a=PROMPT)
    history.git("worktree", "add", "--quiet", "-b", "feature", str(tmp_path / "tree"))
    (tmp_path / "tree/a.prompt.yml").rename(tmp_path / "tree/b.prompt.yml")
    repository = Repository.containing(tmp_path / "tree")
    assert repository.root == tmp_path / "tree"
    assert repository.merge_base("main") == base
    assert repository.renamed_since(base) == {
        tmp_path / "tree/b.prompt.yml": tmp_path / "tree/a.prompt.yml"
    }


def test_a_path_through_a_link_is_the_same(history: History, tmp_path: Path) -> None:
    commit = history.commit("one", a=PROMPT)
    (tmp_path / "link").symlink_to(history.folder)
    repository = Repository.containing(tmp_path / "link")
    assert repository.root == history.folder
    assert [version.commit for version in repository.versions(tmp_path / "link/a.prompt.yml")] == [
        commit
    ]


def test_a_link_lies_where_it_stands(history: History, tmp_path: Path) -> None:
    (tmp_path / "a.prompt.yml").write_text(PROMPT)
    (history.folder / "a.prompt.yml").symlink_to(tmp_path / "a.prompt.yml")
    assert Repository.containing(history.folder / "a.prompt.yml").root == history.folder


def test_refs_become_full_ids(history: History) -> None:
    first, second = history.commit("one"), history.commit("two")
    history.git("tag", "--annotate", "--message=tagged", "v1", first)
    repository = Repository.containing(history.folder)
    for ref in ("HEAD~1", "main^", "v1", first[:8], "HEAD@{1}", "refs/tags/v1"):
        assert repository.commit(ref) == first
    assert repository.commit("main") == second


def test_a_branch_that_only_origin_has_is_found_by_its_plain_name(
    history: History, tmp_path: Path
) -> None:
    history.commit("one")
    history.branch("team/feature")
    commit = history.commit("two")
    history.switch("main")
    git(tmp_path, "clone", "--quiet", str(history.folder), "clone")
    repository = Repository.containing(tmp_path / "clone")
    assert repository.commit("team/feature") == repository.commit("origin/team/feature") == commit


def test_an_unknown_ref_offers_what_is_near(history: History) -> None:
    history.commit("one")
    history.branch("release-2026")
    assert refusal(history.folder, "release-2025") == (
        f"`release-2025` is no branch, tag or commit of {history.folder}; "
        "did you mean `release-2026`?"
    )
    assert refusal(history.folder, "HEAD~1").endswith(
        "; `git branch --all` and `git tag` list the names that it has"
    )


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("", "the ref is empty; name a branch, tag or commit, such as `origin/main`"),
        (" ", "the ref is empty; name a branch, tag or commit, such as `origin/main`"),
        (
            "--output=x",
            "`--output=x` looks like an option, not like a ref; name a branch, tag or commit",
        ),
        ("main\nHEAD", "the ref 'main\\nHEAD' holds characters that no name has"),
        ("main\0", "the ref 'main\\x00' holds characters that no name has"),
        (
            "HEAD:a.prompt.yml",
            "`HEAD:a.prompt.yml` is a blob, not a commit; name a branch, tag or commit",
        ),
        ("HEAD^{tree}", "`HEAD^{tree}` is a tree, not a commit; name a branch, tag or commit"),
    ],
)
def test_what_names_no_commit_is_refused(history: History, ref: str, message: str) -> None:
    history.commit("one", a=PROMPT)
    assert refusal(history.folder, ref) == message


@pytest.mark.parametrize("ref", ["^HEAD", "HEAD..main", "0" * 40, "main;touch x", "$(id)"])
def test_what_git_does_not_know_is_refused(history: History, ref: str) -> None:
    history.commit("one")
    assert refusal(history.folder, ref).startswith(f"`{ref}` is no branch, tag or commit of ")


def test_a_branch_without_commits_has_no_head(history: History, tmp_path: Path) -> None:
    assert refusal(history.folder, "HEAD").startswith(f"HEAD of {history.folder} has no commits")
    history.commit("one")
    git(tmp_path, "clone", "--quiet", str(history.folder), "clone")
    git(tmp_path / "clone", "switch", "--quiet", "--orphan", "new")
    assert refusal(tmp_path / "clone", "HEAD").startswith(f"HEAD of {tmp_path}/clone has no")


@pytest.mark.parametrize("commit_id", ["main", "HEAD", "--all", "0" * 39, ""])
def test_files_and_renames_want_an_id(history: History, commit_id: str) -> None:
    history.commit("one")
    repository = Repository.containing(history.folder)
    for ask in (repository.files_at, repository.renamed_since):
        with pytest.raises(HistoryError, match="is not the full id of a commit"):
            ask(commit_id)


def test_a_blobs_id_is_gits(history: History) -> None:
    path = history.write("a.prompt.yml", "changed\n")
    assert Repository.containing(path).blob_id(path) == "5ea2ed416fbd4a4cbe227b75fe255dd7fa6bd4d6"


def test_a_blobs_id_has_the_line_ends_that_git_would_keep(history: History) -> None:
    history.git("config", "core.autocrlf", "true")
    path = history.write("a.prompt.yml", "changed\r\n")
    assert Repository.containing(path).blob_id(path) == "5ea2ed416fbd4a4cbe227b75fe255dd7fa6bd4d6"


def test_a_blob_that_is_not_there_or_outside_is_refused(history: History, tmp_path: Path) -> None:
    repository = Repository.containing(history.folder)
    with pytest.raises(HistoryError, match=r"a\.prompt\.yml cannot be read: fatal: could not open"):
        repository.blob_id(history.folder / "a.prompt.yml")
    with pytest.raises(HistoryError, match="lies outside of the repository"):
        repository.blob_id(tmp_path / "a.prompt.yml")


def test_a_sha256_repository_works(tmp_path: Path) -> None:
    history = History(tmp_path / "project", object_format="sha256")
    base = history.commit("one", a=PROMPT)
    history.branch("feature")
    history.rename("a.prompt.yml", "b.prompt.yml")
    history.commit("two")
    path = history.folder / "b.prompt.yml"
    baseline = find_baseline("main", root=history.folder)
    head = read_prompt(path, root=history.folder)
    assert len(baseline.commit) == 64
    assert baseline.commit == base
    assert baseline.prompt(head, root=history.folder).path == history.folder / "a.prompt.yml"
    assert len(list(baseline.repository.versions(path))) == 2
    assert len(baseline.repository.blob_id(path)) == 64


def test_reading_changes_nothing(history: History) -> None:
    history.write("goldens.jsonl", '{"q": "1"}\n')
    history.commit("one", a=PROMPT, c=PROMPT + "# c\n")
    history.branch("feature")
    history.rename("c.prompt.yml", "staged.prompt.yml")
    history.write("a.prompt.yml", PROMPT.replace("weather", "sky"))
    (history.folder / "goldens.jsonl").rename(history.folder / "untracked.jsonl")
    before = contents(history.folder)
    baseline = find_baseline("main", root=history.folder)
    head = read_prompt(history.folder / "staged.prompt.yml", root=history.folder)
    assert baseline.prompt(head, root=history.folder).prompt is not None
    assert len(baseline.renamed) == 2
    assert list(baseline.repository.versions(head.path))
    baseline.repository.blob_id(head.path)
    assert contents(history.folder) == before


def contents(folder: Path) -> dict[Path, tuple[bytes, int]]:
    """Every file with its bytes and time of change, those of git too."""
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }
