import asyncio
import random
from typing import Any

import pytest

from pytest_promptopt.client.retries import Fault, Retrying, Wait
from pytest_promptopt.errors import (
    NotConfiguredError,
    RefusedError,
    TransientError,
    UnreachableError,
)
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request
from tests.client.asking import Answering, Clock, answer, ask, failing


def retrying(provider: Provider, clock: Clock, **settings: Any) -> Retrying:
    return Retrying(provider, rng=random.Random(7), sleep=clock.sleep, now=clock.now, **settings)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503, None])
def test_a_transient_fault_is_tried_again(status: int | None) -> None:
    clock = Clock()
    provider = failing(TransientError("busy", status=status))

    completion = asyncio.run(retrying(provider, clock).complete(ask()))

    assert completion.text == "Hello."
    assert len(provider.asked) == 2


def test_waits_grow_exponentially_under_full_jitter_up_to_the_cap() -> None:
    clock = Clock()
    faults = [TransientError("busy") for _ in range(12)]

    asyncio.run(
        retrying(failing(*faults), clock, max_retries=12, deadline_seconds=1e6).complete(ask())
    )

    bounds = [min(30.0, 0.5 * 2**n) for n in range(12)]
    assert all(0 <= nap <= bound for nap, bound in zip(clock.naps, bounds, strict=True))
    assert len({round(nap / bound, 6) for nap, bound in zip(clock.naps, bounds, strict=True)}) == 12


def test_it_never_waits_less_than_the_server_asks() -> None:
    clock = Clock()
    provider = failing(TransientError("busy", status=429, retry_after_seconds=20.0))

    asyncio.run(retrying(provider, clock).complete(ask()))

    assert 20.0 <= clock.naps[0] <= 20.5


def test_a_wait_that_would_pass_the_deadline_is_not_begun() -> None:
    clock = Clock()
    provider = failing(TransientError("m: busy", status=429, retry_after_seconds=300.0))

    with pytest.raises(TransientError) as caught:
        asyncio.run(retrying(provider, clock, deadline_seconds=120.0).complete(ask()))

    assert clock.naps == []
    assert str(caught.value) == (
        "m: busy; gave up after 1 try: the next try would be 300 s from now, after the 120 s in "
        "which a call is tried again; lower --prompt-concurrency or set the ini prompt_limits, "
        "then run again"
    )
    assert caught.value.retry_after_seconds == 300.0


def test_the_last_error_keeps_status_and_cause_and_counts_the_tries() -> None:
    provider = failing(*(TransientError("m: down", status=503) for _ in range(9)))

    with pytest.raises(TransientError) as caught:
        asyncio.run(retrying(provider, Clock(), max_retries=2).complete(ask()))

    assert len(provider.asked) == 3
    assert (caught.value.status, caught.value.attempts) == (503, 3)
    assert isinstance(caught.value.__cause__, TransientError)
    assert str(caught.value) == (
        "m: down; gave up after 3 tries: --prompt-max-retries allows no more; "
        "run again later; what was answered is kept"
    )


def test_the_deadline_counts_from_the_first_try() -> None:
    clock = Clock()

    async def silent(request: Request) -> Completion:
        await clock.sleep(5.0)
        raise TransientError("did not answer within 5 s")

    provider = Answering(silent)
    with pytest.raises(TransientError, match="gave up after 2 tries"):
        asyncio.run(retrying(provider, clock, deadline_seconds=10.0).complete(ask()))
    assert len(provider.asked) == 2


def test_where_nobody_is_it_is_tried_once_more_and_other_calls_are_not_sent() -> None:
    async def run() -> None:
        clock = Clock()
        provider = failing(*(UnreachableError("is the server running at x?") for _ in range(9)))
        client = retrying(provider, clock)
        for text in ("a", "b"):
            with pytest.raises(RefusedError, match=r"^is the server running at x\?$"):
                await client.complete(ask(text))
        assert provider.asked == ["a", "a"]
        assert sum(clock.naps) <= 0.5

    asyncio.run(run())


def test_where_somebody_has_answered_it_is_tried_as_after_any_fault() -> None:
    async def run() -> None:
        faults = [UnreachableError("is the server running at x?") for _ in range(3)]

        async def restart(request: Request) -> Completion:
            if request.messages[-1].content == "b" and faults:
                raise faults.pop()
            return answer()

        client = retrying(Answering(restart), Clock())
        await client.complete(ask("a"))
        assert await client.complete(ask("b")) == answer()

    asyncio.run(run())


def test_the_longest_wait_tells_who_is_waited_for_and_the_try() -> None:
    async def run() -> None:
        clock = Clock()
        seen: list[Wait | None] = []

        async def watch(request: Request) -> Completion:
            seen.append(client.longest_wait())
            await clock.sleep(5.0)
            if len(seen) == 1:
                raise TransientError("busy")
            return answer()

        client = retrying(Answering(watch), clock)
        assert client.longest_wait() is None
        request = ask()
        await client.complete(request)
        since = seen[0].since_seconds if seen[0] else 0.0
        assert seen == [
            Wait(model=request.model, since_seconds=since, attempt=attempt) for attempt in (1, 2)
        ]
        assert client.longest_wait() is None

    asyncio.run(run())


def test_faults_are_told_with_whether_they_are_retried() -> None:
    faults: list[Fault] = []
    provider = failing(TransientError("a", status=429), TransientError("b", status=500))

    with pytest.raises(TransientError):
        asyncio.run(
            retrying(provider, Clock(), max_retries=1, on_fault=faults.append).complete(ask())
        )

    assert [(fault.status, fault.is_retried) for fault in faults] == [(429, True), (500, False)]


def test_what_is_not_transient_is_not_tried_again() -> None:
    provider = failing(NotConfiguredError("no key"))

    with pytest.raises(NotConfiguredError):
        asyncio.run(retrying(provider, Clock()).complete(ask()))

    assert len(provider.asked) == 1


def test_a_refused_key_is_told_once_and_later_calls_are_not_sent() -> None:
    async def run() -> None:
        provider = failing(RefusedError("openai: the key is not valid", status=401))
        client = retrying(provider, Clock())
        for text in ("a", "b", "c"):
            with pytest.raises(RefusedError, match="the key is not valid"):
                await client.complete(ask(text))

        assert provider.asked == ["a"]

    asyncio.run(run())


def test_a_stop_reaches_a_call_that_waits_for_its_next_try() -> None:
    async def run() -> None:
        clock = Clock()
        provider = failing(
            TransientError("busy"), RefusedError("no", status=401), TransientError("unreached")
        )
        client = retrying(provider, clock)
        results = await asyncio.gather(
            client.complete(ask("first")), client.complete(ask("second")), return_exceptions=True
        )

        assert [type(result) for result in results] == [RefusedError, RefusedError]
        assert provider.asked == ["first", "second"]

    asyncio.run(run())


def test_a_cancelled_wait_ends_at_once() -> None:
    async def run() -> None:
        provider = failing(TransientError("busy", retry_after_seconds=50.0))
        task = asyncio.create_task(Retrying(provider, rng=random.Random(7)).complete(ask()))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_close_closes_the_provider() -> None:
    provider = Answering()

    asyncio.run(retrying(provider, Clock()).close())

    assert provider.closed == 1
