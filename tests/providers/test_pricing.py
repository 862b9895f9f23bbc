import json
from pathlib import Path

import pytest

from pytest_promptopt.errors import UsageError
from pytest_promptopt.providers import pricing
from pytest_promptopt.providers.pricing import Price, Prices, parse_prices
from pytest_promptopt.providers.request import Model, Usage

MILLION = Usage(input_tokens=100_000, output_tokens=100_000)


def model(name: str, base_url: str | None = None) -> Model:
    provider, _, rest = name.partition("/")
    return Model(provider=provider, name=rest, base_url=base_url)


def test_a_listed_price_is_per_million_tokens() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=500_000)

    assert Prices.load().cost_usd(model("openai/gpt-5-mini"), usage) == 0.25 + 1.0
    assert Prices.load().cost_usd(model("openai/gpt-5-mini"), Usage()) == 0.0


def test_a_longer_prompt_costs_more_where_the_list_says_so() -> None:
    prices = Prices.load()
    haiku = model("anthropic/claude-haiku-5-5")

    assert prices.cost_usd(haiku, Usage(input_tokens=100_000)) == pytest.approx(0.01)
    assert prices.cost_usd(haiku, Usage(input_tokens=100_001)) == pytest.approx(0.05, rel=1e-4)


@pytest.mark.parametrize(
    ("snapshot", "name"),
    [
        ("openai/gpt-5-mini-2025-08-07", "openai/gpt-5-mini"),
        ("anthropic/claude-haiku-4-5-20251001", "anthropic/claude-haiku-4-5"),
        ("anthropic/claude-3-5-sonnet-latest", "anthropic/claude-3-5-sonnet"),
        ("anthropic/claude-opus-4-0", "anthropic/claude-opus-4"),
    ],
)
def test_a_snapshot_costs_what_its_model_costs(snapshot: str, name: str) -> None:
    prices = Prices.load()

    assert prices.price(model(snapshot)) == prices.price(model(name)) is not None


def test_a_snapshot_with_a_price_of_its_own_has_that() -> None:
    prices = Prices.load()

    assert prices.price(model("openai/gpt-4o-2024-05-13")) != prices.price(model("openai/gpt-4o"))


@pytest.mark.parametrize(
    "unknown",
    [
        model("openai/gpt-99"),
        model("openai/gpt-5-mini-but-other"),
        model("openai/gpt-5-mini", "http://127.0.0.1:8000/v1"),
        model("mistral/large"),
    ],
)
def test_an_unknown_price_is_none_never_0(unknown: Model) -> None:
    assert Prices.load().cost_usd(unknown, MILLION) is None


@pytest.mark.parametrize("name", ["local/tiny", "scripted/echo"])
def test_what_runs_here_costs_nothing(name: str) -> None:
    assert Prices.load().cost_usd(model(name), MILLION) == 0.0


def test_an_override_comes_first_and_holds_for_any_address() -> None:
    prices = Prices.load(parse_prices(["openai/gpt-5-mini = 1 in, 2 out"]))

    assert prices.cost_usd(model("openai/gpt-5-mini"), MILLION) == pytest.approx(0.3)
    assert prices.cost_usd(model("openai/gpt-5-mini", "http://x/v1"), MILLION) == pytest.approx(0.3)


def test_overrides_are_read_from_lines() -> None:
    assert parse_prices(
        ["openai/my-model = 0.25 in, 2.00 out", "", "  my-host/a:7b=$.5 in,$1 out  "]
    ) == {
        "openai/my-model": Price(input_usd=0.25, output_usd=2.0),
        "my-host/a:7b": Price(input_usd=0.5, output_usd=1.0),
    }


@pytest.mark.parametrize(
    "line",
    ["openai/my-model", "openai/my-model = 1", "my-model = 1 in, 2 out", "a/b = -1 in, 2 out",
     "a/b = 1 out, 2 in", "a/b = 1 in, 2 out, 3 cached"],
)  # fmt: skip
def test_what_is_no_price_is_a_usage_error(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_prices([line])

    assert str(caught.value) == (
        f"prompt_prices: found {line!r}, expected USD per million tokens "
        "like 'openai/my-model = 0.25 in, 2.00 out'"
    )


def test_the_table_names_its_sources_and_their_dates() -> None:
    table = json.loads(Path(pricing.__file__).with_name("prices.json").read_text(encoding="utf-8"))

    assert set(Prices.load().as_of) == {"openai", "anthropic"}
    assert {name.split("/")[0] for name in table["models"]} == set(table["sources"])
    assert all(source["page"] and source["as_of"] for source in table["sources"].values())
    for entry in table["models"].values():
        assert 0 < entry["input"] < entry["output"]


def test_cached_input_has_its_own_price_and_that_of_other_input_where_none_is_known() -> None:
    usage = Usage(input_tokens=1_000_000, cached_tokens=400_000)
    assert Prices.load().cost_usd(model("openai/gpt-5-mini"), usage) == pytest.approx(0.16)
    assert Prices.load().cost_usd(model("openai/gpt-4-turbo"), usage) == pytest.approx(10)
