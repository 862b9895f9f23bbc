import asyncio
from decimal import Decimal

import pytest

from pytest_promptopt.client.budget import Budget, Budgeted, BudgetUnit
from pytest_promptopt.client.estimate import most_usage
from pytest_promptopt.errors import (
    BrokenOffError,
    BudgetError,
    NotConfiguredError,
    RefusedError,
    TransientError,
    UsageError,
)
from pytest_promptopt.providers.pricing import Price, Prices
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request, Usage
from tests.client.asking import Answering, answer, ask, failing

PRICES = Prices(overrides={"openai/gpt-5-mini": Price(input_usd=1.0, output_usd=10.0)})


def budgeted(provider: Provider, budget: str) -> Budgeted:
    return Budgeted(provider, Budget.parse(budget), PRICES.cost_usd)


@pytest.mark.parametrize(
    ("text", "limit", "unit"),
    [
        ("2 usd", "2", BudgetUnit.USD),
        ("0.5usd", "0.5", BudgetUnit.USD),
        ("$2", "2", BudgetUnit.USD),
        ("$ 1.25 USD", "1.25", BudgetUnit.USD),
        ("500 calls", "500", BudgetUnit.CALLS),
        ("300 call", "300", BudgetUnit.CALLS),
        ("1M tokens", "1000000", BudgetUnit.TOKENS),
        ("250k tokens", "250000", BudgetUnit.TOKENS),
        ("1.5k Tokens", "1500", BudgetUnit.TOKENS),
        (" 0 usd ", "0", BudgetUnit.USD),
    ],
)
def test_a_budget_is_an_amount_and_its_unit(text: str, limit: str, unit: BudgetUnit) -> None:
    assert Budget.parse(text) == Budget(limit=Decimal(limit), unit=unit)


@pytest.mark.parametrize(
    "text", ["", "2", "usd", "-1 usd", "2 eur", "$2 calls", "2.5 calls", "1,000 calls", "nan usd"]
)
def test_what_is_no_budget_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Budget.parse(text)

    assert str(caught.value) == (
        f"budget: found {text!r}, expected an amount and its unit "
        "like '2 usd', '500 calls' or '1M tokens'"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2 usd", "2 usd"),
        ("$0.125", "0.125 usd"),
        ("0 usd", "0 usd"),
        ("1M tokens", "1,000,000 tokens"),
        ("20 calls", "20 calls"),
        ("1 calls", "1 call"),
    ],
)
def test_a_budget_is_shown_as_people_write_it(text: str, shown: str) -> None:
    assert str(Budget.parse(text)) == shown


def test_calls_beyond_the_budget_are_not_sent() -> None:
    async def run() -> None:
        provider = Answering()
        client = budgeted(provider, "3 calls")
        results = await asyncio.gather(
            *(client.complete(ask(str(n))) for n in range(5)), return_exceptions=True
        )

        assert [type(result) for result in results] == [Completion] * 3 + [BudgetError] * 2
        assert len(provider.asked) == 3
        assert str(results[4]) == (
            "golden not asked: the budget is 3 calls, spent so far 3 calls, and this call may "
            "take 1 call; raise --prompt-budget or run fewer goldens, answers so far are kept"
        )

    asyncio.run(run())


@pytest.mark.parametrize("budget", ["0.05 usd", "6k tokens"])
def test_concurrent_calls_cannot_exceed_the_budget_together(budget: str) -> None:
    async def run() -> None:
        async def take_everything(request: Request) -> Completion:
            await asyncio.sleep(0.001)
            return answer(usage=most_usage(request))

        client = budgeted(Answering(take_everything), budget)
        results = await asyncio.gather(
            *(client.complete(ask(str(n), max_tokens=900)) for n in range(50)),
            return_exceptions=True,
        )

        asked = sum(isinstance(result, Completion) for result in results)
        assert 0 < asked < 50
        assert 0 < client.spent <= float(Budget.parse(budget).limit)

    asyncio.run(run())


def test_a_call_waits_for_cheaper_endings_before_it_is_refused() -> None:
    async def run() -> None:
        async def take_little(request: Request) -> Completion:
            await asyncio.sleep(0.001)
            return answer(usage=Usage(input_tokens=10, output_tokens=10))

        provider = Answering(take_little)
        client = budgeted(provider, "1500 tokens")
        await asyncio.gather(*(client.complete(ask(str(n), max_tokens=900)) for n in range(20)))

        assert len(provider.asked) == 20
        assert provider.most_in_flight == 1
        assert client.spent == 400

    asyncio.run(run())


def test_a_call_that_cannot_fit_is_refused_while_smaller_ones_go_on() -> None:
    async def run() -> None:
        client = budgeted(Answering(), "1500 tokens")
        with pytest.raises(BudgetError, match="this call may take 5,0"):
            await client.complete(ask(max_tokens=5000))
        assert await client.complete(ask(max_tokens=100))

    asyncio.run(run())


def test_an_answer_without_usage_takes_its_most() -> None:
    async def run() -> None:
        request = ask(max_tokens=100)
        client = budgeted(
            Answering(lambda _: asyncio.sleep(0, answer(usage=Usage(is_known=False)))), "9k tokens"
        )
        await client.complete(request)

        assert client.spent == most_usage(request).total_tokens

    asyncio.run(run())


def test_an_answer_that_broke_off_takes_its_most() -> None:
    async def run() -> None:
        for budget, most in (("9 calls", 1), ("9k tokens", most_usage(ask()).total_tokens)):
            client = budgeted(failing(BrokenOffError("a")), budget)
            with pytest.raises(BrokenOffError):
                await client.complete(ask())
            assert client.spent == most

    asyncio.run(run())


def test_failed_calls_count_as_calls_if_they_were_sent_and_take_nothing_else() -> None:
    async def run() -> None:
        errors = (TransientError("a"), RefusedError("b"), NotConfiguredError("c"))
        calls = budgeted(failing(*errors), "9 calls")
        tokens = budgeted(failing(*errors), "9k tokens")
        for client in (calls, tokens):
            for error in errors:
                with pytest.raises(type(error)):
                    await client.complete(ask())

        assert (calls.spent, tokens.spent) == (1, 0)

    asyncio.run(run())


def test_a_cancelled_call_counts_at_its_most_and_a_cancelled_waiter_not_at_all() -> None:
    async def run() -> None:
        client = budgeted(Answering(lambda _: asyncio.sleep(9, answer())), "1 calls")
        sent, waiting = (asyncio.create_task(client.complete(ask(text))) for text in "ab")
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.sleep(0)
        sent.cancel()
        await asyncio.gather(sent, waiting, return_exceptions=True)

        assert client.spent == 1
        with pytest.raises(BudgetError):
            await client.complete(ask("c"))

    asyncio.run(run())


def test_a_waiter_that_is_let_in_and_cancelled_at_once_leaves_its_room() -> None:
    async def run() -> None:
        provider = failing(NotConfiguredError("no key"))
        client = budgeted(provider, "1 calls")

        async def fail_and_cancel_the_next() -> None:
            with pytest.raises(NotConfiguredError):
                await client.complete(ask("a"))
            second.cancel()

        first = asyncio.create_task(fail_and_cancel_the_next())
        second = asyncio.create_task(client.complete(ask("b")))
        await asyncio.gather(first, second, return_exceptions=True)

        assert second.cancelled()
        assert provider.asked == ["a"]
        assert client.spent == 0
        assert await client.complete(ask("c"))

    asyncio.run(run())


def test_a_usd_budget_needs_the_price() -> None:
    client = Budgeted(Answering(), Budget.parse("1 usd"), Prices().cost_usd)

    with pytest.raises(NotConfiguredError) as caught:
        asyncio.run(client.complete(ask()))

    assert str(caught.value) == (
        "openai/gpt-5-mini: a budget in usd needs its price, which is unknown; add a line like "
        "'openai/gpt-5-mini = 0.25 in, 2.00 out' (USD per million tokens) to the ini prompt_prices"
    )


def test_close_closes_the_provider() -> None:
    provider = Answering()

    asyncio.run(budgeted(provider, "1 usd").close())

    assert provider.closed == 1
