"""Proposals in a folder, each as JSON with its patch beside it."""

import json
from pathlib import Path

from pytest_promptopt.errors import UsageError
from pytest_promptopt.project.files import replace_file
from pytest_promptopt.project.folder import PROPOSALS
from pytest_promptopt.prompts.files import DISK
from pytest_promptopt.prompts.json_lines import LONGEST_LINE, json_value
from pytest_promptopt.proposals.proposal import Proposal, ProposalError


class ProposalStore:
    """The proposals of a project, ``ID.json`` and ``ID.patch`` in ``.promptopt/proposals/``."""

    def __init__(self, project: Path) -> None:
        self._folder = project / PROPOSALS

    def save(self, proposal: Proposal) -> Path:
        """Write the proposal over what has its id; the path of its patch. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        patch = self._folder / f"{proposal.id}.patch"
        replace_file(patch, proposal.patch.encode())
        encoded = json.dumps(proposal.to_json(), indent=2).encode()
        replace_file(patch.with_suffix(".json"), encoded + b"\n")
        return patch

    def ids(self) -> list[str]:
        """The ids there are, the latest first."""
        found = sorted(self._folder.glob("*.json"))
        return [p.stem for p in sorted(found, key=lambda p: p.stat().st_mtime, reverse=True)]

    def find(self, start: str) -> Proposal:
        """The proposal whose id starts so.

        Raises :class:`UsageError` unless there is exactly one, :class:`ProposalError` where its
        file cannot be used.
        """
        ids = self.ids()
        found = [name for name in ids if name.startswith(start)]
        if start not in found and len(found) != 1:
            which = "several proposals start with" if found else "no proposal starts with"
            raise UsageError(f"{which} {start!r}: there are {', '.join(found or ids) or 'none'}")
        return self.read(start if start in found else found[0])

    def read(self, name: str) -> Proposal:
        """The proposal of this id; raises :class:`ProposalError`."""
        path = self._folder / f"{name}.json"
        where = f"{PROPOSALS.as_posix()}/{path.name}"
        try:
            content = DISK.read(path)
            if len(content) > LONGEST_LINE:
                raise ValueError(f"larger than {LONGEST_LINE >> 20} MiB")
            proposal = Proposal.from_json(json_value(content))
        except OSError as error:
            raise ProposalError(f"{where}: cannot be read: {error.strerror or error}") from error
        except ValueError as error:
            raise ProposalError(f"{where}: not a proposal: {error}") from None
        if proposal.id != name:
            raise ProposalError(f"{where}: was edited by hand; run the search again")
        return proposal
