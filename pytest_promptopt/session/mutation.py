"""``--prompt-mutate``: after scoring, prompts are broken a little, to see if a golden notices."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pytest_promptopt.errors import PromptFileError, UsageError
from pytest_promptopt.evaluation.mutation_minimum import with_mutation
from pytest_promptopt.evaluation.mutation_record import MutationRecord
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.search_record import SearchRecord
from pytest_promptopt.mutation.examination import ExaminationProgress
from pytest_promptopt.mutation.plan import MutationPlan
from pytest_promptopt.prompts.prompt import GateSettings
from pytest_promptopt.proposals.finding import Finding
from pytest_promptopt.proposals.store import ProposalStore
from pytest_promptopt.reports.mutation import told
from pytest_promptopt.reports.optimization import render_diff
from pytest_promptopt.reports.terminal import Line
from pytest_promptopt.session.after import Step, fail
from pytest_promptopt.session.lines import say
from pytest_promptopt.session.progress import Work
from pytest_promptopt.session.results import Reporting
from pytest_promptopt.session.state import State
from pytest_promptopt.work.mutate import Mutator

_FROM_FORK = "nothing was mutated: the pull request is from a fork, for whose text nothing is spent"
_NOTHING_SCORED = "nothing to mutate: no prompt was scored"


@dataclass(kw_only=True)
class Mutating(Step):
    """Runs in the process that owns the calls, when all items are done.

    Nothing is mutated in a job that is ``is_from_fork``: it would spend on what anybody sends.
    Without ``proposes`` no shorter prompt is tried, as where a search looks for a better one.
    """

    config: pytest.Config
    state: State
    reporting: Reporting
    work: Work
    is_from_fork: bool
    proposes: bool
    _findings: dict[str, Finding] = field(default_factory=dict)
    _refused: list[str] = field(default_factory=list)
    _fails: bool = False

    def decide(self, _session: pytest.Session) -> None:
        """Ask the mutants of every prompt that ran."""
        prompts = self.reporting.prompts()
        if not prompts:
            self._refused.append(_NOTHING_SCORED)
        elif self.is_from_fork:
            self._refused.append(_FROM_FORK)
        else:
            for prompt in prompts:
                self._mutate(prompt)

    def save(self, session: pytest.Session) -> None:
        """Fail where a gate does not hold that its items let through."""
        if self._fails:
            fail(session)

    def show(self, terminalreporter: pytest.TerminalReporter) -> None:
        """What goldens noticed, and what none would."""
        prompts = [p for p in self.reporting.prompts() if p.mutation is not None]
        if prompts or self._refused:
            terminalreporter.section("prompt mutation")
        for prompt in prompts:
            say(terminalreporter, f"{prompt.key} ({prompt.model})")
            for line in told(prompt.mutation) if prompt.mutation else ():
                say(terminalreporter, f"    {line}")
            if prompt.key in self._findings:
                for found in _proposed(self._findings[prompt.key].search):
                    color = {"red": found.is_bad, "green": found.is_good}
                    say(terminalreporter, f"    {found.text}", **color)
        for text in self._refused:
            say(terminalreporter, text, yellow=True)

    def findings(self) -> list[Finding]:
        """The shorter prompts that are proposed."""
        return [*self._findings.values()]

    def _mutate(self, prompt: PromptRecord) -> None:
        mutator = Mutator(
            root=self.config.rootpath,
            entries=self.state.entries,
            bridge=self.state.bridge,
            hook=self.config.hook,
        )
        try:
            plan = mutator.plan(prompt)
            self._tell(f"mutating {prompt.key}")
            for line in plan.lines:
                self._tell(f"plan: {line}")
            record = mutator.examine(plan, self._report, self.state.progress.draw)
            self._take(prompt, plan.subject.prompt.gate, record)
        except (PromptFileError, UsageError, OSError) as error:
            self._refused.append(f"{prompt.location}: not mutated: {error}")
        except KeyboardInterrupt:
            self._refused.append(f"{prompt.key}: interrupted; it goes on when run again")
            raise
        else:
            if self.proposes:
                self._propose(mutator, plan, record)
        finally:
            self.work.search = tuple
            self.state.progress.erase()

    def _propose(self, mutator: Mutator, plan: MutationPlan, record: MutationRecord) -> None:
        """Save a prompt without its useless sentences, if it is as good."""
        key = plan.subject.key
        try:
            found = mutator.shorten(plan, record, self.state.progress.draw)
            if found is not None and found.proposal is not None:
                ProposalStore(self.config.rootpath).save(found.proposal)
                self._findings[key] = found
        except (PromptFileError, UsageError, OSError) as error:
            self._refused.append(f"{key}: no shorter prompt is proposed: {error}")

    def _take(
        self, prompt: PromptRecord, gate: GateSettings | None, record: MutationRecord
    ) -> None:
        verdict = prompt.verdict
        if verdict is not None and gate is not None:
            verdict = with_mutation(verdict, gate, record)
            self._fails |= not verdict.passed
        self.reporting.take(replace(prompt, mutation=record, verdict=verdict))

    def _report(self, progress: ExaminationProgress) -> None:
        parts = (
            f"mutants {progress.decided} of {progress.mutants}",
            f"{progress.noticed} noticed",
            f"{progress.calls} calls",
        )
        self.work.search = lambda: parts

    def _tell(self, text: str) -> None:
        reporter: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self.config.get_verbosity() >= 0:
            reporter.ensure_newline()
            say(reporter, f"    {text}")


def _proposed(search: SearchRecord) -> Iterator[Line]:
    yield Line(search.sentence)
    yield Line(f"unproven; to take it: {search.apply_command}")
    yield from (Line(f"look before you take it: {flag}", is_bad=True) for flag in search.flags)
    yield from render_diff(search.patch)
