"""A commit on a new branch, made beside the working tree, the index and HEAD."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.command import Command, CommandError
from pytest_promptopt.history.refs import head_commit, is_commit_id
from pytest_promptopt.proposals.commits import identity

_REGULAR, _EXECUTABLE = "100644", "100755"
_NAME = "pytest-promptopt"
_EMAIL = "pytest-promptopt@users.noreply.github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchCommit:
    """A branch by its short name, and the full id of the commit that it points to."""

    branch: str
    commit: str


def commit_on_branch(
    repository: Path,
    branch: str,
    files: Mapping[str, bytes],
    message: str,
    *,
    parent: str | None = None,
) -> BranchCommit:
    """Make ``branch`` at what :func:`commit_edit` makes of ``parent``, by default of HEAD.

    Raises :class:`HistoryError` where the branch is there already or git fails; then nothing
    points to what was made.
    """
    command = Command(repository)
    check_branch_name(command, branch)
    if command.text("for-each-ref", f"refs/heads/{branch}"):
        raise HistoryError(f"there is a branch {branch} already; choose another name")
    commit = commit_edit(repository, parent or head_commit(command), files, message)
    try:
        # The zero id says that there must be no such branch, also if another is just making it.
        zero = "0" * len(commit)
        command.run("update-ref", f"refs/heads/{branch}", commit, zero, environment=_who(command))
    except CommandError as error:
        raise HistoryError(f"the branch {branch} cannot be made: {error.reason}") from error
    return BranchCommit(branch=branch, commit=commit)


def commit_edit(repository: Path, parent: str, files: Mapping[str, bytes], message: str) -> str:
    """The full id of a new commit that follows ``parent`` and differs from it in ``files`` alone.

    ``parent`` is a full id. ``files`` are contents by their path from the ``repository``'s root,
    byte for byte as git is to keep them, such as those of the parent with an edit: no filter and
    no setting of line ends sees them. A file keeps its mode. Author, committer and signature are
    the user's; where git knows nobody, it is this package. Nothing points to the commit yet.
    Raises :class:`HistoryError`.
    """
    if not is_commit_id(parent):
        raise HistoryError(f"`{parent}` is not the full id of a commit")
    command = Command(repository)
    with tempfile.TemporaryDirectory(prefix="promptopt-") as name:
        tree = _tree(command, Path(name), parent, files)
    sign = ("-S",) if _signs(command) else ()
    return command.text(
        "commit-tree", *sign, "-p", parent, "-m", message, tree, environment=_who(command)
    )


def check_branch_name(command: Command, branch: str) -> None:
    """Raise :class:`HistoryError` unless a branch could have that short name."""
    try:
        command.run("check-ref-format", f"refs/heads/{branch}")
    except CommandError as error:
        raise HistoryError(f"`{branch}` cannot be the name of a branch") from error
    if branch.startswith("-") or branch == "HEAD":
        raise HistoryError(f"`{branch}` cannot be the name of a branch")


def _tree(command: Command, folder: Path, parent: str, files: Mapping[str, bytes]) -> str:
    """The id of the parent's tree with ``files`` in it, made with an index in ``folder``."""
    environment = {"GIT_INDEX_FILE": str(folder / "index"), "GIT_LITERAL_PATHSPECS": "1"}
    command.run("read-tree", parent, environment=environment)
    for name, content in files.items():
        written = folder / "content"
        written.write_bytes(content)
        blob = command.text("hash-object", "-w", "--no-filters", "--", str(written))
        entry = f"{_mode(command, parent, name)},{blob},{name}"
        command.run("update-index", "--add", "--cacheinfo", entry, environment=environment)
    # A partial clone lacks files of the parent, and need not fetch them.
    return command.text("write-tree", "--missing-ok", environment=environment)


def _mode(command: Command, parent: str, name: str) -> str:
    environment = {"GIT_LITERAL_PATHSPECS": "1"}
    listed = command.names("ls-tree", "-z", "--full-tree", parent, name, environment=environment)
    mode = listed[0].partition(" ")[0] if listed else _REGULAR
    if mode not in {_REGULAR, _EXECUTABLE}:
        raise HistoryError(
            f"{name} is no plain file in commit {parent[:12]}; name the file that it leads to"
        )
    return mode


def _signs(command: Command) -> bool:
    """Whether the user's settings ask for signatures, which plumbing leaves out by itself."""
    asked = command.text("config", "--type=bool", "--default=false", "--get", "commit.gpgsign")
    return asked == "true"


def _who(command: Command) -> Mapping[str, str]:
    """Author and committer as :func:`identity` has them; this package where git knows nobody."""
    known = identity()
    unknown: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        try:
            command.run("var", f"GIT_{role}_IDENT", environment=known)
        except CommandError:
            unknown |= {f"GIT_{role}_NAME": _NAME, f"GIT_{role}_EMAIL": _EMAIL}
    return {**unknown, **known}
