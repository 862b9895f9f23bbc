import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.client.budget import Budget
from pytest_promptopt.client.client import Client, ClientSettings, Responses, build_client
from pytest_promptopt.client.rates import Rate
from pytest_promptopt.errors import BudgetError, NotRecordedError, RefusedError, TransientError
from pytest_promptopt.providers.pricing import Price, Prices
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request
from tests.client.asking import MINI, Answering, answer, ask, failing


def client(provider: Provider, **settings: Any) -> Client:
    settings.setdefault(
        "prices", Prices(overrides={str(MINI): Price(input_usd=1.0, output_usd=10.0)})
    )
    return build_client(
        ClientSettings(**settings), provider, warn=pytest.fail, rng=random.Random(7)
    )


def test_an_answer_is_sent_for_once_and_saved_afterwards(tmp_path: Path) -> None:
    async def run() -> Client:
        provider = Answering()
        asking = client(provider, cache_path=tmp_path / "c" / "answers.sqlite")
        for _ in range(2):
            await asyncio.gather(*(asking.complete(ask(str(n % 10))) for n in range(30)))
        await asking.close()
        assert provider.closed == 1
        return asking

    first = asyncio.run(run()).ledger.tally
    second = asyncio.run(run()).ledger.tally

    assert (first.sent, first.answered, first.saved) == (10, 10, 0)
    assert first.cost_usd == pytest.approx(10 * 27e-6)
    assert (second.sent, second.saved, second.cost_usd) == (0, 10, 0.0)
    assert second.saved_usd == first.cost_usd


@pytest.mark.parametrize("settings", [{}, {"no_cache": True}])
def test_without_a_cache_answers_are_kept_for_the_run(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    async def run() -> None:
        provider = Answering()
        path = tmp_path / "c" / "answers.sqlite" if settings else None
        asking = client(provider, cache_path=path, **settings)
        for _ in range(2):
            await asking.complete(ask())
        await asking.close()

        assert len(provider.asked) == 1
        assert list(tmp_path.iterdir()) == []

    asyncio.run(run())


def test_faults_are_retried_counted_and_still_bring_every_answer() -> None:
    async def run() -> None:
        rng = random.Random(3)

        async def unreliable(request: Request) -> Completion:
            luck = rng.random()
            if luck < 0.15:
                status = 429 if luck < 0.10 else 500
                raise TransientError("fault", status=status, retry_after_seconds=0.001)
            return answer()

        asking = client(Answering(unreliable), deadline_seconds=60.0)
        await asyncio.gather(*(asking.complete(ask(str(n))) for n in range(40)))
        await asking.close()
        tally = asking.ledger.tally

        assert tally.answered == 40
        assert tally.retries == tally.sent - 40 > 0

    asyncio.run(run())


def test_a_refused_key_stops_calls_that_are_already_queued() -> None:
    async def run() -> None:
        async def refuse(request: Request) -> Completion:
            await asyncio.sleep(0.01)
            raise RefusedError("openai: the key is not valid", status=401)

        provider = Answering(refuse)
        asking = client(provider)
        results = await asyncio.gather(
            *(asking.complete(ask(str(n))) for n in range(500)), return_exceptions=True
        )
        await asking.close()

        assert {str(result) for result in results} == {"openai: the key is not valid"}
        assert len(provider.asked) == 16

    asyncio.run(run())


def test_the_budget_holds_for_what_is_sent_not_for_what_is_saved(tmp_path: Path) -> None:
    async def run(budget: str) -> list[type]:
        asking = client(
            Answering(), cache_path=tmp_path / "c" / "a.sqlite", budget=Budget.parse(budget)
        )
        results = await asyncio.gather(
            *(asking.complete(ask(str(n))) for n in range(5)), return_exceptions=True
        )
        await asking.close()
        return [type(result) for result in results]

    assert asyncio.run(run("3 calls")) == [Completion] * 3 + [BudgetError] * 2
    assert asyncio.run(run("2 calls")) == [Completion] * 5
    assert asyncio.run(run("0 usd")) == [Completion] * 5


def test_an_error_of_the_run_is_not_sent_for_again() -> None:
    async def run() -> None:
        provider = failing(TransientError("busy", status=500))
        asking = client(provider, max_retries=0)
        for _ in range(2):
            with pytest.raises(TransientError, match="gave up after 1 try"):
                await asking.complete(ask())
        await asking.close()

        assert len(provider.asked) == 1

    asyncio.run(run())


def test_record_writes_what_the_cache_had_and_replay_needs_nothing_else(tmp_path: Path) -> None:
    origin = tmp_path / "a.prompt.yml"
    path = tmp_path / "c" / "answers.sqlite"
    requests = [ask(str(number), origin=origin) for number in range(5)]

    async def run(provider: Provider, mode: Responses) -> Client:
        asking = client(provider, cache_path=path, responses=mode)
        for request in requests:
            await asking.complete(request)
        await asking.close()
        return asking

    asyncio.run(run(Answering(), Responses.LIVE))
    recording = asyncio.run(run(Answering(), Responses.RECORD))
    assert recording.ledger.tally.sent == 0
    assert recording.recorder is not None

    path.unlink()
    unreachable = failing(*(AssertionError("a provider in replay") for _ in requests))
    replaying = asyncio.run(run(unreachable, Responses.REPLAY))
    assert replaying.replay is not None
    assert replaying.replay.unused() == {}
    assert (replaying.ledger.tally.sent, replaying.ledger.tally.saved) == (0, 5)
    assert unreachable.closed == 0
    assert not path.exists()


def test_prompts_that_ask_the_same_at_once_are_recorded_each(tmp_path: Path) -> None:
    requests = [ask(origin=tmp_path / f"{name}.prompt.yml") for name in "ab"]

    async def run() -> None:
        provider = Answering()
        asking = client(provider, responses=Responses.RECORD)
        await asyncio.gather(*map(asking.complete, requests))
        await asking.close()
        assert len(provider.asked) == 1

        replaying = client(Answering(), responses=Responses.REPLAY)
        results = await asyncio.gather(*map(replaying.complete, requests))
        assert [result.text for result in results] == ["re: Hello?"] * 2
        await replaying.close()

    asyncio.run(run())


def test_a_miss_in_replay_is_an_error_and_nothing_is_sent() -> None:
    async def run() -> None:
        provider = Answering()
        asking = client(provider, responses=Responses.REPLAY)
        with pytest.raises(NotRecordedError):
            await asking.complete(ask(origin=Path("a.prompt.yml")))

        assert provider.asked == []

    asyncio.run(run())


def test_concurrency_is_that_of_the_settings() -> None:
    async def run() -> None:
        provider = Answering(lambda _: asyncio.sleep(0.002, answer()))
        asking = client(provider, concurrency=5, limits={str(MINI): Rate(requests=1000)})
        await asyncio.gather(*(asking.complete(ask(str(n))) for n in range(40)))
        await asking.close()

        assert provider.most_in_flight == 5

    asyncio.run(run())


def test_secrets_are_kept_out_of_the_settings_text() -> None:
    assert "hunter2" not in repr(ClientSettings(secrets=("hunter2",)))
