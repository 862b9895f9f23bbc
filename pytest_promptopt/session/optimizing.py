"""``--prompt-optimize``: after scoring, the prompts that fall short are rewritten."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pytest_promptopt.client.client import Responses
from pytest_promptopt.errors import PromptFileError, UsageError
from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.search_record import SearchRecord
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.editable import editable_positions
from pytest_promptopt.optimization.inputs import inputs_digest
from pytest_promptopt.optimization.journal import Journal
from pytest_promptopt.optimization.ledger import PriceUsd
from pytest_promptopt.optimization.loop import optimize, plan_for
from pytest_promptopt.optimization.memory import Memory, MemoryFile
from pytest_promptopt.optimization.presets import DEFAULT_METHOD, read_optimize_settings
from pytest_promptopt.optimization.result import Event, Progress, Result
from pytest_promptopt.optimization.settings import OptimizeSettings, override
from pytest_promptopt.optimization.splits import shortfall, split_goldens
from pytest_promptopt.optimization.verdict import VerdictKind
from pytest_promptopt.project.folder import JOURNAL, MEMORY, RUNS
from pytest_promptopt.project.settings import Settings
from pytest_promptopt.prompts.golden import slug
from pytest_promptopt.proposals.edit import Edit, edit_of
from pytest_promptopt.proposals.finding import proposal_of
from pytest_promptopt.proposals.flags import flags
from pytest_promptopt.proposals.proposal import Proposal
from pytest_promptopt.proposals.store import ProposalStore
from pytest_promptopt.publishing.climb import Finding
from pytest_promptopt.reports.optimization import (
    describe_event,
    describe_search,
    render_diff,
    render_result,
)
from pytest_promptopt.reports.terminal import Line
from pytest_promptopt.session.lines import say
from pytest_promptopt.session.progress import Work
from pytest_promptopt.session.reporting import Reporting
from pytest_promptopt.session.state import State
from pytest_promptopt.text import printable

_TURNED_DOWN = (
    "what it found was turned down, so it is not proposed again; "
    "to search on: --prompt-optimize-set seed=NUMBER"
)

_FROM_FORK = (
    "nothing was optimized: the pull request is from a fork, for whose text nothing is spent"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A search that ended: what it found, and the edit of the file if there is one to propose."""

    subject: Subject
    settings: OptimizeSettings
    result: Result
    run: str
    optimizer_model: str
    edit: Edit | None = None
    remarks: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Optimizing:
    """Runs in the process that owns the calls, when all items are done.

    Nothing is optimized in a job that is ``is_from_fork``: it would spend on what anybody sends.
    ``_events`` are put in by the event loop's thread and shown by the main thread.
    """

    config: pytest.Config
    state: State
    reporting: Reporting
    settings: Settings
    price_usd: PriceUsd
    work: Work
    is_from_fork: bool
    _events: deque[Event] = field(default_factory=deque)
    _found: list[_Found] = field(default_factory=list)
    _refused: list[str] = field(default_factory=list)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Any:
        """Optimize after the items have run, inside the loop, so that Ctrl-C is pytest's."""
        done = yield
        wanted = [
            prompt
            for prompt in self.reporting.prompts()
            if self.settings.optimize_all or _falls_short(prompt)
        ]
        if wanted and self.is_from_fork:
            self._refused.append(_FROM_FORK)
            return done
        for prompt in wanted:
            self._optimize(prompt)
        return done

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The verdicts, the diffs, and what was tried."""
        if self._found or self._refused:
            terminalreporter.section("prompt optimization")
        for found in self._found:
            for line in self._lines(found):
                say(terminalreporter, line.text, red=line.is_bad, green=line.is_good)
        for text in "\n".join(self._refused).splitlines():
            say(terminalreporter, text, yellow=True)

    def findings(self) -> list[Finding]:
        """What each search that ended came to, and what it proposes."""
        return [_finding(found) for found in self._found]

    def _optimize(self, prompt: PromptRecord) -> None:
        path = self.config.rootpath / prompt.location
        try:
            content = path.read_bytes()
            entries = self.state.entries.read(path)
            subject = next(e.subject for e in entries if e.subject.key == prompt.key)
            self._found.append(self._searched(subject, content))
        except (PromptFileError, UsageError, OSError) as error:
            self._refused.append(f"{prompt.location}: not optimized: {error}")

    def _searched(self, subject: Subject, content: bytes) -> _Found:
        settings = optimize_settings(subject, self.settings)
        # A file that cannot be edited is found out before anything is spent.
        edit_of(_change_of_all(subject, settings), subject.prompt, (), content)
        model = self.state.entries.optimizer_model(subject, self.settings.optimizer_model)
        splits = split_goldens(subject.prompt.goldens)
        name = inputs_digest(subject, settings, model, splits)[:12]
        self._tell(Line(f"optimizing {subject.key} with {model}, run {name}"))
        self.work.search = ("a first look at the prompt",)
        root = self.config.rootpath
        memory = MemoryFile(root / MEMORY / f"{slug(subject.key)}.jsonl")
        turned_down = Memory(earlier=memory.read()).turned_down
        journal = Journal(root / RUNS / name / JOURNAL)
        search = optimize(
            subject,
            settings,
            provider=self.state.bridge.provider,
            optimizer_model=model,
            splits=splits,
            journal=journal,
            memory=memory,
            report=self._events.append,
            price_usd=self.price_usd,
        )
        try:
            result = self.state.bridge.wait(search, self._show)
        except KeyboardInterrupt:
            # The loop still writes to the journal as it gives up: the process closes it.
            self._refused.append(f"{subject.key}: interrupted; run {name} goes on when run again")
            raise
        except BaseException:
            journal.close()
            raise
        finally:
            self._show()
            self.work.search = ()
            self.state.progress.erase()
        journal.close()
        found = _Found(
            subject=subject,
            settings=settings,
            result=result,
            run=name,
            optimizer_model=str(model),
        )
        lacking = shortfall(splits)
        remarks = (lacking,) if lacking else ()
        if result.chosen is not None and result.chosen.id in turned_down:
            return replace(found, remarks=(*remarks, _TURNED_DOWN))
        return _with_edit(replace(found, remarks=remarks), content)

    def _show(self) -> None:
        """What happened since, and the state of things on the current line."""
        while self._events:
            event = self._events.popleft()
            if isinstance(event, Progress):
                self.work.search = describe_search(event)
            self.state.progress.erase()
            for line in describe_event(event):
                self._tell(line)
        self.state.progress.draw()

    def _tell(self, line: Line) -> None:
        reporter: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self.config.get_verbosity() >= 0:
            reporter.ensure_newline()
            say(reporter, f"    {line.text}", red=line.is_bad, green=line.is_good)

    def _lines(self, found: _Found) -> Iterator[Line]:
        result, subject = found.result, found.subject
        yield Line(f"{subject.key} ({found.settings.method}, {subject.model})")
        lines = [*(Line(printable(remark)) for remark in found.remarks)]
        lines += render_result(result, found.settings.caps)
        lines += [*self._proposal(found)]
        yield from (replace(line, text=f"    {line.text}") for line in lines)

    def _proposal(self, found: _Found) -> Iterator[Line]:
        proposal = _proposal_in(found)
        if proposal is None:
            return
        path = ProposalStore(self.config.rootpath).save(proposal)
        shown = path.relative_to(self.config.rootpath).as_posix()
        yield Line(
            f"{'' if proposal.is_proven else 'unproven; '}"
            f"to take it: promptopt apply {proposal.id}, or git apply {shown}"
        )
        yield from (
            Line(f"look before you take it: {flag}", is_bad=True) for flag in flags(proposal)
        )
        yield from render_diff(proposal.patch)


def _proposal_in(found: _Found) -> Proposal | None:
    candidate, edit = found.result.chosen, found.edit
    if candidate is None or edit is None or edit.before == edit.after:
        return None
    if not _is_worth_showing(found.result):
        return None
    return proposal_of(
        candidate,
        edit,
        found.subject,
        found.result,
        run=found.run,
        method=found.settings.method,
        optimizer_model=found.optimizer_model,
    )


def _finding(found: _Found) -> Finding:
    result, subject, proposal = found.result, found.subject, _proposal_in(found)
    verdict = result.verdict
    search = SearchRecord(
        key=subject.key,
        location=subject.prompt.location,
        sentence=verdict.sentence if verdict else f"No verdict: {result.reason}.",
        is_proven=proposal is not None and proposal.is_proven,
        comparison=verdict.comparison if verdict else None,
        before=proposal.gain.before if proposal and proposal.gain else None,
        after=proposal.gain.after if proposal and proposal.gain else None,
        patch=proposal.patch if proposal else "",
        apply_command=f"promptopt apply {proposal.id}" if proposal else "",
        flags=flags(proposal) if proposal else (),
        calls=result.spent.calls,
        model=str(subject.model),
        optimizer_model=found.optimizer_model,
    )
    return Finding(search=search, proposal=proposal)


def _falls_short(prompt: PromptRecord) -> bool:
    """Whether the gate failed, or without a gate a golden missed; errors are no reason."""
    if prompt.verdict is not None:
        return not prompt.verdict.passed
    return prompt.counts[Outcome.MISSED] > 0


def _with_edit(found: _Found, content: bytes) -> _Found:
    """With the edit of the file's ``content``, if the search chose a candidate."""
    prompt, chosen = found.subject.prompt, found.result.chosen
    if chosen is None:
        return found
    edit = edit_of(chosen, prompt, prompt.goldens, content)
    if prompt.path.read_bytes() == content:
        return replace(found, edit=edit)
    remark = "the file was edited while the search ran: the diff is for what it was before"
    return replace(found, edit=edit, remarks=(*found.remarks, remark))


def _is_worth_showing(result: Result) -> bool:
    """Improved, or with too few goldens to tell; "no proven change" proposes nothing."""
    kinds = {VerdictKind.IMPROVED, VerdictKind.UNPROVEN}
    return result.verdict is not None and result.verdict.kind in kinds


def optimize_settings(subject: Subject, settings: Settings) -> OptimizeSettings:
    """The settings of the method, of the file, and of the command line, the last winning.

    Raises :class:`UsageError`.
    """
    prompt = subject.prompt
    spec = prompt.optimize
    in_file = dict(spec.settings) if spec else {}
    method = settings.optimize_method or in_file.get("method") or DEFAULT_METHOD
    in_file.pop("method", None)
    where = f"{prompt.location}:{spec.line}: optimize" if spec else "optimize"
    found = read_optimize_settings(str(method), in_file, where)
    return override(found, _pairs(settings.optimize_set), "--prompt-optimize-set")


def describe_search_plan(subject: Subject, settings: Settings, price_usd: PriceUsd) -> list[str]:
    """What a search for the subject would take, or why there would be none."""
    try:
        found = optimize_settings(subject, settings)
        splits = split_goldens(subject.prompt.goldens)
        return [*plan_for(subject, found, splits, price_usd=price_usd).lines]
    except UsageError as error:
        return [str(error)]


def check_optimize_options(settings: Settings) -> None:
    """Raise :class:`UsageError` where the command line names a method or setting wrongly."""
    if settings.responses == Responses.REPLAY:
        raise UsageError("--prompt-optimize asks new questions, which a replay cannot answer")
    method = settings.optimize_method or DEFAULT_METHOD
    preset = read_optimize_settings(method, {}, "--prompt-optimize-method")
    override(preset, _pairs(settings.optimize_set), "--prompt-optimize-set")


def _change_of_all(subject: Subject, settings: OptimizeSettings) -> Candidate:
    """A candidate that changes every message that may change."""
    prompt = subject.prompt
    positions = editable_positions(prompt, settings.editable)
    return Candidate(texts={n: f"{prompt.messages[n].template.text}." for n in positions})


def _pairs(texts: Sequence[str]) -> Mapping[str, str]:
    pairs = [text.partition("=") for text in texts]
    for key, sign, _ in pairs:
        if not sign:
            raise UsageError(f"--prompt-optimize-set: expected KEY=VALUE, found {key!r}")
    return {key.strip(): value.strip() for key, _, value in pairs}
