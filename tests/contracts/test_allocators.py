"""What every allocator keeps to, whatever the candidates, the goldens and the pulls."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.optimization.allocation.allocator import ALLOCATORS
from pytest_promptopt.optimization.candidate import Candidate
from tests.optimization.arms import Arms, made_candidates, made_goldens, made_race

NAMES = ALLOCATORS.names()


@pytest.mark.parametrize("name", NAMES)
@given(
    arms=st.integers(1, 9),
    goldens=st.integers(1, 25),
    keep=st.integers(1, 5),
    spare=st.integers(0, 300),
    seed=st.integers(0, 5),
)
def test_contract(name: str, arms: int, goldens: int, keep: int, spare: int, seed: int) -> None:
    allocator = ALLOCATORS.get(name)
    assert allocator is not None

    pulls = arms + spare

    def raced() -> tuple[tuple[Candidate, ...], Arms]:
        candidates, asked = made_candidates(arms), made_goldens(goldens)
        rates = {c.id: n / arms for n, c in enumerate(candidates)} | {Candidate().id: 0.2}
        board = Arms(rates, asked, seed)
        race = made_race(board, candidates, asked, keep=keep, pulls=pulls, batch=asked[:3])
        return asyncio.run(allocator().best(race)), board

    best, board = raced()
    candidates = made_candidates(arms)
    assert len(best) <= keep
    assert len({c.id for c in best}) == len(best)
    assert all(candidate in candidates for candidate in best)
    assert all(board.known(candidate) for candidate in best)
    assert len(board.cells) == len(set(board.cells))
    if name != "minibatch":
        assert best
        assert len(board.cells) <= pulls
    again, board_again = raced()
    assert again == best
    assert board_again.cells == board.cells
