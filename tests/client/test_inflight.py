import asyncio

import pytest

from pytest_promptopt.client.inflight import InFlight
from pytest_promptopt.errors import RefusedError, TransientError
from pytest_promptopt.providers.request import Completion, Request
from tests.client.asking import Answering, answer, ask, failing


class Gate:
    """A provider's behaviour that waits until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.was_cancelled = False

    async def __call__(self, request: Request) -> Completion:
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        return answer()


def test_identical_requests_in_flight_are_sent_once() -> None:
    async def run() -> None:
        gate = Gate()
        provider = Answering(gate)
        in_flight = InFlight(provider)
        tasks = [asyncio.create_task(in_flight.complete(ask("a"))) for _ in range(5)]
        tasks.append(asyncio.create_task(in_flight.complete(ask("b"))))
        await asyncio.sleep(0)
        gate.opened.set()

        assert [completion.text for completion in await asyncio.gather(*tasks)] == ["Hello."] * 6
        assert provider.asked == ["a", "b"]

    asyncio.run(run())


def test_a_request_after_the_answer_is_sent_again() -> None:
    async def run() -> None:
        provider = Answering()
        in_flight = InFlight(provider)
        await in_flight.complete(ask("a"))
        await in_flight.complete(ask("a"))

        assert provider.asked == ["a", "a"]

    asyncio.run(run())


def test_a_cancelled_waiter_leaves_the_others_alone() -> None:
    async def run() -> None:
        gate = Gate()
        in_flight = InFlight(Answering(gate))
        first = asyncio.create_task(in_flight.complete(ask()))
        second = asyncio.create_task(in_flight.complete(ask()))
        await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.sleep(0.01)
        gate.opened.set()

        assert (await second).text == "Hello."
        assert first.cancelled()
        assert not gate.was_cancelled

    asyncio.run(run())


def test_the_last_waiter_takes_the_call_with_it_and_the_next_one_asks_anew() -> None:
    async def run() -> None:
        gate = Gate()
        provider = Answering(gate)
        in_flight = InFlight(provider)
        only = asyncio.create_task(in_flight.complete(ask()))
        await asyncio.sleep(0.01)
        only.cancel()
        await asyncio.sleep(0.01)
        assert gate.was_cancelled

        gate.opened.set()
        assert (await in_flight.complete(ask())).text == "Hello."
        assert len(provider.asked) == 2

    asyncio.run(run())


def test_an_error_is_told_again_without_a_new_call() -> None:
    async def run() -> None:
        provider = failing(TransientError("busy", status=500, attempts=7), RefusedError("no"))
        in_flight = InFlight(provider)
        for _ in range(3):
            with pytest.raises(TransientError, match="busy") as caught:
                await in_flight.complete(ask("a"))
            assert (caught.value.status, caught.value.attempts) == (500, 7)
        with pytest.raises(RefusedError):
            await in_flight.complete(ask("b"))

        assert provider.asked == ["a", "b"]

    asyncio.run(run())


def test_every_waiter_is_told_the_error() -> None:
    async def run() -> None:
        in_flight = InFlight(failing(TransientError("busy")))
        results = await asyncio.gather(
            *(in_flight.complete(ask()) for _ in range(3)), return_exceptions=True
        )

        assert [str(result) for result in results] == ["busy"] * 3

    asyncio.run(run())


def test_close_cancels_what_is_in_flight_and_closes_the_provider() -> None:
    async def run() -> None:
        gate = Gate()
        provider = Answering(gate)
        in_flight = InFlight(provider)
        waiter = asyncio.create_task(in_flight.complete(ask()))
        await asyncio.sleep(0.01)
        await in_flight.close()

        with pytest.raises(asyncio.CancelledError):
            await waiter
        assert gate.was_cancelled
        assert provider.closed == 1

    asyncio.run(run())
