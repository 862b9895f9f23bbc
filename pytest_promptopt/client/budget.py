"""The budget: what a run may spend at most."""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pytest_promptopt.client.amount import AMOUNT, parse_amount
from pytest_promptopt.client.estimate import most_usage
from pytest_promptopt.errors import (
    BrokenOffError,
    BudgetError,
    NotConfiguredError,
    ProviderError,
    TransientError,
    UsageError,
)
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Model, Request, Usage

_TEXT = re.compile(rf"(?P<dollar>\$?)\s*(?P<amount>{AMOUNT})\s*(?P<unit>[a-z]*)", re.IGNORECASE)
_ROUNDING = 1e-9


class BudgetUnit(StrEnum):
    """What is counted."""

    USD = "usd"
    CALLS = "calls"
    TOKENS = "tokens"


_UNITS = {
    "usd": BudgetUnit.USD,
    "call": BudgetUnit.CALLS,
    "calls": BudgetUnit.CALLS,
    "token": BudgetUnit.TOKENS,
    "tokens": BudgetUnit.TOKENS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """An amount that a run must not exceed."""

    limit: Decimal
    unit: BudgetUnit

    @classmethod
    def parse(cls, text: str) -> "Budget":
        """Read ``2 usd``, ``$2``, ``500 calls`` or ``1M tokens``.

        Raises :class:`~pytest_promptopt.errors.UsageError`.
        """
        match = _TEXT.fullmatch(text.strip())
        unit = _unit(match) if match else None
        limit = parse_amount(match["amount"]) if match else None
        if unit is None or limit is None or (unit is not BudgetUnit.USD and limit % 1):
            raise UsageError(
                f"budget: found {text!r}, expected an amount and its unit "
                "like '2 usd', '500 calls' or '1M tokens'"
            )
        return cls(limit=limit, unit=unit)

    def __str__(self) -> str:
        return self.describe(float(self.limit))

    def describe(self, amount: float) -> str:
        """An amount in this unit, as people write it."""
        if self.unit is BudgetUnit.USD:
            return f"{amount:.4f}".rstrip("0").rstrip(".") + " usd"
        unit = self.unit.value.removesuffix("s") if amount == 1 else self.unit.value
        return f"{amount:,.0f} {unit}"


def _unit(match: re.Match[str]) -> BudgetUnit | None:
    unit = match["unit"].lower()
    if match["dollar"]:
        return BudgetUnit.USD if unit in ("", "usd") else None
    return _UNITS.get(unit)


class Budgeted:
    """Sends a call only when the most that it can take still fits the budget.

    That most (see :func:`~pytest_promptopt.client.estimate.most_usage`) is reserved before the
    call and settled with what it took, so calls at the same time cannot exceed the budget
    together. A call that would fit if those under way turn out cheaper waits for them, in the
    order of asking; one that cannot fit is refused with
    :class:`~pytest_promptopt.errors.BudgetError`. Failed calls take no tokens and no money; a
    cancelled call, an answer that broke off and one without usage take their most, since they may
    be charged.

    ``price_usd`` gives the cost of a usage, None where it is unknown; only a budget in USD asks it.
    """

    def __init__(
        self,
        provider: Provider,
        budget: Budget,
        price_usd: Callable[[Model, Usage], float | None],
    ) -> None:
        self._provider = provider
        self._budget = budget
        self._price_usd = price_usd
        self._limit = float(budget.limit) + _ROUNDING
        self._spent = 0.0
        self._reserved = 0.0
        self._under_way = 0
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()

    @property
    def spent(self) -> float:
        """What was spent so far, in the unit of the budget."""
        return self._spent

    async def complete(self, request: Request) -> Completion:
        """The answer, if the budget allows the call."""
        most = self._amount(request.model, most_usage(request))
        await self._reserve(most)
        taken = most
        try:
            completion = await self._provider.complete(request)
            if completion.usage.is_known:
                taken = self._amount(request.model, completion.usage)
            return completion
        except BrokenOffError:
            raise
        except ProviderError as error:
            was_sent = isinstance(error, TransientError)
            taken = 1.0 if was_sent and self._budget.unit is BudgetUnit.CALLS else 0.0
            raise
        finally:
            self._settle(most, taken)

    async def close(self) -> None:
        """Close the provider."""
        await self._provider.close()

    def _amount(self, model: Model, usage: Usage) -> float:
        if self._budget.unit is BudgetUnit.CALLS:
            return 1.0
        if self._budget.unit is BudgetUnit.TOKENS:
            return float(usage.total_tokens)
        cost_usd = self._price_usd(model, usage)
        if cost_usd is None:
            raise NotConfiguredError(
                f"{model}: a budget in usd needs its price, which is unknown; add a line like "
                f"'{model} = 0.25 in, 2.00 out' (USD per million tokens) to the ini prompt_prices"
            )
        return cost_usd

    async def _reserve(self, most: float) -> None:
        if not self._waiting and self._fits(most):
            self._take(most)
            return
        if self._can_never_fit(most):
            raise self._refusal(most)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((most, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._settle(most, 0.0)
            raise

    def _settle(self, most: float, taken: float) -> None:
        self._spent += taken
        self._under_way -= 1
        # Nothing under way is exactly nothing reserved, whatever the sums of floats say.
        self._reserved = self._reserved - most if self._under_way else 0.0
        self._admit()

    def _admit(self) -> None:
        while self._waiting:
            most, turn = self._waiting[0]
            if not turn.done():
                if self._fits(most):
                    self._take(most)
                    turn.set_result(None)
                elif self._can_never_fit(most):
                    turn.set_exception(self._refusal(most))
                else:
                    return
            self._waiting.popleft()

    def _take(self, most: float) -> None:
        self._reserved += most
        self._under_way += 1

    def _fits(self, most: float) -> bool:
        return self._spent + self._reserved + most <= self._limit

    def _can_never_fit(self, most: float) -> bool:
        return self._spent + most > self._limit

    def _refusal(self, most: float) -> BudgetError:
        describe = self._budget.describe
        return BudgetError(
            f"golden not asked: the budget is {self._budget}, spent so far "
            f"{describe(self._spent)}, and this call may take {describe(most)}; "
            "raise --prompt-budget or run fewer goldens, answers so far are kept"
        )
