"""The protocol of allocators: what each is given and gives back."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pytest_promptopt.optimization.acceptance import Acceptance
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case, CaseBoard, mean_of
from pytest_promptopt.optimization.registered import registered
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """Candidates to choose among.

    ``goldens`` are those of validation in the order in which all candidates meet them, so that
    they are compared on the same ones. At most ``pulls`` cells (candidate × golden) of them may
    be asked for; there is one at least for every candidate. ``parents`` are by the candidates'
    ids, and so are ``batches``: the goldens that a candidate was made from. Who draws, draws by
    ``rng``.
    """

    board: CaseBoard
    candidates: Sequence[Candidate]
    goldens: Sequence[Golden]
    keep: int
    pulls: int
    settings: OptimizeSettings
    rng: random.Random
    parents: Mapping[str, Candidate]
    batches: Mapping[str, Sequence[Golden]]
    acceptance: Acceptance
    rivals: Sequence[Candidate] = ()

    def cases(self, candidate: Candidate) -> Mapping[str, Case]:
        """What the candidate scored on validation so far, by golden."""
        return _on(self.goldens, self.board.known(candidate))

    def is_accepted(self, candidate: Candidate) -> bool:
        """Whether the acceptance takes the candidate by what is known of its batch."""
        batch = self.batches[candidate.id]
        parent = self.parents[candidate.id]
        known = self.board.known
        return self.acceptance(_on(batch, known(parent)), _on(batch, known(candidate)))

    def scored(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Those with at least one case on validation."""
        return [candidate for candidate in candidates if self.cases(candidate)]

    def by_score(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """The best mean first, whoever has no score last; among equals the order stands."""

        def order(candidate: Candidate) -> float:
            score = mean_of(self.cases(candidate).values())
            return -1.0 if score is None else score

        return sorted(candidates, key=order, reverse=True)

    @property
    def per_candidate(self) -> int:
        """Goldens that each can be scored on if all get the same."""
        return min(len(self.goldens), self.pulls // max(1, len(self.candidates)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceSize:
    """The size of a race: so many candidates and parents, and goldens of validation and a batch."""

    candidates: int
    parents: int
    goldens: int
    batch: int
    pulls: int


class Allocator(Protocol):
    """Spends evaluations on candidates, and keeps the best.

    Made without arguments. ``is_gate`` says that it applies the acceptance itself. One with a
    true attribute ``is_open`` races the rivals too, and those that it leaves are the only parents
    from then on. One may also say by ``cost(size: RaceSize) -> int`` how many answers it takes at
    most.
    """

    is_gate: bool

    async def best(self, race: Race) -> tuple[Candidate, ...]:
        """At most ``race.keep`` of those that race, the best first, each scored at least once."""
        ...


class WithinPulls:
    """The cost of allocators that keep to the pulls."""

    is_gate = False

    def cost(self, size: RaceSize) -> int:
        """The pulls, a golden for every candidate at least, all goldens for all at most."""
        return min(max(size.pulls, size.candidates), size.candidates * size.goldens)


def race_cost(allocator: Allocator, size: RaceSize) -> int:
    """What the allocator states; without that all that it can ask, since nothing is asked twice."""
    cost = getattr(allocator, "cost", None)
    if cost is None:
        return (size.candidates + size.parents) * (size.goldens + size.batch)
    stated: int = cost(size)
    return stated


def races_rivals(allocator: Allocator) -> bool:
    """Whether those that earlier races left take part in the next."""
    return bool(getattr(allocator, "is_open", False))


def allocator_of(settings: OptimizeSettings) -> Allocator:
    """The allocator of the settings; raises :class:`UsageError`."""
    return registered(ALLOCATORS, settings.allocator, "allocator")()


def _on(goldens: Sequence[Golden], known: Mapping[str, Case]) -> Mapping[str, Case]:
    return {golden.id: known[golden.id] for golden in goldens if golden.id in known}


_HERE = "pytest_promptopt.optimization.allocation"

ALLOCATORS: Registry[type[Allocator]] = Registry(
    "pytest_promptopt.allocators",
    {
        "full": f"{_HERE}.full:Full",
        "staged": f"{_HERE}.staged:Staged",
        "ucb": f"{_HERE}.bandits:Ucb",
        "ucb_e": f"{_HERE}.bandits:UcbE",
        "successive_rejects": f"{_HERE}.successive_rejects:SuccessiveRejects",
        "successive_halving": f"{_HERE}.successive_halving:SuccessiveHalving",
        "minibatch": f"{_HERE}.minibatch:Minibatch",
        "racing": f"{_HERE}.racing:Racing",
        "blocks": f"{_HERE}.blocks:Blocks",
    },
)
