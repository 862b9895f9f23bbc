"""The engine that asks and scores prompts in a project, set up from its settings."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pluggy

from pytest_promptopt.client.client import Client
from pytest_promptopt.client.limits import Concurrency
from pytest_promptopt.errors import UsageError
from pytest_promptopt.evaluation.subject import SubjectSettings
from pytest_promptopt.history.baseline import Baseline, default_ref, find_baseline
from pytest_promptopt.hooks import promised
from pytest_promptopt.providers.models import resolve_model
from pytest_promptopt.providers.request import Model
from pytest_promptopt.providers.router import PROVIDERS
from pytest_promptopt.providers.settings import ReportWork, ignore_work
from pytest_promptopt.scoring.time_limit import TimeLimit
from pytest_promptopt.work.bridge import Bridge
from pytest_promptopt.work.client import client_of, code_of
from pytest_promptopt.work.entries import EntryReader
from pytest_promptopt.work.settings import Settings

LEAST_AHEAD = 256
"""Goldens that are asked for ahead of whoever wants their answers, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The client, the bridge to it, and how prompt files are read for it. To be closed."""

    root: Path
    hook: pluggy.HookRelay
    client: Client
    bridge: Bridge
    entries: EntryReader

    def close(self) -> None:
        """Close the client; may be repeated."""
        self.bridge.close()


def start_engine(
    root: Path,
    settings: Settings,
    *,
    warn: Callable[[str], None],
    hook: pluggy.HookRelay,
    time_limit: TimeLimit | None = None,
    report_work: ReportWork = ignore_work,
) -> Engine:
    """The engine of the project at ``root``; nothing is sent yet.

    ``warn`` is told what people should know. ``hook`` are the hooks of plugins that take part;
    ``report_work`` is told what has to be done before a model
    can be asked. Raises :class:`UsageError` and :class:`~pytest_promptopt.errors.HistoryError`.
    """
    baseline = find_base(root, settings)
    client = client_of(root, settings, warn=warn, hook=hook, report_work=report_work)
    ahead = max(LEAST_AHEAD, 4 * Concurrency.at_most(settings.concurrency).most)
    return Engine(
        root=root,
        hook=hook,
        client=client,
        bridge=Bridge(client, ahead=ahead),
        entries=entry_reader(root, settings, baseline, hook, time_limit),
    )


def find_base(root: Path, settings: Settings) -> Baseline | None:
    """The base that was named, or in CI that of the pull request; raises HistoryError."""
    ref = settings.base or default_ref(os.environ)
    if ref is not None:
        return find_baseline(ref, root=root)
    if settings.changed:
        raise UsageError("--prompt-changed: changed since when? Name the base: --prompt-base REF")
    return None


def entry_reader(
    root: Path,
    settings: Settings,
    baseline: Baseline | None,
    hook: pluggy.HookRelay,
    time_limit: TimeLimit | None,
) -> EntryReader:
    """Reads prompt files the way that ``settings`` want them."""

    def resolve(name: str) -> Model:
        found = hook.pytest_promptopt_model(name=name)
        if found is not None:
            model: Model = promised(found, Model, "pytest_promptopt_model")
            return model
        return resolve_model(
            name,
            aliases=settings.models,
            environ=os.environ,
            root=root,
            other_providers=PROVIDERS.contributed,
        )

    return EntryReader(
        settings=SubjectSettings(
            resolve_model=resolve,
            root=root,
            judge_model=settings.judge_model,
            samples=settings.samples,
            code=code_of(root, settings),
            time_limit=time_limit or TimeLimit(seconds=settings.timeout),
        ),
        models=settings.model,
        baseline=baseline,
        saves_scores=settings.save_scores,
    )
