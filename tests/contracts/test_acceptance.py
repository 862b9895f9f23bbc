"""What every acceptance keeps to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.optimization.acceptance import ACCEPTANCES
from tests.optimization.arms import made_case, made_goldens

KINDS = ("any", "better", "proven")


@pytest.mark.parametrize("kind", KINDS)
@given(before=st.lists(st.booleans(), max_size=12), after=st.lists(st.booleans(), max_size=12))
def test_contract(kind: str, before: list[bool], after: list[bool]) -> None:
    accepts = ACCEPTANCES[kind](0.1)
    goldens = made_goldens(12)
    old = {g.id: made_case(g, passed=p) for g, p in zip(goldens, before, strict=False)}
    new = {g.id: made_case(g, passed=p) for g, p in zip(goldens, after, strict=False)}
    assert accepts(old, {}) is False
    if kind != "any":
        assert not (accepts(old, new) and accepts(new, old))
        assert accepts(old, old) is False
    if accepts(old, new):
        assert ACCEPTANCES["any"](0.1)(old, new)


def test_better_is_a_strictly_greater_sum_on_shared_goldens() -> None:
    goldens = made_goldens(3)
    none, one = ({g.id: made_case(g, passed=p) for g in goldens[:2]} for p in (False, True))
    assert ACCEPTANCES["better"](0.1)(none, one)
    alone = {goldens[2].id: made_case(goldens[2], passed=True)}
    assert not ACCEPTANCES["better"](0.1)(none, alone)


def test_proven_needs_more_than_a_lucky_golden() -> None:
    goldens = made_goldens(6)
    missed = {g.id: made_case(g, passed=False) for g in goldens}
    fixed = {g.id: made_case(g, passed=n < 3) for n, g in enumerate(goldens)}
    # Three fixed and none broken: 1 / 2³ one-sided; four: 1 / 2⁴.
    assert not ACCEPTANCES["proven"](0.1)(missed, fixed)
    assert ACCEPTANCES["proven"](0.125)(missed, fixed)
