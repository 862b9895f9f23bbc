import asyncio
import math
from typing import Any

import pytest

from pytest_promptopt.optimization.allocation.allocator import ALLOCATORS
from pytest_promptopt.optimization.allocation.bandits import Ucb, UcbE
from pytest_promptopt.optimization.allocation.minibatch import Minibatch
from pytest_promptopt.optimization.allocation.successive_rejects import SuccessiveRejects
from pytest_promptopt.optimization.candidate import Candidate
from tests.optimization.arms import Arms, made_candidates, made_goldens, made_race

RATES = (0.3, 0.4, 0.4, 0.5, 0.5, 0.55, 0.6, 0.78)
RUNS = 60


def race_often(name: str, *, goldens: int, pulls: int, **settings: Any) -> tuple[float, float]:
    """How often the best arm wins, and which share of the full cost that takes."""
    found, cells = 0, 0
    for seed in range(RUNS):
        candidates, asked = made_candidates(len(RATES)), made_goldens(goldens)
        rates = {c.id: rate for c, rate in zip(candidates, RATES, strict=True)}
        board = Arms(rates, asked, seed)
        allocator = ALLOCATORS.get(name)
        assert allocator is not None
        race = made_race(board, candidates, asked, pulls=pulls, **settings)
        (best,) = asyncio.run(allocator().best(race))
        found += best == candidates[-1]
        cells += len(board.cells)
    return found / RUNS, cells / (RUNS * len(RATES) * goldens)


@pytest.mark.parametrize(
    ("name", "pulls", "settings", "at_most"),
    [
        ("ucb", 192, {"exploration": 0.5}, 0.3),
        ("ucb_e", 192, {"exploration": 0.5}, 0.3),
        ("successive_rejects", 320, {}, 0.55),
        ("successive_halving", 320, {}, 0.55),
        ("staged", 320, {}, 0.5),
        ("racing", 640, {"race_level": 0.05}, 0.6),
    ],
)
def test_the_best_arm_is_found_at_a_fraction_of_the_full_cost(
    name: str, pulls: int, settings: dict[str, Any], at_most: float
) -> None:
    rate, fraction = race_often(name, goldens=80, pulls=pulls, **settings)
    full, whole = race_often("full", goldens=80, pulls=640)
    print(f"\n{name}: best arm in {rate:.0%} at {fraction:.0%} of the cost (full: {full:.0%})")
    assert whole == 1.0
    assert fraction <= at_most
    assert rate >= 0.7


def test_ucb_counts_answers_on_both_sides_of_its_bonus() -> None:
    assert Ucb().bonus(2.0, 100, 4) == 2.0 * math.sqrt(math.log(100) / 4)
    assert UcbE().bonus(2.0, 100, 8) == 2.0 * math.sqrt(2.0 / 8)


def test_ucb_gives_no_arm_less_than_a_block() -> None:
    candidates, goldens = made_candidates(4), made_goldens(20)
    board = Arms(dict.fromkeys((c.id for c in candidates), 0.5), goldens, 1)
    asyncio.run(Ucb().best(made_race(board, candidates, goldens, pulls=40, block=5)))
    asked = [candidate_id for candidate_id, _ in board.cells]
    assert len(asked) == 40
    assert min(asked.count(candidate.id) for candidate in candidates) >= 5


def test_successive_rejects_has_the_phases_of_the_paper() -> None:
    # K = 4, B = 40: log̅K = 1/2 + 1/2 + 1/3 + 1/4 = 19/12, n_k = ⌈36 · 12 / (19 · (5 − k))⌉.
    candidates, goldens = made_candidates(4), made_goldens(40)
    rates = {c.id: rate for c, rate in zip(candidates, (0.0, 0.01, 0.99, 1.0), strict=True)}
    board = Arms(rates, goldens, 3)
    asyncio.run(SuccessiveRejects().best(made_race(board, candidates, goldens, pulls=40)))
    asked = [candidate_id for candidate_id, _ in board.cells]
    assert sorted(asked.count(candidate.id) for candidate in candidates) == [6, 8, 12, 12]


def test_minibatch_scores_on_validation_only_what_did_better_on_the_batch() -> None:
    candidates, goldens, batch = made_candidates(2), made_goldens(10), made_goldens(13)[10:]
    rates = {candidates[0].id: 0.0, candidates[1].id: 1.0, Candidate().id: 0.0}
    board = Arms(rates, [*goldens, *batch], 0)
    race = made_race(board, candidates, goldens, keep=2, batch=batch)
    assert asyncio.run(Minibatch().best(race)) == (candidates[1],)
    asked = [candidate_id for candidate_id, _ in board.cells]
    assert asked.count(candidates[0].id) == 3
    assert asked.count(candidates[1].id) == 3 + 10
