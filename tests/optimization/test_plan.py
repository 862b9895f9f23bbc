import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.errors import UsageError
from pytest_promptopt.optimization.allocation.allocator import ALLOCATORS, Race
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.journal import Journal
from pytest_promptopt.optimization.loop import run_search
from pytest_promptopt.optimization.optimizer import Question
from pytest_promptopt.optimization.plan import Plan, Sizes, plan
from pytest_promptopt.optimization.presets import PRESETS, read_optimize_settings
from pytest_promptopt.optimization.proposers.proposer import (
    PROPOSERS,
    Context,
    Order,
    ProposerCost,
)
from pytest_promptopt.optimization.result import Advanced, Event, Phase, Planned
from pytest_promptopt.providers.request import Request
from tests.optimization.world import (
    LABELS,
    OPTIMIZER,
    START,
    Answer,
    Models,
    events,
    names_one_more_label,
    splits,
    subject,
)

SIZES = Sizes(train=75, validation=30, test=45)


def planned(method: str, budget: str, sizes: Sizes = SIZES) -> Plan:
    return plan(read_optimize_settings(method, {"budget": budget}, "test"), sizes)


def test_a_published_round_of_protegi_is_planned_as_it_is_where_there_is_no_cap() -> None:
    found = planned("protegi", "none")
    assert found.shrunk == ()
    # 4 parents: 8 calls for edits, 10 for paraphrases; 64 goldens each; 72 candidates screened
    # on 4 goldens; 32 of them on at most all 30 goldens; 2 × 45 for the verdict.
    assert found.round_calls == 4 * (8 + 10) + 4 * 64 + 4 * 14 * 4 + 32 * 30
    assert found.verdict == 90
    # 30 goldens twice; validation for the given prompt and the contract.
    assert found.before == 60 + 30 + 30
    assert found.rounds == 6


def test_a_method_shrinks_to_its_cap_and_says_how() -> None:
    found = planned("protegi", "300 calls")
    assert found.before + found.rounds * found.round_calls + found.verdict <= 300
    assert found.lines == (
        "protegi: at most 300 calls; 90 before the first round, at most 60 a round, 90 for the "
        "verdict",
        "2 of 6 rounds fit",
        "besides, a round may take: 4 to ask again where replies cannot be read",
        "1 parent instead of 4",
        "1 by `critique_edit` and 1 by `paraphrase` a parent instead of 4 and 2",
        "14 goldens shown to learn from a round instead of 64",
        "15 goldens at the first look instead of 30",
        "42 answers a round to race candidates instead of 2048",
    )


def test_a_cap_too_small_for_one_round_says_what_is_needed() -> None:
    with pytest.raises(UsageError) as caught:
        planned("opro", "100 calls")
    assert str(caught.value) == (
        "the cap of 100 calls is too small for one round of opro: it takes 90 calls to look at "
        "the prompt, 31 for the smallest round and 90 for the verdict; raise `budget` to at "
        "least 211 calls"
    )
    assert planned("opro", "211 calls").rounds == 1


def test_judges_count() -> None:
    sizes = Sizes(train=75, validation=30, test=45, calls_per_answer=2)
    assert planned("opro", "none", sizes).verdict == 180


@given(
    method=st.sampled_from(sorted(PRESETS)),
    calls=st.integers(10, 3000),
    train=st.integers(1, 200),
    validation=st.integers(1, 80),
    test=st.integers(0, 100),
)
def test_a_plan_never_promises_more_than_its_cap(
    method: str, calls: int, train: int, validation: int, test: int
) -> None:
    sizes = Sizes(train=train, validation=validation, test=test)
    try:
        found = planned(method, f"{calls} calls", sizes)
    except UsageError:
        return
    assert found.rounds >= 1
    assert found.before + found.rounds * found.round_calls + found.verdict <= calls
    published = PRESETS[method]
    assert found.settings.parent_count <= published.parent_count
    assert found.settings.pulls <= published.pulls


class Undeclared:
    needs_cases = False

    async def propose(self, context: Context) -> list[Candidate]:
        question = Question(request="paraphrase", values=context.values(prompt="x"), tag="prompt")
        replies = await context.optimizer.ask([question] * context.count)
        texts = [reply.texts[0] for reply in replies if reply is not None]
        return [context.child(f"{text} {n}", origin="own") for text in texts for n in "ab"]


class Greedy(Undeclared):
    async def propose(self, context: Context) -> list[Candidate]:
        await super().propose(context)
        return await super().propose(context)


class Broken(Undeclared):
    async def propose(self, context: Context) -> list[Candidate]:
        raise ValueError(f"no {context.count}")


class Tiring(Undeclared):
    async def propose(self, context: Context) -> list[Candidate]:
        if any(standing.candidate.origin == "own" for standing in context.pool):
            raise ValueError("enough")
        teams = " ".join(f"Team {label}." for label in LABELS[:3])
        return [context.child(f"{START} {teams}", origin="own")]


class Trying(Undeclared):
    def cost(self, order: Order) -> ProposerCost:
        return ProposerCost(candidates=order.count, answers=3)

    async def propose(self, context: Context) -> list[Candidate]:
        child = context.child(f"{START} Team {LABELS[0]}.", origin="own")
        await context.trial([(child, context.train[:2])])
        await context.trial([(child, context.train[2:4])])
        return [child]


class Blank(Undeclared):
    async def propose(self, context: Context) -> list[Candidate]:
        await context.optimizer.ask([Question(request="paraphrase", values={}, tag="prompt")])
        return []


class Careless(Undeclared):
    async def propose(self, context: Context) -> list[Candidate]:
        return [context.text]  # type: ignore[list-item]


class Unusable(Undeclared):
    def __init__(self, tone: str) -> None:
        self.tone = tone


class Mute:
    needs_cases = False


class Vague(Undeclared):
    def cost(self, order: Order) -> int:
        return order.count


class Confused(Undeclared):
    def cost(self, order: Order) -> ProposerCost:
        return ProposerCost(candidates=order.amount)  # type: ignore[attr-defined]


class Stated(Greedy):
    def cost(self, order: Order) -> ProposerCost:
        return ProposerCost(calls=2 * order.count, candidates=2 * order.count)


class Everything:
    is_gate = False

    async def best(self, race: Race) -> tuple[Candidate, ...]:
        await race.board.ask([(candidate, race.goldens) for candidate in race.candidates])
        return tuple(race.candidates)


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proposers and an allocator as other packages would bring them."""
    proposers = (
        Undeclared,
        Greedy,
        Broken,
        Tiring,
        Trying,
        Blank,
        Careless,
        Stated,
        Unusable,
        Mute,
        Vague,
        Confused,
    )
    for registry, implementations in (
        (PROPOSERS, {kind.__name__.lower(): kind for kind in proposers}),
        (ALLOCATORS, {"everything": Everything}),
    ):
        known = registry.get
        monkeypatch.setattr(
            registry,
            "get",
            lambda name, known=known, found=implementations: found.get(name) or known(name),
        )


def follows_named_teams(request: Request) -> str:
    """Right where the system message names the team of the ticket; no contract does that."""
    ticket = request.messages[-1].content
    label = next(label for label in LABELS if label in ticket)
    return label if f"Team {label}" in request.messages[0].content else f"Perhaps {label}?"


def searched(tmp_path: Path, method: str, optimizer: Answer, **overrides: Any) -> list[Event]:
    """The events of a search without a cap."""
    told: list[Event] = []
    settings = read_optimize_settings(method, {"budget": "none", "rounds": 3, **overrides}, "test")
    journal = Journal(tmp_path / "journal.jsonl")
    search = run_search(
        subject(),
        settings,
        provider=Models(task=follows_named_teams, optimizer=optimizer),
        optimizer_model=OPTIMIZER,
        splits=splits(),
        journal=journal,
        report=told.append,
    )
    asyncio.run(search)
    journal.close()
    return told


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize("optimizer", [names_one_more_label, lambda _request: "not to be read"])
@pytest.mark.parametrize(
    ("method", "overrides"),
    [
        *((method, {}) for method in PRESETS if method != "race"),
        ("pe2", {"momentum": True, "batch_size": 12}),
        ("protegi", {"pulls": 1, "most_candidates": 3}),
        ("opro", {"proposers": {"undeclared": 3}}),
        ("opro", {"proposers": {"stated": 3, "paraphrase": 1}, "paraphrase_edits": True}),
        ("gepa", {"allocator": "everything"}),
        ("protegi", {"parents": "best"}),
    ],
)
def test_no_round_takes_more_than_the_plan_says(
    tmp_path: Path, method: str, overrides: Any, optimizer: Answer
) -> None:
    told = searched(tmp_path, method, optimizer, **overrides)
    (planned,) = [event.plan for event in told if isinstance(event, Planned)]
    advanced = [event for event in told if isinstance(event, Advanced)]
    first = next(n for n, event in enumerate(advanced) if event.round)
    spent = [e.spent.calls for e in advanced[first:] if e.phase is not Phase.VERDICT]
    most = planned.round_calls + sum(calls for calls, _ in planned.besides)
    assert spent[0] <= planned.before
    assert len(spent) > 1
    taken = [after - before for before, after in itertools.pairwise(spent)]
    assert max(taken) <= most


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "greedy",
            "the proposer `greedy` wants 3 more calls of the optimizer model, and by its `cost` it "
            "may make 0",
        ),
        ("broken", "the proposer `broken` raised ValueError: no 3 ("),
        ("blank", "the request paraphrase has no value for `"),
        (
            "trying",
            "the proposer `trying` wants 2 more answers to try its candidates, and by its `cost` "
            "it may have 1",
        ),
        ("careless", "the proposer `careless` gave something else than candidates"),
    ],
)
def test_a_proposer_that_does_not_keep_to_the_protocol_ends_the_search_and_is_named(
    tmp_path: Path, name: str, reason: str
) -> None:
    searched(tmp_path, "opro", names_one_more_label, proposers={name: 3})
    (ended,) = events(tmp_path, "ended")
    assert str(ended["reason"]).startswith(reason)


@pytest.mark.usefixtures("others")
def test_what_was_found_before_a_proposer_breaks_gets_its_verdict(tmp_path: Path) -> None:
    searched(tmp_path, "opro", names_one_more_label, proposers={"tiring": 3})
    [verdict] = events(tmp_path, "verdict")
    [ended] = events(tmp_path, "ended")
    assert str(verdict["sentence"]).startswith("Improved: ")
    assert str(ended["reason"]).startswith("the proposer `tiring` raised ValueError: enough")


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("unusable", "test: the proposer `unusable` raised TypeError: "),
        ("mute", "test: the proposer `mute` has no `propose`"),
        ("vague", "the `cost` of the proposer Vague gave int, expected a ProposerCost"),
        ("confused", "the `cost` of the proposer Confused raised AttributeError: "),
    ],
)
def test_a_proposer_that_cannot_be_planned_with_is_told_before_a_call(name: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan(read_optimize_settings("opro", {"proposers": {name: 1}}, "test"), SIZES)
    assert str(caught.value).startswith(told)
