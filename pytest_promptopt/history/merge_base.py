"""The commit where a branch left another, also in a clone that holds too little history."""

import os
from dataclasses import dataclass

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.command import Command, CommandError, may_fetch
from pytest_promptopt.history.refs import (
    DEPTH_REMEDY,
    commit_id,
    head_commit,
    is_commit_id,
    is_plain_name,
    is_shallow,
    known_commit,
)

DEEPENING_COMMITS = (50, 200, 1000)


@dataclass(frozen=True, slots=True)
class _Meeting:
    """The best common ancestor that is known, and whether hidden history may hold a better."""

    base: str | None = None
    is_certain: bool = False


def find_merge_base(command: Command, ref: str) -> str:
    """The id of the best common ancestor of HEAD and ``ref``; of several, the first.

    A shallow clone is deepened in CI by :data:`DEEPENING_COMMITS`, one after the other, until the
    answer is certain; a branch that it lacks is fetched. What was found there remains the answer
    where more cannot be fetched. Raises HistoryError where there is nothing in common.
    """
    head = head_commit(command)
    meeting = _meeting(command, head, ref)
    obstacle = ""
    if not meeting.is_certain and is_shallow(command):
        meeting, obstacle = _look_deeper(command, head, ref, meeting)
    if meeting.base is not None:
        return meeting.base
    target = commit_id(command, ref)
    if is_shallow(command):
        raise HistoryError(
            f"the clone {command.folder} is shallow and does not hold the commit where HEAD and "
            f"`{ref}` part; {obstacle}\nTo have the whole history: {DEPTH_REMEDY}"
        )
    raise HistoryError(
        f"HEAD ({head[:12]}) and `{ref}` ({target[:12]}) have no commit in common; "
        f"name a branch that HEAD comes from"
    )


def _look_deeper(command: Command, head: str, ref: str, meeting: _Meeting) -> tuple[_Meeting, str]:
    """What deeper history says, and what hinders a look at more of it."""
    if not may_fetch(os.environ):
        return _Meeting(), "more is fetched only in CI, because that starts what its settings name"
    for commits in DEEPENING_COMMITS:
        try:
            _deepen(command, head, ref, commits)
        except CommandError as error:
            return meeting, f"fetching more failed: {error.reason}"
        meeting = _meeting(command, head, ref)
        if meeting.is_certain or not is_shallow(command):
            break
    return meeting, f"{sum(DEEPENING_COMMITS)} more commits do not reach it"


def _meeting(command: Command, head: str, ref: str) -> _Meeting:
    # What can be the name of a branch may still be fetched.
    target = known_commit(command, ref) if is_plain_name(ref) else commit_id(command, ref)
    if target is None:
        return _Meeting()
    try:
        base = command.text("merge-base", head, target)
    except CommandError as error:
        if error.status != 1:
            raise
        return _Meeting()
    # Where history that is not the base's ends in view, a nearer ancestor may lie beyond.
    is_certain = base in (head, target) or not _ends(command, head, target, f"^{base}")
    return _Meeting(base=base, is_certain=is_certain)


def _ends(command: Command, *commits: str) -> list[str]:
    """The ids of commits at which history ends, be it cut off or complete."""
    return command.text("rev-list", "--max-parents=0", *commits, "--").split()


def _deepen(command: Command, head: str, ref: str, commits: int) -> None:
    """Fetch so many commits more below HEAD and ``ref``; touches no branch of the user's."""
    remote = _remote(command, ref)
    target = known_commit(command, ref)
    if target is None:
        wanted = [*_ends(command, head), _refspec(ref, remote)]
    else:
        wanted = _ends(command, head, target)
    command.run(
        "fetch",
        "--quiet",
        f"--deepen={commits}",
        "--no-tags",
        "--no-prune",
        "--no-recurse-submodules",
        "--no-auto-gc",
        "--no-write-fetch-head",
        "--upload-pack=git-upload-pack",
        "--",
        remote,
        *wanted,
    )


def _remote(command: Command, ref: str) -> str:
    """The remote that ``ref`` begins with, else ``origin``, else the only one."""
    remotes = command.text("remote").split("\n")
    named = [remote for remote in remotes if remote and ref.startswith(f"{remote}/")]
    if named:
        return max(named, key=len)
    return remotes[0] if len(remotes) == 1 and remotes[0] else "origin"


def _refspec(ref: str, remote: str) -> str:
    if is_commit_id(ref):
        return ref
    branch = ref.removeprefix(f"{remote}/")
    return f"+refs/heads/{branch}:refs/remotes/{remote}/{branch}"
