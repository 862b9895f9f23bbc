import asyncio
from typing import Any

import pytest

from pytest_promptopt.client.limits import Concurrency, Limited, Limits
from pytest_promptopt.client.rates import Rate
from pytest_promptopt.client.retries import Fault
from pytest_promptopt.errors import TransientError
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Model, RateLimit, Request
from tests.client.asking import MINI, Answering, Clock, answer, ask, failing

LARGE = Model(provider="openai", name="gpt-5")
LOCAL = Model(provider="local", name="tiny")


def limited(provider: Provider, clock: Clock, most: int = 64, **settings: Any) -> Limited:
    limits = Limits(now=clock.now, concurrency=Concurrency(first=16, most=most), **settings)
    return Limited(provider, limits, sleep=clock.sleep, now=clock.now)


async def one_tick(request: Request) -> Completion:
    await asyncio.sleep(0.002)
    return answer()


def test_concurrency_reaches_the_maximum_and_no_more() -> None:
    async def run() -> None:
        provider = Answering(one_tick)
        client = limited(provider, Clock(), most=40)
        await asyncio.gather(*(client.complete(ask(str(n))) for n in range(300)))

        assert provider.most_in_flight == 40

    asyncio.run(run())


def test_answers_that_arrive_together_still_double_the_window() -> None:
    async def run() -> None:
        batches: list[int] = []
        arrived = asyncio.Event()

        async def together(request: Request) -> Completion:
            await arrived.wait()
            return answer()

        provider = Answering(together)
        client = limited(provider, Clock(), most=1000)
        tasks = asyncio.gather(*(client.complete(ask(str(n))) for n in range(112)))
        for _ in range(3):
            for _ in range(300):
                await asyncio.sleep(0)
            batches.append(provider.in_flight)
            arrived.set()
            arrived = asyncio.Event()
        await tasks

        assert batches == [16, 32, 64]

    asyncio.run(run())


def test_calls_are_sent_in_the_order_of_asking() -> None:
    async def run() -> None:
        provider = Answering(one_tick)
        client = limited(provider, Clock(), most=3)
        await asyncio.gather(*(client.complete(ask(str(n))) for n in range(20)))

        assert provider.asked == [str(n) for n in range(20)]

    asyncio.run(run())


def test_local_models_have_their_own_smaller_concurrency() -> None:
    async def run() -> None:
        provider = Answering(one_tick)
        client = limited(provider, Clock())
        await asyncio.gather(*(client.complete(ask(str(n), model=LOCAL)) for n in range(10)))

        assert provider.most_in_flight == 4

    asyncio.run(run())


def test_a_429_halves_the_endpoint_for_all_its_models() -> None:
    clock = Clock()
    limits = Limits(concurrency=Concurrency(first=16, most=64), now=clock.now)
    limits.faulted(Fault(model=MINI, status=429, began_at_seconds=0.0, is_retried=True))

    assert limits.window(LARGE).size == 8
    assert limits.window(LOCAL).size == 4

    limits.faulted(Fault(model=MINI, status=500, began_at_seconds=1.0, is_retried=True))
    assert limits.window(LARGE).size == 8


def test_requests_per_minute_are_respected_per_model() -> None:
    async def run() -> None:
        clock = Clock()
        client = limited(Answering(), clock, rates={"openai/gpt-5-mini": Rate(requests=10)})
        await asyncio.gather(*(client.complete(ask(str(n))) for n in range(10)))
        await client.complete(ask("another model", model=LARGE))
        assert clock.seconds == 0

        await client.complete(ask("one more"))
        assert 60 <= clock.seconds < 61

    asyncio.run(run())


def test_retries_count_as_requests() -> None:
    async def run() -> None:
        clock = Clock()
        limits = Limits(
            concurrency=Concurrency(first=16, most=64),
            rates={str(MINI): Rate(requests=2)},
            now=clock.now,
        )
        client = Limited(Answering(), limits, sleep=clock.sleep, now=clock.now)
        await client.complete(ask("a"))
        limits.faulted(Fault(model=MINI, status=500, began_at_seconds=0.0, is_retried=True))
        await client.complete(ask("b"))

        assert clock.seconds >= 60

    asyncio.run(run())


def test_tokens_per_minute_are_respected_with_true_usage() -> None:
    async def run() -> None:
        clock = Clock()
        client = limited(Answering(), clock, rates={str(MINI): Rate(tokens=300)})
        for number in range(5):
            await client.complete(ask(str(number), max_tokens=200))

        assert clock.seconds == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        (RateLimit(requests_remaining=0, requests_reset_seconds=7.0), 7.0),
        (RateLimit(tokens_remaining=0, tokens_reset_seconds=3.0), 3.0),
        (RateLimit(requests_remaining=0, requests_reset_seconds=86_400.0), 0.0),
        (RateLimit(requests_remaining=0), 0.0),
        (RateLimit(requests_remaining=5, requests_reset_seconds=7.0), 0.0),
    ],
)
def test_it_pauses_while_the_provider_says_that_nothing_remains(
    limit: RateLimit, seconds: float
) -> None:
    async def run() -> None:
        async def behave(request: Request) -> Completion:
            return answer(rate_limit=limit)

        clock = Clock()
        client = limited(Answering(behave), clock)
        await client.complete(ask("a"))
        await client.complete(ask("b", model=LARGE))
        assert clock.seconds == 0
        await client.complete(ask("c"))
        assert clock.seconds == pytest.approx(seconds)

    asyncio.run(run())


def test_failed_calls_give_their_slots_back() -> None:
    async def run() -> None:
        provider = failing(TransientError("a"), TransientError("b"))
        client = limited(provider, Clock(), most=1)
        results = await asyncio.gather(
            *(client.complete(ask(str(n))) for n in range(2)), return_exceptions=True
        )
        assert [type(result) for result in results] == [TransientError, TransientError]

        await asyncio.wait_for(client.complete(ask("c")), 1)

    asyncio.run(run())


def test_cancelled_calls_give_their_slots_back() -> None:
    async def run() -> None:
        is_slow = True

        async def behave(request: Request) -> Completion:
            await asyncio.sleep(9 if is_slow else 0)
            return answer()

        client = limited(Answering(behave), Clock(), most=1)
        tasks = [asyncio.create_task(client.complete(ask(str(n)))) for n in range(4)]
        await asyncio.sleep(0.01)
        for task in (tasks[2], tasks[0], tasks[1], tasks[3]):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        is_slow = False

        await asyncio.wait_for(client.complete(ask("c")), 1)

    asyncio.run(run())


def test_close_closes_the_provider() -> None:
    provider = Answering()

    asyncio.run(limited(provider, Clock()).close())

    assert provider.closed == 1


def test_the_wish_for_more_starts_higher_and_the_wish_for_less_ends_lower() -> None:
    assert [Concurrency.at_most(most) for most in (None, 4, 100, 1000)] == [
        (16, 256),
        (16, 4),
        (50, 100),
        (500, 1000),
    ]
