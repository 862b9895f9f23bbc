"""What every way to choose parents keeps to."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.optimization.parents import CHOOSERS, Standing
from tests.optimization.arms import made_candidates, made_case, made_goldens


@pytest.mark.parametrize("name", CHOOSERS)
@given(
    passed=st.lists(st.lists(st.booleans(), min_size=1, max_size=6), min_size=1, max_size=6),
    count=st.integers(1, 8),
    seed=st.integers(0, 9),
)
def test_contract(name: str, passed: list[list[bool]], count: int, seed: int) -> None:
    goldens = made_goldens(6)
    pool = [
        Standing(
            candidate=candidate,
            cases={g.id: made_case(g, passed=p) for g, p in zip(goldens, marks, strict=False)},
        )
        for candidate, marks in zip(made_candidates(len(passed)), passed, strict=True)
    ]
    chosen = CHOOSERS[name].choose(pool, count, random.Random(seed))
    assert 1 <= len(chosen) <= (1 if CHOOSERS[name].is_single else count)
    assert len({candidate.id for candidate in chosen}) == len(chosen)
    assert {candidate.id for candidate in chosen} <= {s.candidate.id for s in pool}
    assert CHOOSERS[name].choose(pool, count, random.Random(seed)) == chosen
