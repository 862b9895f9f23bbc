import asyncio
import random

from pytest_promptopt.optimization.batches import BATCHES
from pytest_promptopt.optimization.candidate import Candidate
from tests.optimization.arms import Arms, made_candidates, made_goldens

GOLDENS = made_goldens(12)
PARENT = Candidate()


def drawn(kind: str, size: int, rate: float, times: int = 1) -> tuple[list[list[str]], Arms]:
    board = Arms({PARENT.id: rate}, GOLDENS, 0)
    batches = BATCHES[kind](size, GOLDENS, random.Random(4))
    found = []
    for _ in range(times):
        cases = asyncio.run(batches.draw(board, PARENT, [PARENT]))
        found.append([case.golden.id for case in cases])
    return found, board


def test_a_random_batch_has_its_size_and_costs_nothing_where_enough_is_known() -> None:
    (batch, second), board = drawn("random", 5, 0.5, times=2)
    assert len(set(batch)) == 5
    assert sorted(second) == sorted(batch)
    assert len(board.cells) == 5


def test_errors_are_looked_for_until_there_are_enough() -> None:
    (batch,), board = drawn("errors", 2, 0.6)
    assert len(batch) == 2
    assert not any(board.known(PARENT)[golden_id].passed for golden_id in batch)
    assert 2 <= len(board.cells) < 12


def test_where_nothing_is_missed_there_are_no_errors() -> None:
    (batch,), board = drawn("errors", 4, 1.0)
    assert batch == []
    assert len(board.cells) == 12


def test_failed_goldens_come_in_the_order_of_the_file() -> None:
    (batch,), _ = drawn("failed", 3, 0.0)
    assert batch == ["g0", "g1", "g2"]


def test_an_epoch_goes_through_all_goldens_before_one_comes_again() -> None:
    found, _ = drawn("epoch", 5, 0.5, times=12)
    order = [golden_id for batch in found for golden_id in batch]
    for start in range(0, 60, 12):
        assert len(set(order[start : start + 12])) == 12
    assert all(len(set(batch)) == 5 for batch in found)


def test_mixed_takes_first_what_tells_candidates_apart() -> None:
    low, high = made_candidates(2)
    board = Arms({low.id: 0.3, high.id: 0.9}, GOLDENS, 2)
    asyncio.run(board.ask([(low, GOLDENS), (high, GOLDENS)]))
    apart = {
        golden.id
        for golden in GOLDENS
        if board.known(low)[golden.id].passed != board.known(high)[golden.id].passed
    }
    batches = BATCHES["mixed"](len(apart), GOLDENS, random.Random(0))
    cases = asyncio.run(batches.draw(board, high, [low, high]))
    assert {case.golden.id for case in cases} == apart
    assert len(apart) > 2
