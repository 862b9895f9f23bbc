"""Better prompts searched for, as functions."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pluggy

from pytest_promptopt.client.client import Responses
from pytest_promptopt.errors import PromptFileError, UsageError
from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.record import PromptRecord, Run
from pytest_promptopt.evaluation.search_record import SearchRecord
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.editable import editable_positions
from pytest_promptopt.optimization.inputs import inputs_digest
from pytest_promptopt.optimization.journal import Journal
from pytest_promptopt.optimization.loop import plan_for, run_search
from pytest_promptopt.optimization.memory import Memory, MemoryFile
from pytest_promptopt.optimization.presets import (
    DEFAULT_METHOD,
    overridden,
    read_optimize_settings,
)
from pytest_promptopt.optimization.result import Counted, Event, Result
from pytest_promptopt.optimization.rival import Rival
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.optimization.splits import Splits, shortfall, split_goldens, widened
from pytest_promptopt.optimization.verdict import VerdictKind
from pytest_promptopt.project.folder import JOURNAL, MEMORY, RUNS
from pytest_promptopt.prompts.content import content_of
from pytest_promptopt.prompts.golden import slug
from pytest_promptopt.proposals.edit import Edit, edit_of
from pytest_promptopt.proposals.finding import Finding, proposal_of
from pytest_promptopt.proposals.flags import flags
from pytest_promptopt.proposals.proposal import Proposal
from pytest_promptopt.providers.request import Model
from pytest_promptopt.work.bridge import Bridge
from pytest_promptopt.work.client import RETRIED_FOR_TIMEOUTS
from pytest_promptopt.work.engine import Engine
from pytest_promptopt.work.entries import EntryReader
from pytest_promptopt.work.evaluate import (
    OPTIONS,
    OnEvent,
    OnRemark,
    evaluate_files,
    ignore,
    opened,
)
from pytest_promptopt.work.results import do_nothing
from pytest_promptopt.work.settings import Settings

_TURNED_DOWN = (
    "what it found was turned down, so it is not proposed again; "
    "to search on: --prompt-optimize-set seed=NUMBER"
)
OPTIMIZE_OPTIONS = ("optimize_method", "optimize_set", "optimizer_model")
_EDITED = "the file was edited while the search ran: the diff is for what it was before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search that ended, and what it proposes, if anything.

    ``run`` is its name, ``remarks`` are what people should know of it.
    """

    subject: Subject
    settings: OptimizeSettings
    result: Result
    run: str
    optimizer_model: str
    proposal: Proposal | None = None
    remarks: tuple[str, ...] = ()

    @property
    def finding(self) -> Finding:
        """The search as a run tells it, with its proposal."""
        result, proposal, verdict = self.result, self.proposal, self.result.verdict
        record = SearchRecord(
            key=self.subject.key,
            location=self.subject.prompt.location,
            sentence=verdict.sentence if verdict else f"No verdict: {result.reason}.",
            is_proven=proposal is not None and proposal.is_proven,
            comparison=verdict.comparison if verdict else None,
            before=proposal.gain.before if proposal and proposal.gain else None,
            after=proposal.gain.after if proposal and proposal.gain else None,
            patch=proposal.patch if proposal else "",
            apply_command=f"promptopt apply {proposal.id}" if proposal else "",
            flags=flags(proposal) if proposal else (),
            cost=verdict.cost if verdict else "",
            gate=verdict.gate if verdict else "",
            calls=result.spent.calls,
            model=str(self.subject.model),
            optimizer_model=self.optimizer_model,
            run=self.run,
        )
        return Finding(search=record, proposal=proposal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move to another model; ``from_model`` is None where the file names it.

    ``margin`` is how much worse the new one may score.
    """

    from_model: str | None
    to_model: str
    margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Searcher:
    """Searches for better prompts in the project at ``root``.

    ``hook`` are the hooks of plugins; they, and then ``on_event``, are told what happens.
    ``waiting`` is called about ten times a second meanwhile, and once in the end. All of that in
    the thread of whoever searches. With ``move`` the search is for another model.
    """

    root: Path
    settings: Settings
    entries: EntryReader
    bridge: Bridge
    hook: pluggy.HookRelay
    on_event: Callable[[Event], None] = ignore
    waiting: Callable[[], None] = do_nothing
    move: Move | None = None

    @classmethod
    def of(
        cls,
        engine: Engine,
        settings: Settings,
        on_event: Callable[[Event], None],
        move: Move | None = None,
    ) -> "Searcher":
        """One that asks by the engine."""
        return cls(
            root=engine.root,
            settings=settings,
            entries=engine.entries,
            bridge=engine.bridge,
            hook=engine.hook,
            on_event=on_event,
            move=move,
        )

    def search(self, prompt: PromptRecord, begin: Callable[[str, str], None] = ignore) -> Search:
        """Search for a better one, or go on with the search that was interrupted.

        ``begin`` is told the optimizer model and the name of the run before anything is asked.
        Raises OSError, :class:`PromptFileError` and :class:`UsageError`, all of them before
        anything is spent.
        """
        path = self.root / prompt.location
        content = path.read_bytes()
        entries = self.entries.read(path)
        subject = next(entry.subject for entry in entries if entry.subject.key == prompt.key)
        settings = optimize_settings(subject, self.settings)
        # A file that cannot be edited is found out before anything is spent.
        edit_of(_change_of_all(subject, settings), subject.prompt, (), content)
        model = self.entries.optimizer_model(subject, self.settings.optimizer_model)
        splits = split_goldens(subject.prompt.goldens)
        code = content_of(subject.prompt, root=self.root).files
        rival = self._rival(path)
        told = rival.content if rival else None
        name = inputs_digest(subject, settings, model, splits, code=code, rival=told)[:12]
        begin(str(model), name)
        memory = MemoryFile(self.root / MEMORY / f"{slug(subject.key)}.jsonl")
        turned_down = Memory(earlier=memory.read()).turned_down
        result = self._result(subject, settings, model, splits, memory, name, rival)
        lacking = shortfall(widened(splits, settings.seed) if settings.shares_caps else splits)
        search = Search(
            subject=subject,
            settings=settings,
            result=result,
            run=name,
            optimizer_model=str(model),
            remarks=(lacking,) if lacking else (),
        )
        if result.chosen is not None and result.chosen.id in turned_down:
            return replace(search, remarks=(*search.remarks, _TURNED_DOWN))
        new_model = self.move.to_model if self.move else None
        return self._without_vetoed(_with_proposal(search, content, new_model))

    def _result(
        self,
        subject: Subject,
        settings: OptimizeSettings,
        model: Model,
        splits: Splits,
        memory: MemoryFile,
        name: str,
        rival: Rival | None,
    ) -> Result:
        journal = Journal(self.root / RUNS / name / JOURNAL)
        events: deque[Event] = deque()

        def tell() -> None:
            while events:
                event = events.popleft()
                if not isinstance(event, Counted):
                    self.hook.pytest_promptopt_search_event(prompt=subject.key, event=event)
                self.on_event(event)
            self.waiting()

        found = run_search(
            subject,
            settings,
            provider=self.bridge.provider,
            optimizer_model=model,
            splits=splits,
            journal=journal,
            memory=memory,
            report=events.append,
            price_usd=self.settings.prices.cost_usd,
            rival=rival,
            patience_seconds=RETRIED_FOR_TIMEOUTS * self.settings.timeout,
        )
        try:
            result = self.bridge.wait(found, tell)
        except KeyboardInterrupt:
            # The loop still writes to the journal as it gives up: the process closes it.
            raise
        except BaseException:
            journal.close()
            raise
        finally:
            tell()
        journal.close()
        return result

    def _rival(self, path: Path) -> Rival | None:
        """The prompt as it is on the model that it is moved from."""
        if self.move is None:
            return None
        models = (self.move.from_model,) if self.move.from_model else ()
        (entry,) = replace(self.entries, models=models).read(path)
        if entry.subject.model is None:
            raise UsageError(entry.subject.model_error)
        return Rival(subject=entry.subject, margin=self.move.margin)

    def _without_vetoed(self, search: Search) -> Search:
        """Without a proposal that a plugin is against."""
        if search.proposal is None:
            return search
        why = self.hook.pytest_promptopt_veto(proposal=search.proposal)
        if not why:
            return search
        return replace(search, proposal=None, remarks=(*search.remarks, f"not proposed: {why}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimized:
    """What the prompts scored, with what each search came to, and the searches with proposals.

    ``refused`` says by the key of a prompt why no search for it could start.
    """

    run: Run
    searches: tuple[Search, ...]
    refused: Mapping[str, str]


def optimize(
    path: str | Path | Iterable[str | Path],
    *,
    everything: bool = False,
    on_event: OnEvent = ignore,
    on_search_event: Callable[[Event], None] = ignore,
    on_remark: OnRemark = ignore,
    plugins: Sequence[object] = (),
    **options: Any,
) -> Optimized:
    """What ``pytest --prompt-optimize`` does: score, then search for what falls short.

    With ``everything`` all prompts are searched for. ``options`` are those of
    :func:`~pytest_promptopt.work.evaluate.evaluate`, and ``optimize_method``, ``optimize_set`` and
    ``optimizer_model``. ``on_search_event`` is told what a search does.
    Proposals are not saved, that is :class:`~pytest_promptopt.proposals.store.ProposalStore`'s.

    Raises like ``evaluate``, and UsageError where the options of searches cannot be meant.
    """
    with opened(path, options, (*OPTIONS, *OPTIMIZE_OPTIONS), on_remark, plugins) as (
        files,
        engine,
        settings,
    ):
        check_optimize_options(settings)
        run = evaluate_files(
            files,
            engine,
            changed_only=settings.changed,
            adjust=settings.gate_adjust,
            until_decided=settings.until_decided,
            on_event=on_event,
            on_remark=on_remark,
        )
        wanted = [prompt for prompt in run.prompts if everything or falls_short(prompt)]
        searcher = Searcher.of(engine, settings, on_search_event)
        searches, refused = _searched(wanted, searcher)
        run = replace(run, searches=tuple(search.finding.search for search in searches))
        engine.hook.pytest_promptopt_run(run=run)
    return Optimized(run=run, searches=tuple(searches), refused=refused)


def _searched(
    prompts: Iterable[PromptRecord], searcher: Searcher
) -> tuple[list[Search], dict[str, str]]:
    """The searches that ended, and why others could not start."""
    searches, refused = [], {}
    for prompt in prompts:
        try:
            searches.append(searcher.search(prompt))
        except (PromptFileError, UsageError, OSError) as error:
            refused[prompt.key] = str(error)
    return searches, refused


def falls_short(prompt: PromptRecord) -> bool:
    """Whether the gate failed, or without a gate a golden missed; errors are no reason."""
    if prompt.verdict is not None:
        return not prompt.verdict.passed
    return prompt.counts[Outcome.MISSED] > 0


def _with_proposal(search: Search, content: bytes, model: str | None) -> Search:
    """With the edit of the file's ``content``, if the search chose one that is worth showing."""
    prompt, chosen = search.subject.prompt, search.result.chosen
    if chosen is None:
        return search
    edit = edit_of(chosen, prompt, prompt.goldens, content, model=model)
    if prompt.path.read_bytes() != content:
        search = replace(search, remarks=(*search.remarks, _EDITED))
    if edit.before == edit.after or not _is_worth_showing(search.result):
        return search
    return replace(search, proposal=_proposal(search, chosen, edit))


def _proposal(search: Search, chosen: Candidate, edit: Edit) -> Proposal:
    return proposal_of(
        chosen,
        edit,
        search.subject,
        search.result,
        run=search.run,
        method=search.settings.method,
        optimizer_model=search.optimizer_model,
    )


def _is_worth_showing(result: Result) -> bool:
    """Shown to be good, or with too few goldens to tell; "no proven change" proposes nothing.

    Of a move, what scored within the margin is shown too.
    """
    verdict = result.verdict
    if verdict is None:
        return False
    is_within = verdict.comparison is not None and (
        verdict.comparison.difference >= -verdict.margin
    )
    good = {VerdictKind.IMPROVED, VerdictKind.NOT_INFERIOR, VerdictKind.UNPROVEN}
    return verdict.kind in good or (
        verdict.kind is VerdictKind.NO_PROVEN_CHANGE and verdict.margin > 0 and is_within
    )


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
    return overridden(found, _pairs(settings.optimize_set), "--prompt-optimize-set")


def describe_search_plan(subject: Subject, settings: Settings) -> list[str]:
    """What a search for the subject would take, or why there would be none."""
    try:
        found = optimize_settings(subject, settings)
        splits = split_goldens(subject.prompt.goldens)
        return [*plan_for(subject, found, splits, price_usd=settings.prices.cost_usd).lines]
    except UsageError as error:
        return [str(error)]


def check_optimize_options(settings: Settings) -> None:
    """Raise :class:`UsageError` where the command line names a method or setting wrongly."""
    if settings.responses is Responses.REPLAY:
        raise UsageError("--prompt-optimize asks new questions, which a replay cannot answer")
    method = settings.optimize_method or DEFAULT_METHOD
    preset = read_optimize_settings(method, {}, "--prompt-optimize-method")
    overridden(preset, _pairs(settings.optimize_set), "--prompt-optimize-set")


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
