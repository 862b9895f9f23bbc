"""The limits that a call waits for before it is sent."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pytest_promptopt.client.estimate import likely_usage
from pytest_promptopt.client.rates import Booking, Minute, Rate
from pytest_promptopt.client.retries import Fault
from pytest_promptopt.client.window import Window
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Model, RateLimit, Request
from pytest_promptopt.providers.router import most_in_flight

_FIRST = 16
_MOST = 256


LONGEST_PAUSE_SECONDS = 60.0
"""A longer reset is that of a daily quota: the 429 that follows says so, a pause would not."""

_LONGEST_NAP_SECONDS = 1.0


class Concurrency(NamedTuple):
    """Calls in flight to one endpoint: how many at ``first``, and how many at ``most``."""

    first: int = _FIRST
    most: int = _MOST

    @classmethod
    def at_most(cls, most: int | None) -> "Concurrency":
        """That of who wants no more than ``most``, by default as many as are usual."""
        if most is None:
            return cls()
        return cls(first=max(_FIRST, most // 2), most=most)


@dataclass(slots=True, kw_only=True)
class Lane:
    """The queue of one model: whose turn it is, its endpoint's window and its own minute."""

    window: Window
    minute: Minute | None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    paused_until_seconds: float = 0.0
    queued: int = 0

    def wait_seconds(self, tokens: int, now_seconds: float) -> float:
        """0 where a request may go now, else how long to wait before asking again."""
        pause = max(0.0, self.paused_until_seconds - now_seconds)
        if self.minute is None:
            return pause
        return max(pause, self.minute.wait_seconds(tokens=tokens, now_seconds=now_seconds))

    def book(self, tokens: int, now_seconds: float) -> Booking | None:
        """Note a request that is sent now."""
        if self.minute is None:
            return None
        return self.minute.book(tokens=tokens, now_seconds=now_seconds)

    def correct(self, booking: Booking | None, tokens: int) -> None:
        """Put the tokens that were taken in place of those that were likely."""
        if self.minute is not None and booking is not None:
            self.minute.correct(booking, tokens=tokens)

    def pause(self, limit: RateLimit, now_seconds: float) -> None:
        """Hold further requests where the provider says that nothing remains."""
        for remaining, reset_seconds in (
            (limit.requests_remaining, limit.requests_reset_seconds),
            (limit.tokens_remaining, limit.tokens_reset_seconds),
        ):
            if reset_seconds is None or reset_seconds > LONGEST_PAUSE_SECONDS:
                continue
            if remaining is not None and remaining <= 0:
                until = now_seconds + reset_seconds
                self.paused_until_seconds = max(self.paused_until_seconds, until)


class Limits:
    """What each endpoint and model takes: concurrency, requests and tokens per minute.

    Shared by :class:`Limited`, which waits for it, and the retries inside, which report faults.
    ``rates`` go by ``provider/model``. Endpoints have a :class:`Window` each, which starts and ends
    as ``concurrency`` says, unless the provider takes only so many from the start.
    """

    def __init__(
        self,
        *,
        concurrency: Concurrency,
        rates: Mapping[str, Rate] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._concurrency = concurrency
        self._rates = rates or {}
        self._now = now
        self._windows: dict[tuple[str, str], Window] = {}
        self._lanes: dict[Model, Lane] = {}

    def window(self, model: Model) -> Window:
        """The window of the endpoint of ``model``."""
        window = self._windows.get(model.endpoint)
        if window is None:
            window = self._windows[model.endpoint] = self._new_window(model)
        return window

    def faulted(self, fault: Fault) -> None:
        """Note a failed try: a 429 narrows the window, a retry counts as a request."""
        now = self._now()
        if fault.status == 429:
            window = self.window(fault.model)
            window.refused(began_at_seconds=fault.began_at_seconds, now_seconds=now)
        if fault.is_retried:
            self.lane(fault.model).book(0, now)

    def lane(self, model: Model) -> Lane:
        """The queue of ``model``."""
        lane = self._lanes.get(model)
        if lane is None:
            rate = self._rates.get(str(model))
            lane = Lane(window=self.window(model), minute=Minute(rate) if rate else None)
            self._lanes[model] = lane
        return lane

    def _new_window(self, model: Model) -> Window:
        first, most = self._concurrency.first, self._concurrency.most
        if (taken := most_in_flight(model)) is not None:
            first = most = min(taken, most)
        return Window(first=first, maximum=most)


class Limited:
    """Sends calls when their endpoint and model take them, in the order in which they came.

    The order holds per model; models of one endpoint take turns. A call keeps its slot while
    the retries inside wait, so that an endpoint that refuses is asked less.
    """

    def __init__(
        self,
        provider: Provider,
        limits: Limits,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._limits = limits
        self._sleep = sleep
        self._now = now

    async def complete(self, request: Request) -> Completion:
        """The answer, asked for when there is room."""
        lane = self._limits.lane(request.model)
        lane.queued += 1
        try:
            async with lane.turn:
                booking = await self._admitted(lane, request)
        finally:
            lane.queued -= 1
        taken_tokens = 0
        try:
            completion = await self._provider.complete(request)
            taken_tokens = completion.usage.total_tokens
            lane.window.succeeded(is_wanted=lane.queued > 0)
        finally:
            lane.correct(booking, taken_tokens)
            lane.window.release()
        if completion.rate_limit is not None:
            lane.pause(completion.rate_limit, self._now())
        return completion

    async def close(self) -> None:
        """Close the provider."""
        await self._provider.close()

    async def _admitted(self, lane: Lane, request: Request) -> Booking | None:
        tokens = 0 if lane.minute is None else likely_usage(request).total_tokens
        while True:
            while wait_seconds := lane.wait_seconds(tokens, self._now()):
                await self._sleep(min(wait_seconds, _LONGEST_NAP_SECONDS))
            await lane.window.acquire()
            # Waiting for the slot takes time in which the model may have been paused.
            if not lane.wait_seconds(tokens, self._now()):
                return lane.book(tokens, self._now())
            lane.window.release()
