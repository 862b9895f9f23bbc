"""The session's side of the plugin, brought in by ``--prompt-eval``.

The search for better prompts is a third of the package: it is imported only where it is wanted.
"""

import functools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_promptopt.client.client import Client, Responses
from pytest_promptopt.errors import HistoryError, UsageError
from pytest_promptopt.evaluation.search_record import Rung, SearchRecord
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.history.baseline import Baseline
from pytest_promptopt.reports.terminal import describe_progress, describe_wait
from pytest_promptopt.scoring.time_limit import TimeLimit
from pytest_promptopt.session.after import AfterItems, Step
from pytest_promptopt.session.answer_service import Address, ControllerProvider
from pytest_promptopt.session.changed import Changed
from pytest_promptopt.session.discovery import FindingPrompts
from pytest_promptopt.session.folders import PromptFolders
from pytest_promptopt.session.plan import Planning
from pytest_promptopt.session.progress import Progress, Work
from pytest_promptopt.session.report_files import (
    Annotating,
    WritingReports,
    check_report_paths,
    renderers_of,
)
from pytest_promptopt.session.results import ItemReports, Reporting
from pytest_promptopt.session.run import Running
from pytest_promptopt.session.saved import SavingRun, SavingScores, UnusedRecordings
from pytest_promptopt.session.state import STATE, State
from pytest_promptopt.session.together import HoldingGates, JudgingTogether
from pytest_promptopt.session.transport import ReceivingReports, SendingReports
from pytest_promptopt.session.xdist import Controller
from pytest_promptopt.text.terminal import printable
from pytest_promptopt.work.bridge import Bridge
from pytest_promptopt.work.client import cache_path, is_from_fork
from pytest_promptopt.work.engine import LEAST_AHEAD, entry_reader, start_engine
from pytest_promptopt.work.evaluate import check_evaluate_options
from pytest_promptopt.work.results import Results
from pytest_promptopt.work.saved_runs import utc_now
from pytest_promptopt.work.settings import Settings, read_settings

if TYPE_CHECKING:
    from pytest_promptopt.proposals.finding import Finding


def start(config: pytest.Config) -> None:
    """Register what a run with prompts needs; raises ``pytest.UsageError``."""
    config.addinivalue_line("markers", "prompt: a golden example or the gate of a prompt file")
    try:
        _start(config, read_settings(config.getoption, config.getini))
    except (UsageError, HistoryError) as error:
        message = printable(str(error))
    else:
        return
    raise pytest.UsageError(message)


def _start(config: pytest.Config, settings: Settings) -> None:
    worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker_input is not None:
        _start_worker(config, settings, worker_input)
    else:
        _start_owner(config, settings)


def _start_worker(config: pytest.Config, settings: Settings, worker_input: dict[str, Any]) -> None:
    provider = ControllerProvider(Address(**worker_input["promptopt"]))
    base = worker_input["promptopt_base"]
    baseline = Baseline.at(**base, root=config.rootpath) if base else None
    state = State(
        entries=entry_reader(
            config.rootpath, settings, baseline, config.hook, _time_limit(config, settings)
        ),
        results=Results(
            bridge=Bridge(provider, ahead=LEAST_AHEAD),
            judges_together=settings.judges_together,
            until_decided=settings.until_decided,
        ),
        progress=Progress(config, lambda _: ()),
        tells_warnings=worker_input["workerid"] == "gw0",
    )
    folders, files = (map(Path, paths) for paths in worker_input["promptopt_prompts"])
    _share(config, state, PromptFolders(config, folders, files))
    if settings.judges_together:
        config.pluginmanager.register(HoldingGates(), "promptopt-holding-gates")
    if settings.changed:
        config.pluginmanager.register(Changed(config), "promptopt-changed")


def _start_owner(config: pytest.Config, settings: Settings) -> None:
    """Start the process that owns the calls: the only one, or the controller of workers."""
    check_report_paths(settings.report, renderers_of(config.hook, config.rootpath))
    check_evaluate_options(settings)
    if settings.wants_search:
        from pytest_promptopt.work.optimize import check_optimize_options

        check_optimize_options(settings)
    if settings.mutate:
        from pytest_promptopt.work.mutate import check_mutate_options

        check_mutate_options(settings)
    remarks: list[str] = []
    work = Work()
    engine = start_engine(
        config.rootpath,
        settings,
        warn=remarks.append,
        hook=config.hook,
        time_limit=_time_limit(config, settings),
        report_work=work.report,
    )
    client, bridge = engine.client, engine.bridge
    progress = Progress(
        config,
        lambda seconds: (
            work.parts or describe_progress(client.ledger.tally, bridge.planned, seconds)
        ),
        lambda: "" if work.text else describe_wait(client.longest_wait(), time.monotonic()),
    )
    results = Results(
        bridge=bridge,
        judges_together=settings.judges_together,
        until_decided=settings.until_decided,
        waiting=progress.draw,
        waited=progress.erase,
    )
    state = State(entries=engine.entries, results=results, progress=progress)
    finding = FindingPrompts(config, settings.paths)
    config.pluginmanager.register(finding, "promptopt-finding")
    _share(config, state, PromptFolders(config, finding.folders, finding.files))
    if settings.changed:
        config.pluginmanager.register(Changed(config), "promptopt-changed")
    if settings.plan:
        _plan_only(config, settings)
        return
    is_replay = settings.responses is Responses.REPLAY
    saved_in = "the recordings" if is_replay else "the cache"
    reporting = Reporting(config, remarks, saved_in, until_decided=settings.until_decided)
    config.pluginmanager.register(reporting, "promptopt-reporting")
    if settings.judges_together:
        together = JudgingTogether(config, settings.gate_adjust)
        config.pluginmanager.register(together, "promptopt-judging-together")
    steps = _steps(config, settings, state, reporting, client=client, work=work)
    config.pluginmanager.register(AfterItems([*steps]), "promptopt-after-items")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        workspace = Path(os.environ.get("GITHUB_WORKSPACE") or config.rootpath)
        annotating = Annotating(config, workspace.resolve())
        config.pluginmanager.register(annotating, "promptopt-annotating")
    if config.getoption("dist", "no") != "no":
        controller = Controller(config, state, finding, client.ledger.was_sent)
        config.pluginmanager.register(controller, "promptopt-controller")
        config.pluginmanager.register(ReceivingReports(), "promptopt-receiving-reports")


def _plan_only(config: pytest.Config, settings: Settings) -> None:
    config.option.dist = "no"
    cache = None if settings.no_cache else cache_path(config.rootpath, settings)
    search = None
    if settings.wants_search:
        from pytest_promptopt.work.optimize import describe_search_plan

        search = functools.partial(describe_search_plan, settings=settings)
    mutation: Callable[[Subject], list[str]] | None = None
    if settings.mutate:
        from pytest_promptopt.work.mutate import describe_mutation_plan

        mutation = describe_mutation_plan
    planning = Planning(
        cache, settings.prices, search, mutation, until_decided=settings.until_decided
    )
    config.pluginmanager.register(planning, "promptopt-planning")


def _steps(
    config: pytest.Config,
    settings: Settings,
    state: State,
    reporting: Reporting,
    *,
    client: Client,
    work: Work,
) -> Iterator[Step]:
    """What happens once, when the items are done, in this order."""
    yield UnusedRecordings(client, reporting, config.rootpath)
    findings: Callable[[], Sequence[Finding]] = tuple
    if settings.mutate:
        from pytest_promptopt.session.mutation import Mutating

        mutating = Mutating(
            config=config,
            state=state,
            reporting=reporting,
            work=work,
            is_from_fork=is_from_fork(),
            proposes=not settings.wants_search,
        )
        findings = mutating.findings
        yield mutating
    if settings.wants_search:
        from pytest_promptopt.session.optimization import Optimizing

        optimizing = Optimizing(
            config=config,
            state=state,
            reporting=reporting,
            settings=settings,
            work=work,
            is_from_fork=is_from_fork(),
        )
        findings = optimizing.findings
        yield optimizing

    def searches() -> list[SearchRecord]:
        return [finding.search for finding in findings()]

    if settings.propose == "apply":
        from pytest_promptopt.session.edits import Applying

        yield Applying(config=config, findings=findings)
    elif settings.propose != "patch":
        from pytest_promptopt.session.publication import Publishing

        publishing = Publishing(
            config=config,
            reporting=reporting,
            findings=findings,
            wish=Rung(settings.propose),
            secrets=settings.secrets,
        )
        searches = publishing.searches
        yield publishing
    if settings.save_scores:
        yield SavingScores(reporting, config.rootpath, now=utc_now)
    yield WritingReports(
        config,
        reporting,
        paths=settings.report,
        renderers=renderers_of(config.hook, config.rootpath),
        job_summary=os.environ.get("GITHUB_STEP_SUMMARY"),
        searches=searches,
    )
    yield SavingRun(config, reporting, utc_now, searches)


def _share(config: pytest.Config, state: State, folders: PromptFolders) -> None:
    config.stash[STATE] = state
    config.add_cleanup(state.bridge.close)
    config.pluginmanager.register(folders, "promptopt-folders")
    config.pluginmanager.register(Running(state), "promptopt-running")
    config.pluginmanager.register(ItemReports(), "promptopt-item-reports")
    config.pluginmanager.register(SendingReports(), "promptopt-sending-reports")


def _time_limit(config: pytest.Config, settings: Settings) -> TimeLimit:
    """That of scoring a golden; without the last means where pytest uses it for its own limit."""
    plugins = config.pluginmanager
    if plugins.hasplugin("faulthandler") and float(config.getini("faulthandler_timeout") or 0):
        return TimeLimit(seconds=settings.timeout)
    # What pytest captures during a test is lost with the process.
    stderr = os.dup(2)
    config.add_cleanup(lambda: os.close(stderr))
    return TimeLimit(seconds=settings.timeout, stack_to=stderr)
