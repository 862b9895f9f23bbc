"""A proposal taken into the project's file, or turned down, and remembered as that."""

from pathlib import Path

from pytest_promptopt.optimization.memory import Event, MemoryFile, Remembered
from pytest_promptopt.project.files import not_written, replace_file
from pytest_promptopt.project.folder import MEMORY
from pytest_promptopt.prompts.golden import slug
from pytest_promptopt.proposals.merge import Merged
from pytest_promptopt.proposals.proposal import Proposal, ProposalError


def read_file(path: Path, proposal: Proposal) -> bytes:
    """What the proposal's file holds; raises :class:`ProposalError`."""
    try:
        return path.read_bytes()
    except OSError as error:
        why = error.strerror or error
        raise ProposalError(f"{proposal.location}: cannot be read: {why}") from error


def take(proposal: Proposal, merged: Merged, path: Path, project: Path) -> None:
    """Write what the file is to hold, and remember it; raises :class:`ProposalError`.

    A memory that cannot be read is a UsageError before anything is written.
    """
    MemoryFile(project / _memory_of(proposal)).read()
    try:
        replace_file(path, merged.content)
    except OSError as error:
        raise ProposalError(not_written(proposal.location, error)) from error
    try:
        remember(project, proposal, "accepted")
    except ProposalError as error:
        raise ProposalError(
            f"taken into {proposal.location}, but not remembered: {error}"
        ) from error


def remember(project: Path, proposal: Proposal, event: Event) -> None:
    """Keep what became of the proposal in the prompt's memory; raises :class:`ProposalError`."""
    name = _memory_of(proposal)
    entry = Remembered(
        run=proposal.run,
        event=event,
        candidate=proposal.candidate,
        origin=proposal.origin,
        note=proposal.note,
    )
    try:
        MemoryFile(project / name).append([entry])
    except OSError as error:
        raise ProposalError(not_written(name, error)) from error


def _memory_of(proposal: Proposal) -> str:
    return f"{MEMORY.as_posix()}/{slug(proposal.prompt)}.jsonl"
