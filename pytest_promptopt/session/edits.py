"""``--prompt-propose apply``: what is proven to be better, written to the prompt's file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.proposals.acceptance import read_file, take
from pytest_promptopt.proposals.finding import Finding
from pytest_promptopt.proposals.merge import file_of, merge
from pytest_promptopt.proposals.proposal import Proposal, ProposalError
from pytest_promptopt.session.after import Step
from pytest_promptopt.session.lines import say


@dataclass(kw_only=True)
class Applying(Step):
    """Edits the files when all searches are done, in the process that ran them.

    What is unproven, or adds what people must look at, is left to ``promptopt apply``; so is what
    no longer fits the file. The outcome of the run is that of the prompt as it was.
    """

    config: pytest.Config
    findings: Callable[[], Sequence[Finding]]
    _lines: list[str] = field(default_factory=list)

    def decide(self, _session: pytest.Session) -> None:
        """Apply after the searches."""
        for finding in self.findings():
            if finding.proposal is not None:
                line = self._apply(finding.proposal, finding.search.flags)
                self._lines.append(f"{finding.proposal.location}: {line}")

    def show(self, terminalreporter: pytest.TerminalReporter) -> None:
        """What was applied, and what was not."""
        for line in "\n".join(self._lines).splitlines():
            say(terminalreporter, line)

    def _apply(self, proposal: Proposal, flags: Sequence[str]) -> str:
        if not proposal.is_proven:
            return f"not applied: no gain is proven; to take it: promptopt apply {proposal.id}"
        if flags:
            return f"not applied: look at it first; to take it: promptopt apply {proposal.id}"
        try:
            path = file_of(proposal, self.config.rootpath)
            merged = merge(proposal, read_file(path, proposal))
            if merged.conflicts:
                return f"{proposal.id} not applied: the file was edited where it would"
            take(proposal, merged, path, self.config.rootpath)
        except (ProposalError, PromptFileError) as error:
            return f"{proposal.id} not applied: {error}"
        return f"{proposal.id} applied"
