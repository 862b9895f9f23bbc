"""The session's side of the plugin, brought in by ``--prompt-eval``."""

import functools
import gc
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.client.budget import Budget
from pytest_promptopt.client.client import Client, ClientSettings, Responses, build_client
from pytest_promptopt.client.limits import FIRST_CONCURRENCY, MOST_CONCURRENCY
from pytest_promptopt.client.rates import parse_rates
from pytest_promptopt.errors import UsageError
from pytest_promptopt.evaluation.subject import SubjectSettings
from pytest_promptopt.prompts.library import is_prompt_file
from pytest_promptopt.providers.keys import KEY_VARIABLES
from pytest_promptopt.providers.models import parse_aliases, resolve_model
from pytest_promptopt.providers.pricing import Prices, parse_prices
from pytest_promptopt.providers.router import Router
from pytest_promptopt.providers.settings import ProviderSettings
from pytest_promptopt.reports.terminal import describe_progress
from pytest_promptopt.session.collection import PromptFile
from pytest_promptopt.session.folders import DefaultFolders, default_folders
from pytest_promptopt.session.gitignore import keep_out_of_git
from pytest_promptopt.session.items import GoldenItem
from pytest_promptopt.session.planning import Planning
from pytest_promptopt.session.progress import Progress, Work
from pytest_promptopt.session.recordings import UnusedRecordings
from pytest_promptopt.session.reporting import ItemReports, Reporting
from pytest_promptopt.session.state import STATE, State
from pytest_promptopt.session.xdist import Address, Controller, ControllerProvider
from pytest_promptopt.settings import Settings, read_settings
from pytest_promptopt.workflow import Workflow

_CACHE_FILE = "answers.sqlite"
_LEAST_AHEAD = 256
_RETRIED_FOR_TIMEOUTS = 2


def start(config: pytest.Config) -> None:
    """Register what a run with prompts needs; raises ``pytest.UsageError``."""
    config.addinivalue_line("markers", "prompt: a golden example or the gate of a prompt file")
    try:
        _start(config, read_settings(config.getoption, config.getini))
    except UsageError as error:
        message = str(error)
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
    state = State(
        subject_settings=_subject_settings(config, settings),
        workflow=Workflow(provider, ahead=_LEAST_AHEAD),
        progress=Progress(config, lambda _: ()),
        tells_warnings=worker_input["workerid"] == "gw0",
    )
    _share(config, state, [Path(folder) for folder in worker_input["promptopt_folders"]])


def _start_owner(config: pytest.Config, settings: Settings) -> None:
    """Start the process that owns the calls: the only one, or the controller of workers."""
    remarks: list[str] = []
    work = Work()
    client = _client(config, settings, warn=remarks.append, work=work)
    ahead = max(_LEAST_AHEAD, 4 * (settings.concurrency or MOST_CONCURRENCY))
    workflow = Workflow(client, ahead=ahead)
    state = State(
        subject_settings=_subject_settings(config, settings),
        workflow=workflow,
        progress=Progress(
            config,
            lambda seconds: (
                (work.text,)
                if work.text
                else describe_progress(client.ledger.tally, workflow.planned, seconds)
            ),
        ),
    )
    folders = default_folders(config, settings.paths)
    _share(config, state, folders)
    plugins = config.pluginmanager
    if settings.plan:
        config.option.dist = "no"
        cache_path = None if settings.no_cache else _cache_path(config, settings)
        plugins.register(Planning(cache_path, _prices(settings)), "promptopt-planning")
        return
    reporting = Reporting(config, remarks)
    plugins.register(reporting, "promptopt-reporting")
    unused = UnusedRecordings(client, reporting, config.rootpath)
    plugins.register(unused, "promptopt-unused-recordings")
    if config.getoption("dist", "no") != "no":
        plugins.register(Controller(config, state, folders), "promptopt-controller")


def _share(config: pytest.Config, state: State, folders: Sequence[Path]) -> None:
    config.stash[STATE] = state
    config.add_cleanup(state.workflow.close)
    config.pluginmanager.register(DefaultFolders(config, folders), "promptopt-folders")
    config.pluginmanager.register(Running(state), "promptopt-running")
    config.pluginmanager.register(ItemReports(), "promptopt-item-reports")


class Running:
    """Collects prompt files and has their goldens asked ahead."""

    def __init__(self, state: State) -> None:
        self._state = state

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> PromptFile | None:
        """Take prompt files."""
        if is_prompt_file(file_path):
            return PromptFile.from_parent(parent, path=file_path)
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Any:
        """Plan the goldens in the order in which their items will run."""
        if _will_run(session) and not hasattr(session.config, "workerinput"):
            items = [item for item in session.items if isinstance(item, GoldenItem)]
            self._state.ask_ahead((item.subject, item.golden) for item in items)
        # What was collected lives to the end: walking it again and again takes a tenth of a run.
        gc.freeze()
        try:
            return (yield)
        finally:
            gc.unfreeze()


def _will_run(session: pytest.Session) -> bool:
    option = session.config.option
    stops = session.testsfailed and not option.continue_on_collection_errors
    return not option.collectonly and not stops


def _subject_settings(config: pytest.Config, settings: Settings) -> SubjectSettings:
    return SubjectSettings(
        resolve_model=functools.partial(
            resolve_model,
            aliases=parse_aliases(settings.models),
            environ=os.environ,
            root=config.rootpath,
        ),
        root=config.rootpath,
        model=settings.model,
        judge_model=settings.judge_model,
        samples=settings.samples,
    )


def _client(
    config: pytest.Config, settings: Settings, *, warn: Callable[[str], None], work: Work
) -> Client:
    provider_settings = ProviderSettings(
        root=config.rootpath,
        timeout_seconds=settings.timeout,
        deterministic=settings.local_deterministic,
        report_work=work.report,
    )
    client_settings = ClientSettings(
        cache_path=_cache_path(config, settings),
        no_cache=settings.no_cache,
        responses=Responses(settings.responses),
        budget=Budget.parse(settings.budget) if settings.budget else None,
        concurrency=settings.concurrency or MOST_CONCURRENCY,
        first_concurrency=max(FIRST_CONCURRENCY, (settings.concurrency or 0) // 2),
        max_retries=settings.max_retries,
        deadline_seconds=_RETRIED_FOR_TIMEOUTS * settings.timeout,
        limits=parse_rates(settings.limits),
        prices=_prices(settings),
        secrets=_secrets(settings),
    )
    if client_settings.responses is not Responses.REPLAY and not settings.plan:
        keep_out_of_git(config.rootpath)
    router = Router(provider_settings)
    client = build_client(client_settings, router, warn=warn, rng=random.Random())
    if settings.cache_clear and client.cache is not None:
        client.cache.clear()
    return client


def _cache_path(config: pytest.Config, settings: Settings) -> Path:
    return config.rootpath / settings.cache_dir / _CACHE_FILE


def _prices(settings: Settings) -> Prices:
    return Prices.load(parse_prices(settings.prices))


def _secrets(settings: Settings) -> tuple[str, ...]:
    """The values of the variables that keys are read from."""
    aliases = parse_aliases(settings.models).values()
    names = {*KEY_VARIABLES, *(alias.key_variable for alias in aliases if alias.key_variable)}
    return tuple(os.environ[name] for name in names if os.environ.get(name))
