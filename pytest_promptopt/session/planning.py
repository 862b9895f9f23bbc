"""``--prompt-plan``: says what would run and what it would cost, and runs nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pytest_promptopt.client.store import count_held
from pytest_promptopt.evaluation.plan import PromptPlan, plan_prompt
from pytest_promptopt.providers.pricing import Prices
from pytest_promptopt.reports.terminal import cost
from pytest_promptopt.session.items import GoldenItem


class Planning:
    """Stands in for the run. ``cache_path`` is None where the cache would not be used."""

    def __init__(self, cache_path: Path | None, prices: Prices) -> None:
        self._cache_path = cache_path
        self._prices = prices
        self._plans: list[PromptPlan] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Plan the collected goldens; no item runs."""
        self._plans = [self._plan(items) for items in _by_prompt(session.items)]
        return True

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """A block a prompt, and the total."""
        terminalreporter.section("prompt plan (nothing was sent)")
        for line in _lines(self._plans):
            terminalreporter.write_line(line)

    def _plan(self, items: Sequence[GoldenItem]) -> PromptPlan:
        goldens = [item.golden for item in items]
        return plan_prompt(items[0].subject, goldens, self._held, self._prices.cost_usd)

    def _held(self, fingerprints: list[str]) -> int:
        return count_held(self._cache_path, fingerprints) if self._cache_path else 0


def _by_prompt(items: Sequence[pytest.Item]) -> list[list[GoldenItem]]:
    grouped: dict[str, list[GoldenItem]] = {}
    for item in items:
        if isinstance(item, GoldenItem):
            grouped.setdefault(item.subject.prompt.location, []).append(item)
    return list(grouped.values())


def _lines(plans: Sequence[PromptPlan]) -> Iterator[str]:
    for plan in plans:
        judging = plan.calls - plan.goldens * plan.samples
        judged = f" + {judging} by judges" if judging else ""
        yield f"{plan.location} ({plan.model or 'no model'})"
        yield (
            f"    {plan.goldens} goldens × {plan.samples} samples{judged} = {plan.calls} calls, "
            f"{plan.held} of them in the cache"
        )
        yield f"    about {plan.tokens:,} tokens, {cost(plan.cost_usd)}"
    known = [plan.cost_usd for plan in plans if plan.cost_usd is not None]
    unknown = len(plans) - len(known)
    and_unknown = f" and {unknown} prompts whose price is unknown" if unknown else ""
    calls = sum(plan.calls - plan.held for plan in plans)
    yield f"in all {calls} calls to send, about {cost(sum(known))}{and_unknown}"
