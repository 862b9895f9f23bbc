"""``--prompt-optimize``: after scoring, the prompts that fall short are rewritten."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pytest_promptopt.errors import PromptFileError, UsageError
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.optimization.result import Event
from pytest_promptopt.project.folder import PROPOSALS
from pytest_promptopt.proposals.finding import Finding
from pytest_promptopt.proposals.flags import flags
from pytest_promptopt.proposals.proposal import Proposal
from pytest_promptopt.proposals.store import ProposalStore
from pytest_promptopt.reports.optimization import (
    Follower,
    render_diff,
    render_result,
)
from pytest_promptopt.reports.terminal import Line, wrapped
from pytest_promptopt.session.after import Step, fail
from pytest_promptopt.session.lines import say
from pytest_promptopt.session.progress import Work
from pytest_promptopt.session.results import Reporting
from pytest_promptopt.session.state import State
from pytest_promptopt.text.terminal import printable
from pytest_promptopt.work.optimize import Search, Searcher, falls_short
from pytest_promptopt.work.settings import Settings

_FROM_FORK = (
    "nothing was optimized: the pull request is from a fork, for whose text nothing is spent"
)

_INDENT = "    "
_NOTHING_SCORED = "nothing to optimize: no prompt was scored"
_NOTHING_SHORT = (
    "nothing to optimize: no gate failed, and no prompt without one missed a golden; "
    "--prompt-optimize-all searches for all"
)


@dataclass(kw_only=True)
class Optimizing(Step):
    """Runs in the process that owns the calls, when all items are done.

    Nothing is optimized in a job that is ``is_from_fork``: it would spend on what anybody sends.
    ``_unsaved`` are the reasons why proposals could not be saved, by their ids.
    """

    config: pytest.Config
    state: State
    reporting: Reporting
    settings: Settings
    work: Work
    is_from_fork: bool
    _searches: list[Search] = field(default_factory=list)
    _unsaved: dict[str, str] = field(default_factory=dict)
    _refused: list[str] = field(default_factory=list)
    _idle: str = ""

    def decide(self, _session: pytest.Session) -> None:
        """Optimize what falls short."""
        wanted = [
            prompt
            for prompt in self.reporting.prompts()
            if self.settings.optimize_all or falls_short(prompt)
        ]
        if not wanted:
            self._idle = _NOTHING_SHORT if self.reporting.prompts() else _NOTHING_SCORED
        if wanted and self.is_from_fork:
            self._refused.append(_FROM_FORK)
            return
        for prompt in wanted:
            self._optimize(prompt)

    def save(self, session: pytest.Session) -> None:
        """Fail where a proposal could not be saved when its search ended: it was paid for."""
        if self._unsaved:
            fail(session)

    def show(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The verdicts, the diffs, and what was tried."""
        if self._searches or self._refused or self._idle:
            terminalreporter.section("prompt optimization")
        if self._idle:
            say(terminalreporter, self._idle)
        for search in self._searches:
            for line in self._lines(search, terminalreporter._tw.fullwidth):
                say(terminalreporter, line.text, red=line.is_bad, green=line.is_good)
        for text in "\n".join(self._refused).splitlines():
            say(terminalreporter, text, yellow=True)

    def findings(self) -> list[Finding]:
        """What each search that ended came to, and what it proposes."""
        return [search.finding for search in self._searches]

    def _optimize(self, prompt: PromptRecord) -> None:
        follower = Follower()
        searcher = Searcher(
            root=self.config.rootpath,
            settings=self.settings,
            entries=self.state.entries,
            bridge=self.state.bridge,
            hook=self.config.hook,
            on_event=functools.partial(self._show, follower),
            waiting=self.state.progress.draw,
        )
        run = ""

        def begin(model: str, name: str) -> None:
            nonlocal run
            run = name
            self._tell(Line(f"optimizing {prompt.key} with {model}, run {name}"))
            self.work.search = lambda: follower.parts

        try:
            search = searcher.search(prompt, begin)
        except (PromptFileError, UsageError, OSError) as error:
            self._refused.append(f"{prompt.location}: not optimized: {error}")
        except KeyboardInterrupt:
            self._refused.append(f"{prompt.key}: interrupted; run {run} goes on when run again")
            raise
        else:
            self._searches.append(search)
            if search.proposal is not None:
                self._save(search.proposal)
        finally:
            self.work.search = tuple
            self.state.progress.erase()

    def _save(self, proposal: Proposal) -> None:
        try:
            ProposalStore(self.config.rootpath).save(proposal)
        except OSError as error:
            self._unsaved[proposal.id] = f"{error.strerror or error}"

    def _show(self, follower: Follower, event: Event) -> None:
        lines = [*follower.follow(event)]
        if lines:
            self.state.progress.erase()
        for line in lines:
            self._tell(line)

    def _tell(self, line: Line) -> None:
        reporter: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self.config.get_verbosity() >= 0:
            reporter.ensure_newline()
            say(reporter, f"    {line.text}", red=line.is_bad, green=line.is_good)

    def _lines(self, search: Search, width: int) -> Iterator[Line]:
        subject, proposal = search.subject, search.proposal
        yield Line(f"{subject.key} ({search.settings.method}, {subject.model})")
        lines = [*(Line(printable(remark)) for remark in search.remarks)]
        lines += render_result(search.result, search.settings.caps)
        for line in lines:
            parts = wrapped(line.text, width, _INDENT)
            yield from (replace(line, text=part.text) for part in parts)
        # Commands and diffs stay as they are to be copied.
        for line in () if proposal is None else self._proposal(proposal):
            yield replace(line, text=f"{_INDENT}{line.text}")

    def _proposal(self, proposal: Proposal) -> Iterator[Line]:
        why = self._unsaved.get(proposal.id)
        patch = (PROPOSALS / f"{proposal.id}.patch").as_posix()
        if why is not None:
            yield Line(f"not saved: {patch}: {why}; take the diff from here", is_bad=True)
        else:
            yield Line(
                f"{'' if proposal.is_proven else 'unproven; '}"
                f"to take it: promptopt apply {proposal.id}, or git apply {patch}"
            )
        yield from (
            Line(f"look before you take it: {flag}", is_bad=True) for flag in flags(proposal)
        )
        yield from render_diff(proposal.patch)
