"""A commit on a new branch, made beside the working tree, the index and HEAD."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.command import Command, CommandError
from pytest_promptopt.history.refs import head_commit
from pytest_promptopt.proposals.commits import identity

_REGULAR, _EXECUTABLE = "100644", "100755"


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchCommit:
    """A branch by its short name, and the full id of the commit that it points to."""

    branch: str
    commit: str


def commit_on_branch(
    repository: Path, branch: str, files: Mapping[str, bytes], message: str
) -> BranchCommit:
    """Make ``branch`` at a commit that follows HEAD and differs from it in ``files`` alone.

    ``files`` are contents as on disk by their path from the ``repository``'s root: filters and
    line ends go by its attributes. A file keeps its mode. Author and signature are the user's.
    Raises :class:`HistoryError` where the branch is there already or git fails; then nothing
    points to what was made.
    """
    command = Command(repository)
    _check_name(command, branch)
    parent = head_commit(command)
    with tempfile.TemporaryDirectory(prefix="promptopt-") as name:
        tree = _tree(command, Path(name), parent, files)
    sign = ("-S",) if _signs(command) else ()
    commit = command.text(
        "commit-tree", *sign, "-p", parent, "-m", message, tree, environment=identity()
    )
    try:
        # The zero id says that there must be no such branch, also if another is just making it.
        zero = "0" * len(commit)
        command.run("update-ref", f"refs/heads/{branch}", commit, zero, environment=identity())
    except CommandError as error:
        raise HistoryError(f"the branch {branch} cannot be made: {error.reason}") from error
    return BranchCommit(branch=branch, commit=commit)


def _check_name(command: Command, branch: str) -> None:
    try:
        command.run("check-ref-format", f"refs/heads/{branch}")
    except CommandError as error:
        raise HistoryError(f"`{branch}` cannot be the name of a branch") from error
    if branch.startswith("-") or branch == "HEAD":
        raise HistoryError(f"`{branch}` cannot be the name of a branch")
    if command.text("for-each-ref", f"refs/heads/{branch}"):
        raise HistoryError(f"there is a branch {branch} already; choose another name")


def _tree(command: Command, folder: Path, parent: str, files: Mapping[str, bytes]) -> str:
    """The id of the parent's tree with ``files`` in it, made with an index in ``folder``."""
    environment = {"GIT_INDEX_FILE": str(folder / "index"), "GIT_LITERAL_PATHSPECS": "1"}
    command.run("read-tree", parent, environment=environment)
    for name, content in files.items():
        written = folder / "content"
        written.write_bytes(content)
        blob = command.text("hash-object", "-w", f"--path={name}", "--", str(written))
        entry = f"{_mode(command, parent, name)},{blob},{name}"
        command.run("update-index", "--add", "--cacheinfo", entry, environment=environment)
    return command.text("write-tree", environment=environment)


def _mode(command: Command, parent: str, name: str) -> str:
    environment = {"GIT_LITERAL_PATHSPECS": "1"}
    listed = command.names("ls-tree", "-z", "--full-tree", parent, name, environment=environment)
    mode = listed[0].partition(" ")[0] if listed else _REGULAR
    if mode not in {_REGULAR, _EXECUTABLE}:
        raise HistoryError(f"{name} is no plain file at HEAD; name the file that it leads to")
    return mode


def _signs(command: Command) -> bool:
    """Whether the user's settings ask for signatures, which plumbing leaves out by itself."""
    asked = command.text("config", "--type=bool", "--default=false", "--get", "commit.gpgsign")
    return asked == "true"
