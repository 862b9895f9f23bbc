"""Commits of proposals, as the user would make them: by git, with the user's own settings.

Hooks do not run, as with every git command of this package.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.command import Command
from pytest_promptopt.history.place import place_in
from pytest_promptopt.history.refs import head_commit
from pytest_promptopt.history.repository import Repository
from pytest_promptopt.proposals.proposal import Proposal

_IDENTITY = tuple(
    f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
)


def commit_message(proposal: Proposal) -> str:
    """What the commit claims, and no more than the scores say; ends with trailers."""
    location = _one_line(proposal.location)
    subject = f"Improve {location}"
    if not proposal.is_proven:
        subject = f"Change {location} (no gain proven)"
    found = (
        f"Found by {proposal.method} with {proposal.optimizer_model} for {proposal.model}, "
        f"in {proposal.calls} calls."
    )
    body = (subject, "", _one_line(proposal.verdict), _one_line(found), "", *_trailers(proposal))
    return "\n".join(body) + "\n"


def check_can_commit(path: Path) -> None:
    """Raise :class:`HistoryError` unless the file is committed just as it stands."""
    command, name = _placed(path)
    environment = {"GIT_LITERAL_PATHSPECS": "1"}
    if not command.names("ls-files", "-z", "--", name, environment=environment):
        raise HistoryError(f"{name} is not in git; `git add` and commit it first")
    if command.names("status", "--porcelain", "-z", "--", name, environment=environment):
        raise HistoryError(
            f"{name} has changes that are not committed, which would get into the commit; "
            "commit or stash them first, or apply without --commit"
        )


def commit_file(path: Path, message: str) -> str:
    """Commit the file alone, whatever else is staged; the id of the commit.

    Raises :class:`HistoryError`.
    """
    command, name = _placed(path)
    command.run(
        "commit",
        "--quiet",
        "--cleanup=whitespace",
        f"--message={message}",
        "--only",
        "--",
        name,
        environment={**identity(), "GIT_LITERAL_PATHSPECS": "1"},
    )
    return head_commit(command)


def identity() -> Mapping[str, str]:
    """Author and committer as the environment names them; git's settings name them else."""
    return {name: os.environ[name] for name in _IDENTITY if name in os.environ}


def _placed(path: Path) -> tuple[Command, str]:
    root = Repository.containing(path).root
    place = place_in(root, path)
    if place is None:
        raise HistoryError(f"{path} lies outside of the repository {root}")
    return Command(root), place.as_posix()


def _one_line(text: str) -> str:
    """What comes from a file starts no line, such as a trailer, of its own."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _trailers(proposal: Proposal) -> Iterator[str]:
    gain = proposal.gain
    if gain is not None:
        yield f"Prompt-Score: {gain.after:.2f} (was {gain.before:.2f})"
        yield (
            f"Prompt-Gain: {gain.difference:+.3f} [{gain.interval.low:+.3f}, "
            f"{gain.interval.high:+.3f}] on {gain.goldens} unseen goldens"
        )
    yield f"Prompt-Proposal: {proposal.id}"
