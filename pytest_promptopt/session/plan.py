"""``--prompt-plan``: says what would run and what it would cost, and runs nothing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from pytest_promptopt.client.store import count_held
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.plan import PromptPlan, plan_prompt
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.pricing import Prices
from pytest_promptopt.reports.summary import cost
from pytest_promptopt.session.items import GateItem, GoldenItem, PromptItem
from pytest_promptopt.session.lines import say


class Planning:
    """Stands in for the run.

    ``cache_path`` is None where the cache would not be used. ``describe_search`` says what a
    search for a better prompt would take, ``describe_mutation`` what mutants would; they are None
    in a run without. ``until_decided`` tells that the run may stop before.
    """

    def __init__(
        self,
        cache_path: Path | None,
        prices: Prices,
        describe_search: Callable[[Subject], list[str]] | None,
        describe_mutation: Callable[[Subject], list[str]] | None = None,
        *,
        until_decided: bool = False,
    ) -> None:
        self._cache_path = cache_path
        self._prices = prices
        self._describe_search = describe_search
        self._describe_mutation = describe_mutation
        self._until_decided = until_decided
        self._plans: list[PromptPlan] = []
        self._searches: dict[str, list[str]] = {}
        self._mutations: dict[str, list[str]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Plan the collected goldens; no item runs."""
        self._plans = [self._plan(subject, goldens) for subject, goldens in _asked(session.items)]
        items = (item for item in session.items if isinstance(item, PromptItem))
        for key, subject in {item.subject.key: item.subject for item in items}.items():
            if self._describe_mutation is not None:
                self._mutations[key] = self._describe_mutation(subject)
            if self._describe_search is not None:
                self._searches[key] = self._describe_search(subject)
        return True

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """A block a prompt, and the total."""
        terminalreporter.section("prompt plan (nothing was sent)")
        for line in _lines(self._plans):
            say(terminalreporter, line)
        if self._until_decided:
            say(terminalreporter, "at most: goldens are asked only until a gate is decided")
        for lines_by_key, what in (
            (self._mutations, "its mutants, should it pass all goldens"),
            (self._searches, "should it fall short"),
        ):
            for key, lines in lines_by_key.items():
                say(terminalreporter, f"{key}, {what}:")
                for line in lines:
                    say(terminalreporter, f"    {line}")

    def _plan(self, subject: Subject, goldens: Sequence[Golden]) -> PromptPlan:
        return plan_prompt(subject, goldens, self._held, self._prices.cost_usd)

    def _held(self, fingerprints: list[str]) -> int:
        return count_held(self._cache_path, fingerprints) if self._cache_path else 0


def _asked(items: Sequence[pytest.Item]) -> list[tuple[Subject, list[Golden]]]:
    """Each subject with the goldens that it would be asked, those at the base too."""
    grouped: dict[str, tuple[Subject, list[Golden]]] = {}
    for item in items:
        asked: Iterable[tuple[Subject, Golden]] = ()
        if isinstance(item, GoldenItem):
            asked = item.entry.asked([item.golden])
        elif isinstance(item, GateItem):
            # Prompts that share a judge have it asked once.
            asked = [pair for pair in item.entry.asked_by_gate() if pair[0].key not in grouped]
        for subject, golden in asked:
            grouped.setdefault(subject.key, (subject, []))[1].append(golden)
    return list(grouped.values())


def _lines(plans: Sequence[PromptPlan]) -> Iterator[str]:
    for plan in plans:
        judging = plan.calls - plan.goldens * plan.samples
        judged = f" + {judging} by judges" if judging else ""
        yield f"{plan.location} ({plan.model or 'no model'})"
        yield (
            f"    {counted(plan.goldens, 'golden')} × {counted(plan.samples, 'sample')}{judged} = "
            f"{counted(plan.calls, 'call')}, "
            f"{plan.held} of them in the cache"
        )
        yield f"    about {plan.tokens:,} tokens, {cost(plan.cost_usd)}"
    known = [plan.cost_usd for plan in plans if plan.cost_usd is not None]
    unknown = len(plans) - len(known)
    and_unknown = f" and {counted(unknown, 'prompt')} whose price is unknown" if unknown else ""
    calls = sum(plan.calls - plan.held for plan in plans)
    yield f"in all {counted(calls, 'call')} to send, about {cost(sum(known))}{and_unknown}"
