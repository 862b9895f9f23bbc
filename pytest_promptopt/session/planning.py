"""``--prompt-plan``: says what would run and what it would cost, and runs nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pytest_promptopt.client.store import count_held
from pytest_promptopt.evaluation.plan import PromptPlan, plan_prompt
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.pricing import Prices
from pytest_promptopt.reports.terminal import cost
from pytest_promptopt.session.items import GoldenItem, asked


class Planning:
    """Stands in for the run. ``cache_path`` is None where the cache would not be used."""

    def __init__(self, cache_path: Path | None, prices: Prices) -> None:
        self._cache_path = cache_path
        self._prices = prices
        self._plans: list[PromptPlan] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Plan the collected goldens; no item runs."""
        self._plans = [self._plan(subject, goldens) for subject, goldens in _asked(session.items)]
        return True

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """A block a prompt, and the total."""
        terminalreporter.section("prompt plan (nothing was sent)")
        for line in _lines(self._plans):
            terminalreporter.write_line(line)

    def _plan(self, subject: Subject, goldens: Sequence[Golden]) -> PromptPlan:
        return plan_prompt(subject, goldens, self._held, self._prices.cost_usd)

    def _held(self, fingerprints: list[str]) -> int:
        return count_held(self._cache_path, fingerprints) if self._cache_path else 0


def _asked(items: Sequence[pytest.Item]) -> list[tuple[Subject, list[Golden]]]:
    """Each subject with the goldens that it would be asked, those at the base too."""
    grouped: dict[str, tuple[Subject, list[Golden]]] = {}
    for item in items:
        if isinstance(item, GoldenItem):
            for subject, golden in asked(item.subject, item.base, [item.golden]):
                grouped.setdefault(subject.key, (subject, []))[1].append(golden)
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
