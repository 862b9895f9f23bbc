import os
import shutil
import subprocess
import sys
from pathlib import Path

import git
import pytest

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.command import Command, CommandError
from pytest_promptopt.history.repository import Repository
from tests.history.commits import History


@pytest.fixture
def other(tmp_path: Path) -> History:
    """Another repository, which a hook of it would point git at."""
    other = History(tmp_path / "other")
    other.commit("theirs", theirs="theirs")
    return other


def wrapper(folder: Path, script: str) -> str:
    """A program that stands before git."""
    path = folder / "git-wrapper"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_failure_says_what_failed_where_and_why(history: History) -> None:
    with pytest.raises(CommandError) as caught:
        Command(history.folder).text("cat-file", "-t", "0" * 40)
    assert str(caught.value) == (
        f"`git cat-file` failed in {history.folder}: fatal: git cat-file: could not get object info"
    )
    assert caught.value.status == 128


def test_a_hooks_variables_lead_nowhere_else(
    history: History, other: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = history.commit("mine")
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.folder / ".git/index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.folder / ".git/objects"))
    monkeypatch.setenv("GIT_PREFIX", "prompts/")
    repository = Repository.containing(history.folder)
    assert (repository.root, repository.commit("HEAD")) == (history.folder, mine)
    assert os.environ["GIT_DIR"] == str(other.folder / ".git")


def test_the_index_of_a_partial_commit_is_not_used(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.write("b.prompt.yml")
    base = history.commit("one")
    history.rename("b.prompt.yml", "c.prompt.yml")
    monkeypatch.setenv("GIT_INDEX_FILE", str(history.folder / ".git/next-index-1.lock"))
    renamed = Repository.containing(history.folder).renamed_since(base)
    assert renamed == {history.folder / "c.prompt.yml": history.folder / "b.prompt.yml"}
    assert not (history.folder / ".git/next-index-1.lock").exists()


def test_settings_in_the_environment_are_not_used(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "Mallory")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'user.name'='Mallory'")
    with pytest.raises(CommandError):
        Command(history.folder).text("config", "user.name")


@pytest.mark.parametrize("name", ["GIT_SSH_COMMAND", "GIT_SSL_NO_VERIFY", "GIT_ASKPASS"])
def test_the_way_to_a_remote_stays(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "as set")
    program = wrapper(tmp_path, f'printf %s "${name}"')
    monkeypatch.setattr(git.Git, "GIT_PYTHON_GIT_EXECUTABLE", program)
    assert Command(history.folder).text("version") == "as set"


def test_git_may_not_ask(history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = wrapper(tmp_path, 'printf "%s %s" "$GIT_TERMINAL_PROMPT" "$GIT_OPTIONAL_LOCKS"')
    monkeypatch.setattr(git.Git, "GIT_PYTHON_GIT_EXECUTABLE", program)
    assert Command(history.folder).text("version") == "0 0"


def test_what_settings_of_the_repository_name_is_not_started(
    history: History, tmp_path: Path
) -> None:
    program = wrapper(tmp_path, f"touch {tmp_path}/started; cat")
    history.git("config", "core.fsmonitor", program)
    history.git("config", "diff.external", program)
    history.git("config", "diff.prompt.textconv", program)
    history.git("config", "log.showSignature", "true")
    history.git("config", "gpg.program", program)
    history.write(".gitattributes", "*.yml diff=prompt\n")
    history.write("a.prompt.yml")
    history.commit("one")
    base = signed_head(history)
    history.rename("a.prompt.yml", "b.prompt.yml")
    (tmp_path / "started").unlink(missing_ok=True)
    repository = Repository.containing(history.folder)
    renamed = repository.renamed_since(base)
    assert [version.commit for version in repository.versions(next(iter(renamed)))] == [base]
    assert not (tmp_path / "started").exists()


def signed_head(history: History) -> str:
    """Put a signature into the last commit; its new id."""
    head, _, body = history.git("cat-file", "commit", "HEAD").partition("\n\n")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----"
    path = history.write(".git/signed", f"{head}\n{signature}\n\n{body}\n")
    history.git("update-ref", "HEAD", history.git("hash-object", "-t", "commit", "-w", str(path)))
    return history.head


def test_credentials_stay_out_of_messages(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = wrapper(tmp_path, "echo 'fatal: https://ada:secret@example.com is gone' >&2; exit 1")
    monkeypatch.setattr(git.Git, "GIT_PYTHON_GIT_EXECUTABLE", program)
    with pytest.raises(CommandError) as caught:
        Command(history.folder).text("fetch")
    assert caught.value.reason == "fatal: https://example.com is gone"


def test_a_repository_of_another_user_comes_with_gits_remedy(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("git")
    program = wrapper(tmp_path, f'GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"')
    monkeypatch.setattr(git.Git, "GIT_PYTHON_GIT_EXECUTABLE", program)
    with pytest.raises(HistoryError) as caught:
        Repository.containing(history.folder)
    message = str(caught.value)
    assert message.startswith(f"git does not trust {history.folder}, which another user owns: ")
    assert f"git config --global --add safe.directory {history.folder}" in message


def test_a_missing_git_is_named(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git.Git, "GIT_PYTHON_GIT_EXECUTABLE", str(tmp_path / "no-git"))
    with pytest.raises(HistoryError) as caught:
        Repository.containing(history.folder)
    assert str(caught.value).startswith("git cannot be started (")
    assert str(caught.value).endswith("install git, or name it in GIT_PYTHON_GIT_EXECUTABLE")


def test_a_git_that_was_never_there_is_named(history: History) -> None:
    ask = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pytest_promptopt.errors import HistoryError\n"
        "from pytest_promptopt.history.repository import Repository\n"
        "try:\n"
        "    Repository.containing(Path(sys.argv[1]))\n"
        "except HistoryError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask, str(history.folder)],
        env={"PATH": str(history.folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (
        "git cannot be started (Failed to initialize: Bad git executable.); "
        "install git, or name it in GIT_PYTHON_GIT_EXECUTABLE\n"
    )
