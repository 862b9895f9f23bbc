"""``promptopt apply``: a proposal of ``--prompt-optimize`` taken, or turned down."""

import argparse
from pathlib import Path

from pytest_promptopt.cli.output import Output, Styled, warn
from pytest_promptopt.errors import HistoryError, UsageError
from pytest_promptopt.history.repository import Repository
from pytest_promptopt.project.folder import PROPOSALS, project_with
from pytest_promptopt.proposals.acceptance import read_file, remember, take
from pytest_promptopt.proposals.branch import commit_on_branch
from pytest_promptopt.proposals.commits import check_can_commit, commit_file, commit_message
from pytest_promptopt.proposals.flags import flags
from pytest_promptopt.proposals.merge import Conflict, Merged, file_of, merge
from pytest_promptopt.proposals.patch import unified_patch
from pytest_promptopt.proposals.proposal import Proposal, ProposalError
from pytest_promptopt.proposals.store import ProposalStore
from pytest_promptopt.reports.optimization import render_diff

_DESCRIPTION = """\
Edit the prompt file as a proposal of --prompt-optimize says: only the messages that it changes.
Where the file was edited since, the proposal applies to every message that still has its text.
Without ID: the proposals there are, the latest first.

example: promptopt apply 3f2a --dry-run"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = _DESCRIPTION
    parser.add_argument("id", metavar="ID", nargs="?", help="its id, or how that starts")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--commit", action="store_true", help="commit the file too, and it alone")
    how.add_argument(
        "--branch", metavar="NAME", help="commit it on a new branch from HEAD; the file stays"
    )
    how.add_argument("--dry-run", action="store_true", help="show the edit, write nothing")
    how.add_argument(
        "--turn-down", action="store_true", help="have it proposed no more; the file stays"
    )


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Apply, or list; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    remedy = "run pytest with --prompt-optimize"
    project = project_with(PROPOSALS, start=Path.cwd(), remedy=remedy)
    store = ProposalStore(project)
    if arguments.id is None:
        how = (arguments.commit, arguments.dry_run, arguments.turn_down)
        if any(how) or arguments.branch is not None:
            raise UsageError("which proposal? `promptopt apply` lists their ids")
        return _list(store, out)
    proposal = store.find(arguments.id)
    if arguments.turn_down:
        remember(project, proposal, "turned down")
        out.line(f"{proposal.location}: {proposal.id} will not be proposed again")
        return 0
    for sentence in flags(proposal):
        warn(f"{proposal.location}: {sentence}")
    if arguments.branch is not None:
        return _apply_on_branch(arguments.branch, proposal, project, out)
    return _apply_to_file(arguments, proposal, project, out)


def _apply_to_file(
    arguments: argparse.Namespace, proposal: Proposal, project: Path, out: Output
) -> int:
    path = file_of(proposal, project)
    content = read_file(path, proposal)
    merged = merge(proposal, content)
    if merged.conflicts:
        return _refuse(proposal, merged, out)
    if merged.content == content:
        out.line(f"{proposal.location}: has all of {proposal.id} already")
        if arguments.commit:
            # As where an earlier command was killed before it came to the commit.
            check_can_commit(path)
        return 0
    if arguments.dry_run:
        _show_diff(unified_patch(proposal.location, content, merged.content), out)
        return 0
    if arguments.commit:
        check_can_commit(path)
    take(proposal, merged, path, project)
    _tell(proposal, merged, out)
    return _commit(path, proposal, out) if arguments.commit else 0


def _apply_on_branch(branch: str, proposal: Proposal, project: Path, out: Output) -> int:
    """Commit the file of HEAD with the edit; not remembered, for the branch may go unused."""
    repository = Repository.containing(project)
    head = repository.commit("HEAD")
    name, content = _read_at(repository, head, proposal, project.resolve())
    merged = merge(proposal, content)
    if merged.conflicts:
        return _refuse(proposal, merged, out)
    if merged.content == content:
        out.line(f"{proposal.location}: has all of {proposal.id} already at HEAD")
        return 0
    made = commit_on_branch(
        repository.root, branch, {name: merged.content}, commit_message(proposal), parent=head
    )
    _tell(proposal, merged, out)
    out.line(f"committed as {made.commit[:8]} on the new branch {branch}; the file stays as it is")
    return 0


def _read_at(
    repository: Repository, commit: str, proposal: Proposal, project: Path
) -> tuple[str, bytes]:
    """The name that the repository has for the file, and what the commit has there."""
    files = repository.files_at(commit)
    try:
        path = files.resolve(project / proposal.location)
        if not path.is_relative_to(project):
            raise ProposalError(f"{proposal.location} is a link that leads out of the project")
        return path.relative_to(repository.root).as_posix(), files.read(path)
    except OSError as error:
        why = error.strerror or error
        raise ProposalError(f"{proposal.location}: cannot be read: {why}") from error


def _list(store: ProposalStore, out: Output) -> int:
    status = 0
    for name in store.ids():
        try:
            proposal = store.read(name)
        except ProposalError as error:
            warn(str(error))
            status = 1
            continue
        out.line(Styled(name, "strong"), f"  {proposal.prompt}  {proposal.model}")
        out.line(f"    {proposal.verdict}")
    return status


def _show_diff(patch: str, out: Output) -> None:
    for line in render_diff(patch):
        if line.is_good or line.is_bad:
            out.line(Styled(line.text, "good" if line.is_good else "bad"))
        else:
            out.line(line.text)


def _refuse(proposal: Proposal, merged: Merged, out: Output) -> int:
    out.line(f"{proposal.location}: was edited where {proposal.id} would; nothing was written")
    for conflict in merged.conflicts:
        _show(conflict, out)
    return 1


def _show(conflict: Conflict, out: Output) -> None:
    out.line()
    name = f"message {conflict.position + 1} ({conflict.role})"
    if conflict.present is None:
        out.line(Styled(name, "strong"), " is not in the file any more")
    else:
        out.line(Styled(name, "strong"), " as it stands now")
        out.block(conflict.present)
    out.line("as proposed")
    out.block(conflict.proposed)


def _tell(proposal: Proposal, merged: Merged, out: Output) -> None:
    kept = "" if merged.is_as_made else "; what else was edited since stays"
    out.line(f"{proposal.location}: {proposal.id} applied{kept}")
    if not proposal.is_proven:
        out.line("no gain is proven: look at it before you rely on it")


def _commit(path: Path, proposal: Proposal, out: Output) -> int:
    try:
        commit = commit_file(path, commit_message(proposal))
    except HistoryError as error:
        raise HistoryError(f"the edit is in the file, but not committed: {error}") from error
    out.line(f"committed as {commit[:8]}")
    return 0
