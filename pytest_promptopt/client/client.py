"""The way of a request: everything around a provider, joined in one place."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pytest_promptopt.client.budget import Budget, Budgeted
from pytest_promptopt.client.cache import Cache
from pytest_promptopt.client.inflight import InFlight
from pytest_promptopt.client.ledger import Ledger, Metered, Tallied
from pytest_promptopt.client.limits import Concurrency, Limited, Limits
from pytest_promptopt.client.rates import Rate
from pytest_promptopt.client.recordings import Recorder, Replay
from pytest_promptopt.client.retries import Fault, Retrying, Wait
from pytest_promptopt.providers.pricing import Prices
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request
from pytest_promptopt.text.secrets import Secrets

_KEEP_DAYS = 90.0
_KEEP_BYTES = 512 * 1024 * 1024


class Responses(StrEnum):
    """Where answers come from."""

    LIVE = "live"
    RECORD = "record"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """What the user chose, read and checked.

    Without ``cache_path``, or with ``no_cache``, answers are kept for the run only. ``secrets``
    are values that no recording may hold. ``deadline_seconds`` bounds how long a call
    is tried again.
    """

    cache_path: Path | None = None
    no_cache: bool = False
    responses: Responses = Responses.LIVE
    budget: Budget | None = None
    concurrency: int | None = None
    max_retries: int = 6
    deadline_seconds: float = 240.0
    limits: Mapping[str, Rate] = field(default_factory=dict)
    prices: Prices = field(default_factory=Prices.load)
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The way of a request as a provider, and what the session asks of its parts.

    ``longest_wait`` gives the call that is waited for longest, from any thread.
    ``cache`` is None in replay, ``recorder`` outside record, ``replay`` outside replay.
    """

    provider: Provider
    ledger: Ledger
    longest_wait: Callable[[], Wait | None]
    cache: Cache | None = None
    recorder: Recorder | None = None
    replay: Replay | None = None

    async def complete(self, request: Request) -> Completion:
        """The answer, from wherever it can be had."""
        return await self.provider.complete(request)

    async def close(self) -> None:
        """Prune the cache, write and release everything; called once, after the last answer."""
        if self.cache is not None:
            self.cache.prune(max_age_days=_KEEP_DAYS, max_bytes=_KEEP_BYTES)
        await self.provider.close()


def build_client(
    settings: ClientSettings,
    provider: Provider,
    *,
    warn: Callable[[str], None],
    rng: random.Random,
    clock: Callable[[], float] = time.time,
) -> Client:
    """Join the parts around ``provider``, which belongs to the client from here on.

    A request passes tally → recordings → in flight → cache → budget → limits → retries → meter →
    provider. Recordings stand before everything that joins or saves requests, because two
    prompts with the same request each have it in their own file. In replay there is nothing
    behind the recordings: ``provider`` is neither asked nor closed.
    """
    ledger = Ledger()
    if settings.responses is Responses.REPLAY:
        replay = Replay()
        return Client(
            provider=Tallied(replay, ledger),
            ledger=ledger,
            longest_wait=lambda: None,
            replay=replay,
        )
    limits = _limits(settings)
    retrying = _retrying(settings, provider, ledger, limits, rng)
    cache = _cached(_budgeted(settings, Limited(retrying, limits)), settings, warn, clock)
    joined: Provider = InFlight(cache)
    recorder = None
    if settings.responses is Responses.RECORD:
        joined = recorder = Recorder(joined, warn=warn, secrets=Secrets(settings.secrets))
    return Client(
        provider=Tallied(joined, ledger),
        ledger=ledger,
        longest_wait=retrying.longest_wait,
        cache=cache,
        recorder=recorder,
    )


def _cached(
    provider: Provider,
    settings: ClientSettings,
    warn: Callable[[str], None],
    clock: Callable[[], float],
) -> Cache:
    path = None if settings.no_cache else settings.cache_path
    return Cache(provider, path=path, warn=warn, clock=clock)


def _limits(settings: ClientSettings) -> Limits:
    return Limits(
        concurrency=Concurrency.at_most(settings.concurrency),
        rates=settings.limits,
    )


def _retrying(
    settings: ClientSettings,
    provider: Provider,
    ledger: Ledger,
    limits: Limits,
    rng: random.Random,
) -> Retrying:
    def faulted(fault: Fault) -> None:
        limits.faulted(fault)
        ledger.faulted(fault)

    return Retrying(
        Metered(provider, ledger, settings.prices),
        rng=rng,
        max_retries=settings.max_retries,
        deadline_seconds=settings.deadline_seconds,
        on_fault=faulted,
    )


def _budgeted(settings: ClientSettings, provider: Provider) -> Provider:
    if settings.budget is None:
        return provider
    return Budgeted(provider, settings.budget, settings.prices.cost_usd)
