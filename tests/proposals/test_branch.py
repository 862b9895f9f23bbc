import hashlib
from pathlib import Path

import pytest

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.command import Command
from pytest_promptopt.proposals.branch import commit_edit, commit_on_branch
from tests.history.commits import History, git

MESSAGE = "Improve a\n\nPrompt-Score: 0.90 (was 0.74)\n"


def state(history: History) -> dict[str, str]:
    """Every file of the working tree, the index, HEAD and what git says of them."""
    folder = history.folder
    files = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
    kept = {name: (folder / ".git" / name).read_bytes().hex() for name in ("index", "HEAD")}
    return {**files, **kept, "commit": history.head, "status": history.git("status", "--short")}


def test_a_new_branch_holds_the_edit_and_nothing_else_is_touched(history: History) -> None:
    history.commit("Add", a="old\n", b="other\n")
    history.write("a.prompt.yml", "edited by hand\n")
    history.write("b.prompt.yml", "staged\n")
    history.git("add", "b.prompt.yml")
    history.write("untracked", "x")
    before = state(history)
    made = commit_on_branch(history.folder, "prompts/a", {"a.prompt.yml": b"new\n"}, MESSAGE)
    assert state(history) == before
    assert made.branch == "prompts/a"
    assert history.git("rev-parse", "refs/heads/prompts/a") == made.commit
    assert history.git("rev-parse", f"{made.commit}^") == history.head
    assert history.git("show", f"{made.commit}:a.prompt.yml") == "new"
    assert history.git("diff", "--name-only", "HEAD", made.commit) == "a.prompt.yml"


def test_author_and_trailers_are_the_users(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.commit("Add", a="old\n")
    made = commit_on_branch(history.folder, "one", {"a.prompt.yml": b"new\n"}, MESSAGE)
    author = history.git("log", "-1", "--format=%an <%ae>, %cn", made.commit)
    assert author == "Grace <grace@example.com>, Grace"
    trailer = history.git("log", "-1", "--format=%(trailers:key=Prompt-Score)", made.commit)
    assert trailer == "Prompt-Score: 0.90 (was 0.74)"
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Linus")
    made = commit_on_branch(history.folder, "two", {"a.prompt.yml": b"new\n"}, MESSAGE)
    assert history.git("log", "-1", "--format=%an %cn", made.commit) == "Linus Grace"


def test_an_edit_follows_any_commit_and_nothing_points_to_it(history: History) -> None:
    parent = history.commit("Add", a="old\n", b="other\n")
    history.commit("Go on", a="newer\n")
    refs, before = history.git("for-each-ref"), state(history)
    made = commit_edit(history.folder, parent, {"a.prompt.yml": b"new\n"}, MESSAGE)
    assert (history.git("for-each-ref"), state(history)) == (refs, before)
    assert history.git("rev-parse", f"{made}^@") == parent
    assert history.git("diff", "--name-only", parent, made) == "a.prompt.yml"
    branch = commit_on_branch(
        history.folder, "b", {"a.prompt.yml": b"new\n"}, MESSAGE, parent=parent
    )
    assert history.git("rev-parse", "b^") == parent
    assert history.git("rev-parse", "b^{tree}") == history.git("rev-parse", f"{made}^{{tree}}")
    assert branch.branch == "b"


@pytest.mark.parametrize("parent", ["HEAD", "--all", "0" * 40])
def test_a_parent_that_is_no_commit_here_is_refused(history: History, parent: str) -> None:
    history.commit("Add", a="old\n")
    with pytest.raises(HistoryError):
        commit_edit(history.folder, parent, {"a.prompt.yml": b"new\n"}, MESSAGE)


def people(history: History, commit: str) -> str:
    return history.git("log", "-1", "--format=%an <%ae>, %cn <%ce>", commit)


def test_where_git_knows_nobody_the_package_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EMAIL", raising=False)
    history = History(tmp_path / "nobody")
    parent = history.commit("Add", a="old\n")
    history.git("config", "user.useConfigOnly", "true")
    with pytest.raises(HistoryError, match="tell me who you are"):
        Command(history.folder).run("var", "GIT_AUTHOR_IDENT")
    nobody = "pytest-promptopt <pytest-promptopt@users.noreply.github.com>"
    files = {"a.prompt.yml": b"new\n"}
    made = commit_on_branch(history.folder, "nobody", files, MESSAGE)
    assert people(history, made.commit) == f"{nobody}, {nobody}"
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Linus")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "linus@example.com")
    half = commit_edit(history.folder, parent, files, MESSAGE)
    assert people(history, half) == f"Linus <linus@example.com>, {nobody}"
    history.git("config", "user.name", "Grace")
    history.git("config", "user.email", "grace@example.com")
    known = commit_edit(history.folder, parent, files, MESSAGE)
    assert people(history, known) == "Linus <linus@example.com>, Grace <grace@example.com>"


def test_a_partial_clone_fetches_no_files_for_it(history: History, tmp_path: Path) -> None:
    history.commit("Add", a="old\n", b="other\n")
    history.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    form = ("--quiet", "--no-checkout", "--filter=blob:none")
    git(tmp_path, "clone", *form, history.folder.as_uri(), str(partial))
    made = commit_edit(partial, history.head, {"a.prompt.yml": b"new\n"}, MESSAGE)
    missing = git(partial, "rev-list", "--objects", "--missing=print", made).count("?")
    assert missing == 2


def test_a_branch_that_is_there_is_refused_and_stays(history: History) -> None:
    history.commit("Add", a="old\n")
    history.git("branch", "taken")
    with pytest.raises(HistoryError, match=r"^there is a branch taken already"):
        commit_on_branch(history.folder, "taken", {"a.prompt.yml": b"new\n"}, MESSAGE)
    assert history.git("rev-parse", "taken") == history.head


@pytest.mark.parametrize("name", ["", "-f", "a..b", "a b", "HEAD", "a/", "@{1}", "a.lock"])
def test_what_cannot_be_a_branch_is_refused(history: History, name: str) -> None:
    history.commit("Add", a="old\n")
    with pytest.raises(HistoryError, match=r"cannot be the name of a branch$"):
        commit_on_branch(history.folder, name, {"a.prompt.yml": b"new\n"}, MESSAGE)
    assert history.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_branch_below_another_is_told_in_gits_words(history: History) -> None:
    history.commit("Add", a="old\n")
    with pytest.raises(HistoryError, match=r"^the branch main/a cannot be made: "):
        commit_on_branch(history.folder, "main/a", {"a.prompt.yml": b"new\n"}, MESSAGE)


def test_contents_are_kept_byte_for_byte_and_modes_as_they_were(history: History) -> None:
    path = history.write("odd, name.prompt.yml", "old\r\n")
    path.chmod(0o755)
    history.commit("Add")
    history.write(".gitattributes", "*.yml text filter=upper\n")
    history.git("config", "filter.upper.clean", "tr a-z A-Z")
    history.git("config", "core.autocrlf", "true")
    files = {"odd, name.prompt.yml": b"new\r\n", "new.prompt.yml": b"x\r\n"}
    made = commit_on_branch(history.folder, "b", files, MESSAGE)
    listed = history.git("ls-tree", "--format=%(objectmode) %(path)", made.commit)
    assert listed.splitlines() == ["100644 new.prompt.yml", "100755 odd, name.prompt.yml"]
    assert content(history, f"{made.commit}:odd, name.prompt.yml") == b"new\r\n"
    assert content(history, f"{made.commit}:new.prompt.yml") == b"x\r\n"


def content(history: History, name: str) -> bytes:
    return Command(history.folder).run("cat-file", "blob", name)


def test_a_link_is_not_written_over(history: History) -> None:
    history.commit("Add", a="old\n")
    (history.folder / "link.prompt.yml").symlink_to("a.prompt.yml")
    history.commit("Link")
    with pytest.raises(HistoryError, match=r"^link.prompt.yml is no plain file in commit \w{12};"):
        commit_on_branch(history.folder, "b", {"link.prompt.yml": b"new\n"}, MESSAGE)
    assert history.git("branch", "--list", "b") == ""


def test_sha256_repositories_work_too(tmp_path: Path) -> None:
    history = History(tmp_path / "sha256", object_format="sha256")
    history.git("config", "user.name", "Grace")
    history.git("config", "user.email", "grace@example.com")
    history.commit("Add", a="old\n")
    made = commit_on_branch(history.folder, "b", {"a.prompt.yml": b"new\n"}, MESSAGE)
    assert len(made.commit) == 64
    assert history.git("show", "b:a.prompt.yml") == "new"


def test_a_commit_is_signed_where_the_user_signs(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.commit("Add", a="old\n")
    signer = tmp_path / "signer"
    signer.write_text("#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho SIGNED\n")
    signer.chmod(0o755)
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[commit]\ngpgSign = true\n[gpg]\nprogram = {signer}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    # The repository's own is not started, here or anywhere.
    history.git("config", "gpg.program", str(tmp_path / "theirs"))
    made = commit_on_branch(history.folder, "b", {"a.prompt.yml": b"new\n"}, MESSAGE)
    assert "\ngpgsig SIGNED\n" in history.git("cat-file", "commit", made.commit)


def test_without_a_commit_there_is_nothing_to_branch_from(history: History) -> None:
    with pytest.raises(HistoryError, match="has no commits yet"):
        commit_on_branch(history.folder, "b", {"a.prompt.yml": b"new\n"}, MESSAGE)
