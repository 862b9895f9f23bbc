import asyncio

import pytest

from pytest_promptopt.client.ledger import Ledger, Metered, Tallied, Tally
from pytest_promptopt.client.retries import Fault
from pytest_promptopt.errors import TransientError
from pytest_promptopt.providers.pricing import Price, Prices
from pytest_promptopt.providers.request import Completion, Request, Usage
from tests.client.asking import MINI, Answering, answer, ask, failing

PRICES = Prices(overrides={str(MINI): Price(input_usd=1.0, output_usd=10.0)})


def test_each_answer_is_given_its_cost_and_counted() -> None:
    async def run() -> None:
        ledger = Ledger()
        usage = Usage(input_tokens=1000, output_tokens=100)
        provider = Answering(lambda _: asyncio.sleep(0, answer(usage=usage)))
        completion = await Metered(provider, ledger, PRICES).complete(ask())

        assert completion.cost_usd == 0.002
        assert ledger.tally == Tally(
            sent=1, answered=1, input_tokens=1000, output_tokens=100, priced_usd=0.002
        )
        assert ledger.tally.cost_usd == 0.002

    asyncio.run(run())


def test_a_cost_that_the_provider_knows_is_kept() -> None:
    async def run() -> None:
        provider = Answering(lambda _: asyncio.sleep(0, answer(cost_usd=7.0)))

        assert (await Metered(provider, Ledger(), PRICES).complete(ask())).cost_usd == 7.0

    asyncio.run(run())


def test_an_unknown_price_makes_the_cost_unknown_not_nothing() -> None:
    async def run() -> None:
        ledger = Ledger()
        completion = await Metered(Answering(), ledger, Prices()).complete(ask())

        assert completion.cost_usd is None
        assert ledger.tally.cost_usd is None
        assert ledger.tally.unpriced == 1

    asyncio.run(run())


def test_tokens_that_are_not_told_are_estimated_and_their_cost_is_unknown() -> None:
    async def run() -> None:
        ledger = Ledger()
        unknown = answer(text="x" * 40, usage=Usage(is_known=False))
        provider = Answering(lambda _: asyncio.sleep(0, unknown))
        completion = await Metered(provider, ledger, PRICES).complete(ask())

        assert completion.usage.output_tokens == 11
        assert completion.notes == ("tokens are estimated: the provider told none",)
        assert completion.cost_usd is None
        assert ledger.tally.cost_usd is None

    asyncio.run(run())


def test_what_is_in_flight_is_counted_until_it_ends_whichever_way() -> None:
    async def run() -> None:
        ledger = Ledger()
        seen: list[int] = []

        async def look(request: Request) -> Completion:
            seen.append(ledger.tally.in_flight)
            return answer()

        await Metered(Answering(look), ledger, PRICES).complete(ask())
        with pytest.raises(TransientError):
            await Metered(failing(TransientError("a")), ledger, PRICES).complete(ask())
        slow = Metered(Answering(lambda _: asyncio.sleep(9, answer())), ledger, PRICES)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slow.complete(ask()), 0.01)

        assert seen == [1]
        assert (ledger.tally.sent, ledger.tally.answered, ledger.tally.in_flight) == (3, 1, 0)

    asyncio.run(run())


def test_saved_answers_are_counted_once_and_never_those_that_were_sent() -> None:
    async def run() -> None:
        ledger = Ledger()
        saved = Tallied(
            Answering(lambda _: asyncio.sleep(0, answer(saved=True, cost_usd=0.5))), ledger
        )
        await Tallied(Answering(), ledger).complete(ask("sent"))
        for text in ("sent", "saved", "saved"):
            await saved.complete(ask(text))

        assert (ledger.tally.saved, ledger.tally.saved_usd) == (1, 0.5)

    asyncio.run(run())


def test_faults_count_as_retries_where_they_are_retried() -> None:
    ledger = Ledger()
    for is_retried in (True, False, True):
        ledger.faulted(Fault(model=MINI, status=500, began_at_seconds=0.0, is_retried=is_retried))

    assert ledger.tally.retries == 2


def test_close_closes_the_provider() -> None:
    provider = Answering()

    asyncio.run(Tallied(Metered(provider, Ledger(), PRICES), Ledger()).close())

    assert provider.closed == 1
