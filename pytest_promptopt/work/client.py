"""The client of a run, from its settings."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pluggy

from pytest_promptopt.client.budget import Budget
from pytest_promptopt.client.client import Client, ClientSettings, Responses, build_client
from pytest_promptopt.client.rates import parse_rates
from pytest_promptopt.errors import UsageError
from pytest_promptopt.forge.job import read_job
from pytest_promptopt.hookspecs import promised
from pytest_promptopt.project.code import ProjectCode
from pytest_promptopt.project.folder import keep_out_of_git
from pytest_promptopt.project.settings import Settings
from pytest_promptopt.providers.keys import KEY_VARIABLES
from pytest_promptopt.providers.models import parse_aliases
from pytest_promptopt.providers.pricing import Prices, parse_prices
from pytest_promptopt.providers.promise import Promised
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.router import Router
from pytest_promptopt.providers.settings import ProviderSettings, ReportWork

_CACHE_FILE = "answers.sqlite"
_RETRIED_FOR_TIMEOUTS = 2


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
        responses=Responses(settings.responses),
        budget=Budget.parse(settings.budget) if settings.budget else None,
        concurrency=settings.concurrency,
        max_retries=settings.max_retries,
        deadline_seconds=_RETRIED_FOR_TIMEOUTS * settings.timeout,
        limits=parse_rates(settings.limits),
        prices=prices_of(settings),
        secrets=secrets_of(settings),
    )
    if client_settings.responses is not Responses.REPLAY and not settings.plan:
        keep_out_of_git(root)
    provider: Provider = Router(provider_settings)
    for wrap in hook.pytest_promptopt_wrapper():
        provider = promised(wrap, Callable, "pytest_promptopt_wrapper")(provider)
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
    job = read_job(os.environ)
    return job is not None and job.is_from_fork


def cache_path(root: Path, settings: Settings) -> Path:
    """Where the cache is."""
    return root / settings.cache_dir / _CACHE_FILE


def prices_of(settings: Settings) -> Prices:
    """The built-in prices and those of the ini file."""
    return Prices.load(parse_prices(settings.prices))


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """The values of the variables that keys are read from."""
    aliases = parse_aliases(settings.models).values()
    names = {*KEY_VARIABLES, *(alias.key_variable for alias in aliases if alias.key_variable)}
    return tuple(os.environ[name] for name in names if os.environ.get(name))
