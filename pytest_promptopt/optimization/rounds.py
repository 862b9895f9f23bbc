"""One round: propose, guard, screen, race, accept, remember."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pytest_promptopt.optimization.acceptance import ACCEPTANCES
from pytest_promptopt.optimization.allocation.allocator import Race, allocator_of, races_rivals
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case, mean_of
from pytest_promptopt.optimization.parents import CHOOSERS
from pytest_promptopt.optimization.proposers.contract import Contract
from pytest_promptopt.optimization.proposers.proposer import (
    Order,
    Proposer,
    ProposerCost,
    cost_of,
    made_proposer,
)
from pytest_promptopt.optimization.search import GIVEN, SearchState
from pytest_promptopt.optimization.shares import LEAST_GOLDENS
from pytest_promptopt.optimization.stops import ForeignCodeError, stopped_by
from pytest_promptopt.optimization.together import Desk, side_by_side
from pytest_promptopt.prompts.golden import Golden

_CONTRACTS = 2
_FINALISTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A candidate with the parent's cases that it was made from."""

    candidate: Candidate
    parent: Candidate
    cases: tuple[Case, ...]


async def run_round(search: SearchState, number: int) -> int:
    """Round ``number``, from 1: how many candidates passed the guards.

    Raises what board and optimizer raise.
    """
    settings = search.settings
    counts = settings.proposers_of(number)
    standings = search.standings
    parents: tuple[Candidate, ...] = (GIVEN,)
    if standings:
        parents = CHOOSERS[settings.parents].choose(standings, settings.parent_count, search.rng)
    search.journal.tell("round", number=number, parents=[parent.id for parent in parents])
    works = [
        partial(_proposals, search, number, parent, counts)
        for parent in parents[: 1 if number == 1 and settings.stages else None]
    ]
    made = await side_by_side(works, search.board, search.optimizer.ask)
    proposals = [proposal for of_parent in made for proposal in of_parent]
    raced = await _screened(search, number, proposals)
    contracts: list[Proposed] = []
    if number == 1 and "contract" not in counts:
        # Not screened: it costs no call of the optimizer model, and a preset may race only one.
        contracts = await _contracts_elsewhere(search, proposals[0].cases if proposals else ())
        raced += contracts
    joined = await _raced(search, number, raced, keep=settings.keep) if raced else ()
    if joined and races_rivals(allocator_of(settings)):
        search.pool[:] = joined
    else:
        search.pool += joined
    _remember(search, raced, joined)
    return len(proposals) + len(contracts)


async def _proposals(
    search: SearchState, number: int, parent: Candidate, counts: Mapping[str, int], desk: Desk
) -> list[Proposed]:
    settings = search.settings
    proposers = {name: made_proposer(name, settings) for name in counts}
    cases: tuple[Case, ...] = ()
    if allocator_of(settings).is_gate or any(
        proposer.needs_cases and _affordable(search, number, proposer, counts[name], 0)[0]
        for name, proposer in proposers.items()
    ):
        drawn = await search.batches.draw(desk, parent, search.pool)
        # Of what it shows as an example nothing is learned.
        cases = tuple(case for case in drawn if case.golden.id not in parent.demonstrations)
    diagnosis = search.diagnosis_of(parent)
    position = search.targets[(number - 1) % len(search.targets)]
    fresh: list[Candidate] = []
    for name, count in counts.items():
        count, cost = _affordable(search, number, proposers[name], count, len(fresh))
        if not count:
            continue
        context = search.context(
            parent,
            position=position,
            diagnosis=diagnosis,
            cases=cases,
            fresh=fresh,
            count=count,
            proposer=name,
            desk=desk,
            calls=cost.calls,
            answers=cost.answers,
        )
        with stopped_by(f"the proposer `{name}`"):
            made = tuple(await proposers[name].propose(context))[: cost.candidates]
        if not all(isinstance(candidate, Candidate) for candidate in made):
            raise ForeignCodeError(f"the proposer `{name}` gave something else than candidates")
        fresh += [candidate for candidate in made if search.admit(candidate)]
    return [Proposed(candidate=candidate, parent=parent, cases=cases) for candidate in fresh]


def _affordable(
    search: SearchState, number: int, proposer: Proposer, count: int, fresh: int
) -> tuple[int, ProposerCost]:
    """How many may be asked for, and what that costs.

    Where rounds share what is left, no more than can be raced, and nothing whose tries would take
    more than half.
    """
    shares = search.settings.shares_caps
    pulls = search.pulls(number)
    count = min(count, pulls // LEAST_GOLDENS) if shares else count
    cost = cost_of(proposer, Order(count=count, fresh=fresh, settings=search.settings))
    return (0 if shares and 2 * (cost.answers + cost.calls) > pulls else count), cost


async def _contracts_elsewhere(search: SearchState, cases: tuple[Case, ...]) -> list[Proposed]:
    """The contract in another place than where it was tried before the first round."""
    given = search.pool[0]
    diagnosis = search.diagnosis_of(given)
    context = search.context(
        given, position=search.targets[0], diagnosis=diagnosis, count=_CONTRACTS
    )
    found = await Contract().propose(context)
    return [
        Proposed(candidate=candidate, parent=given, cases=cases)
        for candidate in found[1:]
        if search.admit(candidate)
    ]


async def _screened(
    search: SearchState, number: int, proposals: Sequence[Proposed]
) -> list[Proposed]:
    """At most as many as may be raced: those best on the first missed goldens of the batches.

    The reference of ProTeGi draws them blindly.
    """
    settings = search.settings
    most = settings.most_candidates
    if settings.shares_caps:
        most = min(most, search.pulls(number) // LEAST_GOLDENS)
        proposals = _in_turns(proposals)
    if len(proposals) <= most:
        return list(proposals)
    missed = {c.golden.id: c.golden for p in proposals for c in p.cases if not c.passed}
    goldens = list(missed.values())[: settings.screen]
    if not goldens:
        return list(proposals[:most])
    await search.board.ask([(proposal.candidate, goldens) for proposal in proposals])

    def screened(proposal: Proposed) -> float:
        known = search.board.known(proposal.candidate)
        return mean_of(known[g.id] for g in goldens if g.id in known) or 0.0

    kept = sorted(proposals, key=screened, reverse=True)[:most]
    search.journal.tell("screened", kept=[proposal.candidate.id for proposal in kept])
    return kept


def _in_turns(proposals: Sequence[Proposed]) -> list[Proposed]:
    """Parents and proposers take turns, so that a cut leaves some of each."""
    nth: Counter[tuple[str, str]] = Counter()
    turns = []
    for proposal in proposals:
        key = proposal.parent.id, proposal.candidate.origin
        turns.append(nth[key])
        nth[key] += 1
    return [proposals[n] for n in sorted(range(len(proposals)), key=turns.__getitem__)]


async def run_finals(search: SearchState) -> None:
    """Race those of the pool against each other, by what is left."""
    number = search.settings.rounds + 1
    search.pool[:] = await _raced(search, number, (), keep=_FINALISTS) or search.pool


async def _raced(
    search: SearchState, number: int, proposals: Sequence[Proposed], *, keep: int
) -> tuple[Candidate, ...]:
    settings = search.settings
    allocator = allocator_of(settings)
    accepts = ACCEPTANCES[settings.acceptance](settings.acceptance_level)
    parents = {proposal.candidate.id: proposal.parent for proposal in proposals}
    race = Race(
        board=search.board,
        candidates=[proposal.candidate for proposal in proposals],
        goldens=search.validation,
        keep=keep,
        pulls=max(search.pulls(number), len(proposals)),
        settings=settings,
        rng=search.rng,
        parents=parents,
        batches={proposal.candidate.id: _goldens(proposal) for proposal in proposals},
        acceptance=accepts,
        rivals=search.pool if races_rivals(allocator) else (),
    )
    with stopped_by(f"the allocator `{settings.allocator}`"):
        left = await allocator.best(race)
    joined = tuple(
        candidate
        for candidate in left
        if allocator.is_gate
        or races_rivals(allocator)
        or accepts(race.cases(parents[candidate.id]), race.cases(candidate))
    )
    search.journal.tell(
        "raced",
        scores={c.id: mean_of(race.cases(c).values()) for c in (*race.rivals, *race.candidates)},
        left=[candidate.id for candidate in left],
        joined=[candidate.id for candidate in joined],
    )
    return joined


def _goldens(proposal: Proposed) -> list[Golden]:
    return [case.golden for case in proposal.cases]


def _remember(search: SearchState, raced: Sequence[Proposed], joined: Sequence[Candidate]) -> None:
    """Note what did not help: candidates that stayed out or scored no better than their parent."""
    ids = {candidate.id for candidate in joined}
    for proposal in raced:
        own, parent = search.standing(proposal.candidate), search.standing(proposal.parent)
        helped = proposal.candidate.id in ids and own.score > parent.score
        if not helped and proposal.candidate.note:
            search.memory.rejected.append(proposal.candidate.note)
