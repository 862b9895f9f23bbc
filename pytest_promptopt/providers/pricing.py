"""The price of a call."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import UsageError
from pytest_promptopt.providers.request import Model, Usage
from pytest_promptopt.providers.router import is_free

_TABLE = Path(__file__).with_name("prices.json")
_SNAPSHOT = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2}|latest|0)$")
_USD = r"\$?\s*([0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_OVERRIDE = re.compile(rf"([\w.-]+[/:]\S*?)\s*=\s*{_USD}\s*in\s*,\s*{_USD}\s*out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD per million tokens; input from the provider's cache costs as other input if None.

    A call with more than ``long_above_tokens`` of input is charged at ``long`` altogether.
    """

    input_usd: float
    output_usd: float
    cached_usd: float | None = None
    long_above_tokens: int = 0
    long: "Price | None" = None

    def cost_usd(self, usage: Usage) -> float:
        """The cost of one call with this usage."""
        if self.long is not None and usage.input_tokens > self.long_above_tokens:
            return self.long.cost_usd(usage)
        cached_usd = self.input_usd if self.cached_usd is None else self.cached_usd
        fresh_tokens = usage.input_tokens - usage.cached_tokens
        input_cost = fresh_tokens * self.input_usd + usage.cached_tokens * cached_usd
        return (input_cost + usage.output_tokens * self.output_usd) / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """The price of each model that is known, by ``provider/model``.

    ``listed`` holds list prices of the providers' own addresses as of ``as_of`` (provider → date);
    they say nothing about the same name elsewhere. ``overrides`` hold for any address.
    """

    listed: Mapping[str, Price] = field(default_factory=dict)
    overrides: Mapping[str, Price] = field(default_factory=dict)
    as_of: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, overrides: Mapping[str, Price] | None = None) -> "Prices":
        """The table of this package (``prices.json``), with ``overrides`` before it."""
        table = json.loads(_TABLE.read_text(encoding="utf-8"))
        return cls(
            listed={name: _listed_price(entry) for name, entry in table["models"].items()},
            overrides=dict(overrides or {}),
            as_of={name: source["as_of"] for name, source in table["sources"].items()},
        )

    def price(self, model: Model) -> Price | None:
        """The price of ``model``; None where it is unknown.

        A dated snapshot costs what its model costs, unless it has a price of its own.
        """
        name = str(model)
        if (override := self.overrides.get(name)) is not None:
            return override
        if is_free(model):
            return Price(input_usd=0.0, output_usd=0.0)
        if model.base_url is not None:
            return None
        return self.listed.get(name) or self.listed.get(without_snapshot(name))

    def cost_usd(self, model: Model, usage: Usage) -> float | None:
        """The cost of one call; None where the price is unknown, never 0 for that."""
        price = self.price(model)
        return None if price is None else price.cost_usd(usage)


def without_snapshot(name: str) -> str:
    """The name of the model that a dated snapshot is of."""
    return _SNAPSHOT.sub("", name)


def parse_prices(lines: Iterable[str]) -> dict[str, Price]:
    """The ini ``prompt_prices``: lines like ``openai/my-model = 0.25 in, 2.00 out``.

    USD per million tokens. Raises :class:`~pytest_promptopt.errors.UsageError`.
    """
    prices: dict[str, Price] = {}
    for line in filter(None, map(str.strip, lines)):
        match = _OVERRIDE.fullmatch(line)
        if match is None:
            raise UsageError(
                f"prompt_prices: found {line!r}, expected USD per million tokens "
                "like 'openai/my-model = 0.25 in, 2.00 out'"
            )
        name, input_usd, output_usd = match.groups()
        prices[name] = Price(input_usd=float(input_usd), output_usd=float(output_usd))
    return prices


def _listed_price(entry: Mapping[str, Any]) -> Price:
    long = entry.get("long")
    return Price(
        input_usd=entry["input"],
        output_usd=entry["output"],
        cached_usd=entry.get("cached"),
        long_above_tokens=long["above"] if long else 0,
        long=_listed_price(long) if long else None,
    )
