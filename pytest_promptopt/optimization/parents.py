"""Parents: the candidates that are worked on in a round."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pytest_promptopt.optimization.answer_cost import AnswerCost
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case, mean_of

_TEMPERATURE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A candidate with its cases on validation, at least one."""

    candidate: Candidate
    cases: Mapping[str, Case]

    @property
    def score(self) -> float:
        """Mean score on the goldens that it was scored on."""
        return mean_of(self.cases.values()) or 0.0

    @property
    def cost(self) -> AnswerCost:
        """What an answer takes."""
        return AnswerCost.of(self.cases.values())


Choose = Callable[[Sequence[Standing], int, random.Random], tuple[Candidate, ...]]
"""Takes the pool in the order of joining, which is not empty, and how many parents are wanted.

Gives between one and that many, all from the pool and each once.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """A way to choose parents; one that ``is_single`` gives one, however many are wanted."""

    choose: Choose
    is_single: bool = False


def best_first(pool: Sequence[Standing]) -> tuple[Standing, ...]:
    """By score; among equals the one that has been there longer."""
    return tuple(sorted(pool, key=lambda standing: -standing.score))


def best(pool: Sequence[Standing], _count: int, _rng: random.Random) -> tuple[Candidate, ...]:
    """The one best candidate."""
    return (best_first(pool)[0].candidate,)


def last(pool: Sequence[Standing], _count: int, _rng: random.Random) -> tuple[Candidate, ...]:
    """The one that joined last (Reflexion goes on from its last trial)."""
    return (pool[-1].candidate,)


def leaders(pool: Sequence[Standing], count: int, _rng: random.Random) -> tuple[Candidate, ...]:
    """The first ``count`` in the order of the last race."""
    return tuple(standing.candidate for standing in pool[:count])


def beam(pool: Sequence[Standing], count: int, _rng: random.Random) -> tuple[Candidate, ...]:
    """The best ``count``."""
    return tuple(standing.candidate for standing in best_first(pool)[:count])


def history(pool: Sequence[Standing], count: int, _rng: random.Random) -> tuple[Candidate, ...]:
    """The best ``count`` that ever were.

    PE2's backtracking. Here it is the beam: no candidate that was raced to the end ever leaves
    the pool.
    """
    return beam(pool, count, _rng)


def softmax(pool: Sequence[Standing], count: int, rng: random.Random) -> tuple[Candidate, ...]:
    """``count`` draws without replacement, a score .1 higher being e times as likely."""
    left = list(pool)
    drawn: list[Candidate] = []
    while left and len(drawn) < count:
        weights = [math.exp(standing.score / _TEMPERATURE) for standing in left]
        position = rng.choices(range(len(left)), weights)[0]
        drawn.append(left.pop(position).candidate)
    return tuple(drawn)


def pareto(pool: Sequence[Standing], count: int, rng: random.Random) -> tuple[Candidate, ...]:
    """``count`` draws from the front over goldens, by the number of goldens won.

    GEPA (arXiv 2507.19457, algorithm 2): on every golden the candidates with its best score win;
    a candidate that wins only where another wins too, and less often, leaves the front. There
    all candidates are scored on all goldens; here a golden counts for those scored on it.
    """
    wins = _wins(pool)
    front = _undominated(wins)
    left = [(standing.candidate, len(wins[n])) for n, standing in enumerate(pool) if n in front]
    drawn: list[Candidate] = []
    while left and len(drawn) < count:
        position = rng.choices(range(len(left)), [won for _, won in left])[0]
        drawn.append(left.pop(position)[0])
    return tuple(drawn)


def _wins(pool: Sequence[Standing]) -> list[set[str]]:
    top: dict[str, float] = {}
    for standing in pool:
        for golden_id, case in standing.cases.items():
            top[golden_id] = max(top.get(golden_id, 0.0), case.score or 0.0)
    return [
        {golden_id for golden_id, case in standing.cases.items() if case.score == top[golden_id]}
        for standing in pool
    ]


def _undominated(wins: Sequence[set[str]]) -> set[int]:
    """Positions left when those whose wins others cover are taken out, the weakest first."""
    front = {n for n, won in enumerate(wins) if won}
    for n in sorted(front, key=lambda position: (len(wins[position]), -position)):
        others = [wins[other] for other in front if other != n]
        if wins[n] <= set().union(*others):
            front.discard(n)
    return front


CHOOSERS: Mapping[str, Chooser] = {
    "best": Chooser(choose=best, is_single=True),
    "leaders": Chooser(choose=leaders),
    "last": Chooser(choose=last, is_single=True),
    "beam": Chooser(choose=beam),
    "pareto": Chooser(choose=pareto),
    "softmax": Chooser(choose=softmax),
    "history": Chooser(choose=history),
}
