from pathlib import Path

import pytest

from pytest_promptopt.history.commit_files import CommitFiles
from pytest_promptopt.history.repository import Repository
from tests.history.commits import History


def files_at_head(history: History) -> CommitFiles:
    repository = Repository.containing(history.folder)
    return repository.files_at(repository.commit("HEAD"))


def reason(files: CommitFiles, path: Path) -> str:
    with pytest.raises(OSError, match=r".") as caught:
        files.read(path)
    return str(caught.value.strerror)


@pytest.fixture
def tree(history: History) -> CommitFiles:
    """Prompts, goldens and links, as committed; the working tree has none of it any more."""
    history.write("prompts/a.prompt.yml", "a\r\n")
    history.write("prompts/goldens/one.jsonl", "1")
    history.write("prompts/goldens/two.jsonl", "2")
    history.write("prompts/goldens/.hidden.jsonl", "h")
    history.write("prompts/goldens/deep/er/three.jsonl", "3")
    history.write("goldens.jsonl", "top")
    for name, target in {
        "prompts/shared": "goldens/deep",
        "prompts/goldens/link.jsonl": "../../goldens.jsonl",
        "prompts/loop": "loop",
        "prompts/out": "../../elsewhere",
        "prompts/absolute": "/etc/hostname",
    }.items():
        (history.folder / name).symlink_to(target)
    history.commit("all")
    history.git("rm", "-r", "--quiet", ".")
    return files_at_head(history)


def test_contents_are_the_bytes_that_were_committed(history: History, tree: CommitFiles) -> None:
    assert tree.read(history.folder / "prompts/a.prompt.yml") == b"a\r\n"


def test_line_ends_are_those_of_the_commit(history: History) -> None:
    history.git("config", "core.autocrlf", "true")
    path = history.write("a.prompt.yml", "a\r\n")
    history.commit("one")
    assert files_at_head(history).read(path) == b"a\n"


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("prompts/goldens/one.jsonl", "prompts/goldens/one.jsonl"),
        ("prompts/../goldens.jsonl", "goldens.jsonl"),
        ("prompts/goldens/link.jsonl", "goldens.jsonl"),
        ("prompts/shared/er/three.jsonl", "prompts/goldens/deep/er/three.jsonl"),
        ("prompts/shared/../one.jsonl", "prompts/goldens/one.jsonl"),
        ("prompts/out", "../elsewhere"),
        ("../elsewhere", "../elsewhere"),
        ("prompts", "prompts"),
        (".", "."),
    ],
)
def test_links_lead_where_they_led_at_the_commit(
    history: History, tree: CommitFiles, path: str, resolved: str
) -> None:
    (history.folder.parent / "elsewhere").touch()
    assert tree.resolve(history.folder / path) == (history.folder / resolved).resolve()


def test_what_lies_above_is_resolved_on_disk(history: History, tree: CommitFiles) -> None:
    assert tree.resolve(history.folder.parent) == history.folder.parent
    with pytest.raises(FileNotFoundError):
        tree.resolve(history.folder.parent / "nowhere")


def test_a_path_through_a_link_to_the_repository_is_read(
    history: History, tree: CommitFiles, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(history.folder)
    history.write("goldens.jsonl", "another on disk")
    assert tree.read(tmp_path / "link/goldens.jsonl") == b"top"


def test_what_cannot_be_read_says_why(history: History, tree: CommitFiles) -> None:
    root = history.folder
    (root.parent / "elsewhere").touch()
    commit = history.git("rev-parse", "HEAD")
    assert reason(tree, root / "prompts/b.prompt.yml") == f"is not in commit {commit[:12]}"
    assert reason(tree, root / "prompts/goldens") == "Is a directory"
    assert reason(tree, root / "goldens.jsonl/x") == "Not a directory"
    assert reason(tree, root / "prompts/loop") == "Too many levels of symbolic links"
    assert reason(tree, root / "prompts/absolute") == (
        "is a link to an absolute path, which is not followed at a commit"
    )
    assert reason(tree, root / "prompts/out") == (
        f"lies outside of the repository {root}, which cannot know what it was"
    )


def test_a_missing_file_is_told_apart(history: History, tree: CommitFiles) -> None:
    with pytest.raises(FileNotFoundError):
        tree.read(history.folder / "prompts/b.prompt.yml")


def test_a_git_lfs_pointer_is_no_content(history: History) -> None:
    path = history.write(
        "goldens.jsonl",
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n",
    )
    history.commit("one")
    assert reason(files_at_head(history), path) == (
        "is kept by Git LFS, and this commit has only a pointer; keep it in git itself"
    )


def test_a_submodules_files_are_not_the_repositorys(history: History, tmp_path: Path) -> None:
    shared = History(tmp_path / "shared")
    shared.commit("theirs", a="a")
    history.git("submodule", "--quiet", "add", str(shared.folder), "shared")
    history.commit("one")
    files = files_at_head(history)
    for name in ("shared", "shared/a.prompt.yml"):
        assert reason(files, history.folder / name) == (
            f"lies in a submodule, whose files are not those of {history.folder}"
        )
    assert files.glob(history.folder, "*") == [history.folder / ".gitmodules"]


def test_a_blob_that_git_has_lost_says_so(history: History) -> None:
    path = history.write("a.prompt.yml", "a")
    history.commit("one")
    blob = history.git("rev-parse", "HEAD:a.prompt.yml")
    (history.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert reason(files_at_head(history), path).startswith("cannot be read from commit ")


def test_a_huge_blob_is_not_read(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_promptopt.history.commit_files.MAX_BYTES", 1 << 20)
    path = history.write("goldens.jsonl", b" " * (1 << 20) + b"!")
    history.commit("one")
    assert reason(files_at_head(history), path) == "is larger than 1 MiB"


@pytest.mark.parametrize(
    "pattern",
    [
        "*.jsonl",
        "goldens/*.jsonl",
        "goldens/**/*.jsonl",
        "**/*.jsonl",
        "**/er/*",
        "goldens/[ot]*.jsonl",
        "../*.jsonl",
        "./goldens/one.jsonl",
        "shared/*/*.jsonl",
        "missing/*.jsonl",
        "goldens/one.jsonl/*",
        "goldens/one.jsonl/missing/*",
    ],
)
def test_globs_find_what_they_would_find_on_disk(history: History, pattern: str) -> None:
    history.write("top.jsonl")
    for name in ("a.jsonl", "goldens/one.jsonl", "goldens/two.txt", "goldens/.hidden.jsonl"):
        history.write(f"prompts/{name}")
    history.write("prompts/goldens/deep/er/three.jsonl")
    (history.folder / "prompts/shared").symlink_to("goldens/deep")
    history.commit("one")
    folder = history.folder / "prompts"
    on_disk = {path.resolve() for path in folder.glob(pattern) if path.is_file()}
    assert set(files_at_head(history).glob(folder, pattern)) == on_disk


def test_globs_are_sorted_and_of_the_commit(history: History, tree: CommitFiles) -> None:
    goldens = history.folder / "prompts/goldens"
    assert tree.glob(history.folder / "prompts", "goldens/t*.jsonl") == [goldens / "two.jsonl"]
    assert tree.glob(goldens, "*o*.jsonl") == [goldens / "one.jsonl", goldens / "two.jsonl"]


@pytest.mark.parametrize("pattern", ["", "/etc/*", "../../*"])
def test_a_glob_that_leads_away_is_not_usable(
    history: History, tree: CommitFiles, pattern: str
) -> None:
    with pytest.raises(ValueError, match=r"not a pattern|leads outside"):
        tree.glob(history.folder / "prompts", pattern)


def test_a_hostile_glob_takes_no_time(history: History, tree: CommitFiles) -> None:
    history.write("a/" * 60 + "b", "b")
    history.commit("deep")
    assert files_at_head(history).glob(history.folder, "**/*/" * 60 + "c") == []
