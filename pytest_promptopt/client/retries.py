"""Retries: whether and when a failed call is tried again."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from pytest_promptopt.client.stops import Stops
from pytest_promptopt.errors import RefusedError, TransientError, UnreachableError
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Model, Request

BASE_SECONDS = 0.5
CAP_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One try that failed. ``began_at_seconds`` is on the clock given to :class:`Retrying`."""

    model: Model
    status: int | None
    began_at_seconds: float
    is_retried: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A call that is waited for; ``since_seconds`` is on the clock given to :class:`Retrying`."""

    model: Model
    since_seconds: float
    attempt: int = 1


class Retrying:
    """Repeats calls that met a :class:`~pytest_promptopt.errors.TransientError`.

    Waits as long as the server asks plus an exponential wait with full jitter (base 0.5 s, cap
    30 s; Brooker, "Exponential Backoff And Jitter", AWS 2015): never less than asked, and not
    all at the same moment. No try begins more than ``deadline_seconds`` after the first. How long
    one try may take is the provider's to say: only it can tell answering from starting a server.
    The last error keeps its status and names the tries.

    Where nobody is and nobody has answered in this run, it is tried once more, at once. That and
    a refusal is told once: see :class:`~pytest_promptopt.client.stops.Stops`. It is looked up
    just before each try, so it also reaches calls that had been queued for long.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        rng: random.Random,
        max_retries: int = 6,
        deadline_seconds: float = 240.0,
        on_fault: Callable[[Fault], None] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._rng = rng
        self._max_retries = max_retries
        self._deadline_seconds = deadline_seconds
        self._on_fault = on_fault
        self._sleep = sleep
        self._now = now
        self._stops = Stops()
        self._waits: dict[int, Wait] = {}

    async def complete(self, request: Request) -> Completion:
        """The first answer of at most ``max_retries + 1`` tries."""
        wait = Wait(model=request.model, since_seconds=self._now())
        try:
            return await self._first_answer(request, wait)
        finally:
            self._waits.pop(id(request), None)

    def longest_wait(self) -> Wait | None:
        """The call that is waited for longest; from any thread."""
        return min(list(self._waits.values()), key=lambda wait: wait.since_seconds, default=None)

    async def _first_answer(self, request: Request, wait: Wait) -> Completion:
        while True:
            self._waits[id(request)] = wait
            began_at = self._now()
            try:
                return await self._try(request)
            except TransientError as error:
                remaining_seconds = wait.since_seconds + self._deadline_seconds - self._now()
                wait_seconds = self._wait_seconds(error, wait.attempt)
                reason = self._reason_to_stop(wait.attempt, wait_seconds, remaining_seconds)
                is_nobody_there = self._is_nobody_there(error, wait)
                is_retried = reason is None and not is_nobody_there
                self._tell(request, error, began_at, is_retried=is_retried)
                if is_nobody_there:
                    raise self._stops.unreachable(wait.model, error.message) from error
                if reason is not None:
                    raise _final(error, wait.attempt, reason) from error
            await self._sleep(wait_seconds)
            wait = replace(wait, attempt=wait.attempt + 1)

    async def close(self) -> None:
        """Close the provider."""
        await self._provider.close()

    async def _try(self, request: Request) -> Completion:
        self._stops.check(request.model)
        try:
            completion = await self._provider.complete(request)
        except RefusedError as error:
            self._stops.refused(request.model, error)
            raise
        self._stops.answered(request.model)
        return completion

    def _is_nobody_there(self, error: TransientError, wait: Wait) -> bool:
        return (
            isinstance(error, UnreachableError)
            and wait.attempt > min(self._max_retries, 1)
            and not self._stops.has_answered(wait.model)
        )

    def _wait_seconds(self, error: TransientError, attempt: int) -> float:
        jitter = self._rng.uniform(0.0, min(CAP_SECONDS, BASE_SECONDS * 2 ** (attempt - 1)))
        return (error.retry_after_seconds or 0.0) + jitter

    def _reason_to_stop(
        self, attempt: int, wait_seconds: float, remaining_seconds: float
    ) -> str | None:
        if attempt > self._max_retries:
            return "--prompt-max-retries allows no more"
        if wait_seconds > remaining_seconds:
            limit = f"the {self._deadline_seconds:g} s in which a call is tried again"
            if remaining_seconds <= 0:
                return f"{limit} are over"
            return f"the next try would be {wait_seconds:.0f} s from now, after {limit}"
        return None

    def _tell(
        self, request: Request, error: TransientError, began_at: float, *, is_retried: bool
    ) -> None:
        if self._on_fault is not None:
            self._on_fault(
                Fault(
                    model=request.model,
                    status=error.status,
                    began_at_seconds=began_at,
                    is_retried=is_retried,
                )
            )


def _final(error: TransientError, attempts: int, reason: str) -> TransientError:
    tries = "1 try" if attempts == 1 else f"{attempts} tries"
    return TransientError(
        f"{error.message}; gave up after {tries}: {reason}; {_advice(error.status)}",
        status=error.status,
        attempts=attempts,
        retry_after_seconds=error.retry_after_seconds,
    )


def _advice(status: int | None) -> str:
    if status == 429:
        return "lower --prompt-concurrency or set the ini prompt_limits, then run again"
    if status is None:
        return "check the connection or raise --prompt-timeout, then run again"
    return "run again later; what was answered is kept"
