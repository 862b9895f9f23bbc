"""The client of a run, from its settings."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pluggy

from pytest_promptopt.client.client import Client, ClientSettings, Responses, build_client
from pytest_promptopt.errors import UsageError
from pytest_promptopt.hooks import promised
from pytest_promptopt.project.code import ProjectCode
from pytest_promptopt.project.folder import keep_out_of_git
from pytest_promptopt.providers.promise import Promised
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.router import Router
from pytest_promptopt.providers.settings import ProviderSettings, ReportWork
from pytest_promptopt.work.settings import Settings

_CACHE_FILE = "answers.sqlite"
RETRIED_FOR_TIMEOUTS = 2


def client_of(
    root: Path,
    settings: Settings,
    *,
    warn: Callable[[str], None],
    hook: pluggy.HookRelay,
    report_work: ReportWork,
) -> Client:
    """The client, which tells ``warn`` what people should know; raises UsageError.

    ``report_work`` is told of what has to be done before a model can be asked.
    """
    provider_settings = ProviderSettings(
        root=root,
        code=code_of(root, settings),
        timeout_seconds=settings.timeout,
        deterministic=settings.local_deterministic,
        report_work=report_work,
    )
    client_settings = ClientSettings(
        cache_path=cache_path(root, settings),
        no_cache=settings.no_cache,
        responses=settings.responses,
        budget=settings.budget,
        concurrency=settings.concurrency,
        max_retries=settings.max_retries,
        deadline_seconds=RETRIED_FOR_TIMEOUTS * settings.timeout,
        limits=settings.limits,
        prices=settings.prices,
        secrets=settings.secrets,
    )
    if settings.responses is not Responses.REPLAY and not settings.plan:
        keep_out_of_git(root)
    provider: Provider = Router(provider_settings)
    for wrap in hook.pytest_promptopt_wrapper():
        provider = promised(wrap, Callable, "pytest_promptopt_wrapper")(provider)
        if not callable(getattr(provider, "complete", None)):
            found = type(provider).__name__
            raise UsageError(f"pytest_promptopt_wrapper: expected a provider, found {found}")
    client = build_client(client_settings, Promised(provider), warn=warn, rng=random.Random())
    if settings.cache_clear and client.cache is not None:
        client.cache.clear()
    return client


def code_of(root: Path, settings: Settings) -> ProjectCode:
    """The functions that files may name in this run."""
    refusal = "--prompt-no-code" if settings.no_code else _refusal_of_job()
    return ProjectCode(root=root, allowed=settings.python_modules, refusal=refusal)


def _refusal_of_job() -> str:
    """Why no code is run in this job, if so; one that tells nothing of itself may be a fork's."""
    try:
        is_refused = is_from_fork()
    except UsageError as error:
        return f"nothing tells whose files these are: {error}"
    return (
        "this is a job for a fork's pull request, whose files nobody has reviewed"
        if is_refused
        else ""
    )


def is_from_fork() -> bool:
    """Whether this is a job of GitHub Actions for a fork's pull request."""
    if "GITHUB_ACTIONS" not in os.environ:
        return False

    from pytest_promptopt.forge.job import read_job

    job = read_job(os.environ)
    return job is not None and job.is_from_fork


def cache_path(root: Path, settings: Settings) -> Path:
    """Where the cache is."""
    return root / settings.cache_dir / _CACHE_FILE
