"""Identical requests at the same time are sent once."""

import asyncio
import copy
from dataclasses import dataclass

from pytest_promptopt.errors import ProviderError
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request


@dataclass(slots=True, kw_only=True)
class _Flight:
    task: asyncio.Task[Completion]
    waiters: int = 0


class InFlight:
    """Joins requests with the same fingerprint while one of them is in flight.

    A waiter that is cancelled leaves the others alone; the last one takes the call with it. An
    error is kept for the run: who asks again gets it again, and nothing is sent.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._flights: dict[str, _Flight] = {}
        self._abandoned: set[asyncio.Task[Completion]] = set()
        self._errors: dict[str, ProviderError] = {}

    async def complete(self, request: Request) -> Completion:
        """The answer to this request, or to the identical one that is already in flight."""
        fingerprint = request.fingerprint
        error = self._errors.get(fingerprint)
        if error is not None:
            raise error.with_traceback(None)
        flight = self._flights.get(fingerprint) or self._start(fingerprint, request)
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                self._abandon(fingerprint, flight)

    async def close(self) -> None:
        """Cancel what is still in flight, then close the provider."""
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._abandoned, return_exceptions=True)
        await self._provider.close()

    def _start(self, fingerprint: str, request: Request) -> _Flight:
        flight = _Flight(task=asyncio.create_task(self._send(fingerprint, request)))
        self._flights[fingerprint] = flight
        flight.task.add_done_callback(lambda _: self._land(fingerprint, flight))
        return flight

    async def _send(self, fingerprint: str, request: Request) -> Completion:
        try:
            return await self._provider.complete(request)
        except ProviderError as error:
            # A copy, because the error itself keeps the frames and buffers of its call alive.
            self._errors[fingerprint] = copy.copy(error)
            raise

    def _land(self, fingerprint: str, flight: _Flight) -> None:
        self._abandoned.discard(flight.task)
        if self._flights.get(fingerprint) is flight:
            del self._flights[fingerprint]

    def _abandon(self, fingerprint: str, flight: _Flight) -> None:
        del self._flights[fingerprint]
        self._abandoned.add(flight.task)
        flight.task.cancel()
