import random

from pytest_promptopt.optimization.parents import Standing, beam, best, last, pareto, softmax
from tests.optimization.arms import made_candidates, made_case, made_goldens

GOLDENS = made_goldens(4)
A, B, C, D = made_candidates(4)


def standing(number: int, passed: str) -> Standing:
    marks = zip(GOLDENS, passed, strict=True)
    cases = {g.id: made_case(g, passed=mark == "+") for g, mark in marks if mark != " "}
    return Standing(candidate=made_candidates(4)[number], cases=cases)


POOL = [standing(0, "+---"), standing(1, "+++-"), standing(2, "---+"), standing(3, "++--")]


def test_best_last_and_beam() -> None:
    rng = random.Random(0)
    assert best(POOL, 4, rng) == (B,)
    assert last(POOL, 4, rng) == (D,)
    assert beam(POOL, 3, rng) == (B, D, A)


def test_the_beam_keeps_the_older_one_of_equals() -> None:
    pool = [standing(2, "-+--"), standing(0, "+---")]
    assert beam(pool, 2, random.Random(0)) == (C, A)


def test_pareto_leaves_out_who_wins_only_where_others_do() -> None:
    drawn = {pareto(POOL, 1, random.Random(seed))[0].id for seed in range(40)}
    assert drawn == {B.id, C.id}


def test_pareto_draws_by_the_number_of_wins() -> None:
    drawn = [pareto(POOL, 1, random.Random(seed))[0] for seed in range(400)]
    assert 0.65 < drawn.count(B) / 400 < 0.85


def test_softmax_draws_the_better_more_often_and_none_twice() -> None:
    drawn = [softmax(POOL, 2, random.Random(seed)) for seed in range(300)]
    first = [pair[0] for pair in drawn]
    assert first.count(B) > first.count(D) > first.count(A) > 0
    assert all(pair[0] != pair[1] for pair in drawn)
