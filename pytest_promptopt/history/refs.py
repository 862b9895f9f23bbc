"""Names of commits, and what is wrong with those that name none."""

import difflib
import re

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.command import Command, CommandError

DEPTH_REMEDY = (
    "set `fetch-depth: 0` for actions/checkout in GitHub Actions, or the variable `GIT_DEPTH: 0` "
    "in GitLab CI, or run `git fetch --unshallow`"
)

_COMMIT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PLAIN_NAME = re.compile(r"(?!HEAD$)[^\s~^:?*\[\\{]+")


def is_commit_id(text: str) -> bool:
    """Whether ``text`` has the form of a full id, of SHA-1 or SHA-256."""
    return _COMMIT_ID.fullmatch(text) is not None


def is_plain_name(ref: str) -> bool:
    """Whether ``ref`` could be the name of a branch, not ``HEAD`` or a way such as ``main~2``."""
    return _PLAIN_NAME.fullmatch(ref) is not None


def is_shallow(command: Command) -> bool:
    """Whether the repository holds only the end of its history."""
    return command.text("rev-parse", "--is-shallow-repository") == "true"


def head_commit(command: Command) -> str:
    """The id of the commit that is checked out; raises HistoryError where there is none yet."""
    head = _resolved(command, "HEAD")
    if head is None:
        message = f"HEAD of {command.folder} has no commits yet; commit once, to have a base"
        raise HistoryError(message)
    return head


def commit_id(command: Command, ref: str) -> str:
    """The full id of the commit that ``ref`` names.

    A branch that only ``origin`` has is found under its plain name. Raises HistoryError where
    ``ref`` names nothing, or something else than a commit.
    """
    found = known_commit(command, ref)
    if found is not None:
        return found
    if ref == "HEAD":
        return head_commit(command)
    kind = _kind(command, ref)
    if kind is not None:
        raise HistoryError(f"`{ref}` is a {kind}, not a commit; name a branch, tag or commit")
    raise HistoryError(_unknown(command, ref))


def known_commit(command: Command, ref: str) -> str | None:
    """Like :func:`commit_id`, but None where nothing of that name is known here."""
    _refuse_unusable(ref)
    found = _resolved(command, ref)
    if found is None and is_plain_name(ref):
        return _resolved(command, f"refs/remotes/origin/{ref}")
    return found


def _refuse_unusable(ref: str) -> None:
    if not ref.strip():
        raise HistoryError("the ref is empty; name a branch, tag or commit, such as `origin/main`")
    if ref.startswith("-"):
        message = f"`{ref}` looks like an option, not like a ref; name a branch, tag or commit"
        raise HistoryError(message)
    if not ref.isprintable():
        raise HistoryError(f"the ref {ref!r} holds characters that no name has")


def _resolved(command: Command, name: str) -> str | None:
    try:
        found = _verified(command, f"{name}^{{commit}}")
    except CommandError:
        return None
    return found if is_commit_id(found) else None


def _verified(command: Command, name: str) -> str:
    return command.text("rev-parse", "--verify", "--quiet", "--end-of-options", name)


def _kind(command: Command, ref: str) -> str | None:
    try:
        found = _verified(command, ref)
        return command.text("cat-file", "-t", found) if is_commit_id(found) else None
    except CommandError:
        return None


def _unknown(command: Command, ref: str) -> str:
    known = command.text(
        "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags"
    ).split("\n")
    near = difflib.get_close_matches(ref, known, n=3, cutoff=0.5)
    advice = (
        f"did you mean {' or '.join(f'`{name}`' for name in near)}?"
        if near
        else "`git branch --all` and `git tag` list the names that it has"
    )
    message = f"`{ref}` is no branch, tag or commit of {command.folder}; {advice}"
    if is_shallow(command):
        message += f"\nThis clone is shallow and may lack it: {DEPTH_REMEDY}"
    return message
