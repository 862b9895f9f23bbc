"""The allowance of a search: what it has spent, and what it may still spend."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pytest_promptopt.client.budget import Budget, BudgetUnit
from pytest_promptopt.client.estimate import likely_usage, most_usage
from pytest_promptopt.errors import ProviderError, UsageError
from pytest_promptopt.optimization.stops import CapReachedError
from pytest_promptopt.providers.request import Completion, Model, Request, Usage

Role = Literal["task", "optimizer"]
PriceUsd = Callable[[Model, Usage], float | None]

# Money is counted in whole billionths, so that the order of answers changes no sum.
_NANO = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most that a search may take, all of it together; None is no cap.

    ``calls`` counts task calls (judges' calls included) and calls of the optimizer model.
    """

    calls: int | None = None
    task_calls: int | None = None
    optimizer_calls: int | None = None
    tokens: int | None = None
    cost_usd: float | None = None

    def with_budget(self, budget: Budget) -> "Caps":
        """These caps with ``budget`` as the cap on its unit."""
        match budget.unit:
            case BudgetUnit.CALLS:
                return replace(self, calls=int(budget.limit))
            case BudgetUnit.TOKENS:
                return replace(self, tokens=int(budget.limit))
            case BudgetUnit.USD:
                return replace(self, cost_usd=float(budget.limit))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What was taken so far; what the journal answers counts like what was sent when it came.

    ``unpriced`` calls have no known price, ``unanswered`` brought no answer. ``saved`` are those
    that the cache answered: they cost nothing, and count for nothing else.
    """

    task_calls: int = 0
    optimizer_calls: int = 0
    tokens: int = 0
    nano_usd: int = 0
    unpriced: int = 0
    unanswered: int = 0
    saved: int = 0

    @property
    def calls(self) -> int:
        """Calls of both roles."""
        return self.task_calls + self.optimizer_calls

    @property
    def cost_usd(self) -> float:
        """What the calls with a known price cost."""
        return self.nano_usd / _NANO


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What something will take: calls exactly, tokens and money at most."""

    calls: int = 0
    tokens: int = 0
    nano_usd: int = 0

    def __add__(self, other: "Need") -> "Need":
        return Need(
            calls=self.calls + other.calls,
            tokens=self.tokens + other.tokens,
            nano_usd=self.nano_usd + other.nano_usd,
        )


OnTook = Callable[[Role, Completion | ProviderError, Spent], None]


class Allowance:
    """Admits calls while they fit under every cap, and adds up what they took.

    Whoever asks goes in phases: needs are admitted in a fixed order, their calls are awaited,
    then comes the next phase. So what is admitted depends on nothing but the answers, however
    many calls are in flight. A cap on tokens or money holds because the most that a request can
    take is admitted (see :func:`~pytest_promptopt.client.estimate.most_usage`).
    ``share`` is what is left of the caps where they were cut. ``errors`` counts the calls without
    an answer by what was said. ``on_took`` is told each call, and what is spent with it.
    """

    def __init__(
        self,
        caps: Caps,
        price_usd: PriceUsd | None = None,
        on_took: OnTook = lambda _role, _answer, _spent: None,
    ) -> None:
        if caps.cost_usd is not None and price_usd is None:
            raise UsageError("a cap in usd needs the prices of the models, and there are none")
        self.share = 1.0
        self._caps = caps
        self._price_usd = price_usd
        self._on_took = on_took
        self._aside = Need()
        self._spent = Spent()
        self.errors: Counter[str] = Counter()

    @property
    def spent(self) -> Spent:
        """What was taken so far."""
        return self._spent

    def need(self, requests: Sequence[Request], *, is_likely: bool = False) -> Need:
        """What ``requests`` take at most, or likely."""
        needs_usage = self._caps.tokens is not None or self._caps.cost_usd is not None
        if not needs_usage:
            return Need(calls=len(requests))
        usage_of = likely_usage if is_likely else most_usage
        usages = [(request.model, usage_of(request)) for request in requests]
        return Need(
            calls=len(requests),
            tokens=sum(usage.total_tokens for _, usage in usages),
            nano_usd=sum(self._nano_usd(model, usage) for model, usage in usages),
        )

    def set_aside(self, need: Need) -> None:
        """Keep ``need`` of task calls free for what comes at the end; the next call replaces it."""
        self._aside = need

    def narrow(self, share: float) -> None:
        """Cut every cap to ``share`` of it, though not below what was taken."""
        caps, spent = self._caps, self._spent
        self.share = share
        self._caps = Caps(
            calls=_cut(caps.calls, share, spent.calls),
            task_calls=_cut(caps.task_calls, share, spent.task_calls),
            optimizer_calls=_cut(caps.optimizer_calls, share, spent.optimizer_calls),
            tokens=_cut(caps.tokens, share, spent.tokens),
            cost_usd=None if caps.cost_usd is None else max(share * caps.cost_usd, spent.cost_usd),
        )

    def room(self, need: Need) -> float:
        """How often ``need`` still fits beside what is set aside, by the calls already taken."""
        caps, spent, aside = self._caps, self._spent, self._aside
        limits = (
            (caps.calls, spent.calls + aside.calls, need.calls),
            (caps.task_calls, spent.task_calls + aside.calls, need.calls),
            (caps.tokens, spent.tokens + aside.tokens, need.tokens),
            (
                None if caps.cost_usd is None else round(caps.cost_usd * _NANO),
                spent.nano_usd + aside.nano_usd,
                need.nano_usd,
            ),
        )
        found = [
            max(0.0, cap - taken) / each for cap, taken, each in limits if cap is not None and each
        ]
        return min(found, default=math.inf)

    def admit(self, role: Role, needs: Sequence[Need]) -> int:
        """How many of ``needs``, from the first, may be asked for at once: at least one.

        Raises :class:`CapReachedError` where the calls of all do not fit, since half a phase is
        money for nothing, or where the most that the first may take does not.
        """
        if not needs:
            return 0
        self._check_calls(role, sum(need.calls for need in needs))
        total, admitted = self._aside, 0
        for need in needs:
            total += need
            if not self._fits(total):
                break
            admitted += 1
        if not admitted:
            raise CapReachedError(f"the cap is reached: {self._amounts(needs[0])}")
        return admitted

    def took(self, role: Role, answer: Completion | ProviderError) -> None:
        """Add a call; without an answer it took no tokens, from the cache nothing at all."""
        self._add(role, answer)
        self._on_took(role, answer, self._spent)

    def _add(self, role: Role, answer: Completion | ProviderError) -> None:
        if isinstance(answer, Completion) and answer.saved:
            self._spent = replace(self._spent, saved=self._spent.saved + 1)
            return
        if isinstance(answer, ProviderError):
            self.errors[answer.message] += 1
            answer = Completion(text="", cost_usd=0.0)
        spent = self._spent
        self._spent = Spent(
            task_calls=spent.task_calls + (role == "task"),
            optimizer_calls=spent.optimizer_calls + (role == "optimizer"),
            tokens=spent.tokens + answer.usage.total_tokens,
            nano_usd=spent.nano_usd + round((answer.cost_usd or 0.0) * _NANO),
            unpriced=spent.unpriced + (answer.cost_usd is None),
            unanswered=self.errors.total(),
            saved=spent.saved,
        )

    def _check_calls(self, role: Role, calls: int) -> None:
        caps, spent = self._caps, self._spent
        aside = self._aside.calls
        if role == "optimizer":
            own = ("optimizer calls", caps.optimizer_calls, spent.optimizer_calls, 0)
        else:
            own = ("task calls", caps.task_calls, spent.task_calls, aside)
        for name, cap, taken, kept in (own, ("calls", caps.calls, spent.calls, aside)):
            if cap is not None and taken + kept + calls > cap:
                verdict = f", {kept} are kept for the verdict" if kept else ""
                raise CapReachedError(
                    f"the cap of {cap} {name} is reached: {taken} were spent{verdict}, "
                    f"and the next step takes {calls}"
                )

    def _fits(self, need: Need) -> bool:
        caps, spent = self._caps, self._spent
        if caps.tokens is not None and spent.tokens + need.tokens > caps.tokens:
            return False
        if caps.cost_usd is None:
            return True
        return spent.nano_usd + need.nano_usd <= round(caps.cost_usd * _NANO)

    def _amounts(self, need: Need) -> str:
        caps, spent = self._caps, self._spent
        if caps.tokens is not None and spent.tokens + self._aside.tokens + need.tokens > (
            caps.tokens
        ):
            return (
                f"{spent.tokens} of {caps.tokens} tokens were spent, "
                f"and the next step may take {need.tokens}"
            )
        return (
            f"{spent.cost_usd:.4f} of {caps.cost_usd} usd were spent, "
            f"and the next step may take {need.nano_usd / _NANO:.4f}"
        )

    def _nano_usd(self, model: Model, usage: Usage) -> int:
        if self._caps.cost_usd is None or self._price_usd is None:
            return 0
        cost_usd = self._price_usd(model, usage)
        if cost_usd is None:
            raise UsageError(
                f"{model}: a cap in usd needs its price, which is unknown; add a line like "
                f"'{model} = 0.25 in, 2.00 out' (USD per million tokens) to the ini prompt_prices"
            )
        return round(cost_usd * _NANO)


def _cut(cap: int | None, share: float, taken: int) -> int | None:
    return None if cap is None else max(int(share * cap), taken)
