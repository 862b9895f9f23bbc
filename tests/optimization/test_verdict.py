import random
from collections.abc import Mapping
from dataclasses import replace

import pytest

from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.verdict import SearchVerdict, VerdictKind, verdict_on
from tests.optimization.arms import made_case, made_goldens

Cases = Mapping[str, Case]


def cases(passed: list[bool]) -> Cases:
    goldens = made_goldens(len(passed))
    return {g.id: made_case(g, passed=p) for g, p in zip(goldens, passed, strict=True)}


def test_six_fixed_and_none_broken_are_an_improvement() -> None:
    verdict = verdict_on(cases([False] * 6), cases([True] * 6))
    assert verdict.kind is VerdictKind.IMPROVED
    assert verdict.fixed == ("g0", "g1", "g2", "g3", "g4", "g5")
    assert verdict.broken == ()


def test_six_broken_are_worse() -> None:
    verdict = verdict_on(cases([True] * 6), cases([False] * 6))
    assert verdict.kind is VerdictKind.WORSE


def test_too_few_goldens_are_unproven_and_it_is_said_how_many_are_needed() -> None:
    verdict = verdict_on(cases([False] * 5), cases([True] * 5))
    assert verdict.kind is VerdictKind.UNPROVEN
    assert verdict.needed == 6
    assert verdict.sentence == (
        "Unproven: 5 test goldens, and at least 6 are needed (six fixed and none broken are the "
        "least that shows anything at 5 %)."
    )


def test_a_difference_that_is_not_shown_says_how_many_goldens_would_show_it() -> None:
    before = [False] * 4 + [True] * 3 + [False] * 33
    after = [True] * 4 + [False] * 3 + [False] * 33
    verdict = verdict_on(cases(before), cases(after))
    assert verdict.kind is VerdictKind.NO_PROVEN_CHANGE
    # 1.96² · variance / mean², with 4 fixed and 3 broken of 40.
    assert verdict.needed == 1100


def test_only_goldens_with_both_answers_count() -> None:
    before = cases([False] * 8)
    after = {k: v for k, v in cases([True] * 8).items() if k not in {"g0", "g1"}}
    verdict = verdict_on(before, after)
    assert verdict.comparison is not None
    assert verdict.comparison.pairs == 6


def test_the_means_are_those_of_the_goldens_compared() -> None:
    before = cases([True] * 2 + [False] * 8)
    after = {k: v for k, v in cases([True] * 9 + [False]).items() if k not in {"g0", "g1"}}
    verdict = verdict_on(before, after)
    assert (verdict.before, verdict.after) == (0, 7 / 8)


def test_a_second_opening_of_the_test_split_is_told() -> None:
    verdict = verdict_on(cases([False] * 6), cases([True] * 6), openings=2)
    assert verdict.sentence.endswith("opened 2 times: it is less and less unseen.")


def in_clusters(passed: list[bool], size: int) -> Cases:
    """Goldens of which so many after each other share a cluster."""
    return {
        name: replace(case, golden=replace(case.golden, cluster=f"c{number // size}"))
        for number, (name, case) in enumerate(cases(passed).items())
    }


def test_the_verdict_counts_clusters() -> None:
    verdict = verdict_on(in_clusters([False] * 30, 6), in_clusters([True] * 30, 6))
    assert verdict.sentence == (
        "Unproven: 30 test goldens in 5 clusters, and at least 6 clusters are needed (six fixed "
        "and none broken are the least that shows anything at 5 %)."
    )
    verdict = verdict_on(in_clusters([False] * 36, 6), in_clusters([True] * 36, 6))
    assert verdict.kind is VerdictKind.IMPROVED
    assert "+1.000 on 36 test goldens in 6 clusters [" in verdict.sentence
    alone = cases([False] * 8 + [True]), cases([True] * 7 + [False] * 2)
    assert verdict_on(*alone) == verdict_on(
        in_clusters([False] * 8 + [True], 1), in_clusters([True] * 7 + [False] * 2, 1)
    )


def test_more_clusters_are_asked_for_in_goldens() -> None:
    before, after = [False] * 8 + [True] * 32, [True] * 12 + [False] * 4 + [True] * 24
    few, more = (
        verdict_on(in_clusters(before, size), in_clusters(after, size)).needed for size in (1, 4)
    )
    assert few is not None
    assert more is not None
    assert more > 2 * few


def looks(before: list[bool], after: list[bool]) -> tuple[SearchVerdict, int]:
    """The verdict of one who looks after every six pairs, and how many were asked."""
    for count in [*range(6, len(before), 6), len(before)]:
        verdict = verdict_on(cases(before[:count]), cases(after[:count]), left=len(before) - count)
        if verdict.is_final:
            break
    return verdict, count


def test_a_clear_gain_is_settled_before_all_are_asked() -> None:
    verdict, asked = looks([False] * 60, [True] * 60)
    assert (verdict.kind, asked) == (VerdictKind.IMPROVED, 12)
    assert verdict.comparison is not None
    assert verdict.comparison.interval.low > 0
    assert "It was settled with 48 more unasked." in verdict.sentence


def test_a_clear_loss_is_settled_too() -> None:
    verdict, asked = looks([True] * 60, [False] * 60)
    assert verdict.kind is VerdictKind.WORSE or asked < 60
    assert verdict.kind is not VerdictKind.IMPROVED


def test_equal_answers_are_given_up_early() -> None:
    verdict, asked = looks([True, False] * 30, [True, False] * 30)
    assert verdict.kind is VerdictKind.NO_PROVEN_CHANGE
    assert asked < 40
    assert "were not asked: they could hardly have shown more" in verdict.sentence


def test_weights_that_differ_are_asked_to_the_end() -> None:
    goldens = [replace(g, weight=1 + n % 2) for n, g in enumerate(made_goldens(12))]
    before = {g.id: made_case(g, passed=False) for g in goldens}
    after = {g.id: made_case(g, passed=True) for g in goldens}
    verdict = verdict_on(before, after, left=30)
    assert not verdict.is_final


@pytest.mark.parametrize(("before", "after", "least"), [(0.1, 0.7, 0.95), (0.3, 0.6, 0.8)])
def test_looking_early_loses_few_improvements_and_saves_calls(
    before: float, after: float, least: float
) -> None:
    rng = random.Random(2)
    found, asked = 0, 0
    for _ in range(60):
        sides = [[rng.random() < rate for _ in range(60)] for rate in (before, after)]
        verdict, count = looks(*sides)
        found += verdict.kind is VerdictKind.IMPROVED
        asked += count
    assert found >= 60 * least
    assert asked < 3300


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.85])
def test_an_equal_prompt_is_almost_never_an_improvement(rate: float) -> None:
    """Both sides answer anew with the same true rate per golden, 60 times on 45 goldens."""
    rng = random.Random(5)
    improved = 0
    for _ in range(60):
        rates = [min(1.0, max(0.0, rng.gauss(rate, 0.2))) for _ in range(45)]
        before, after = ([rng.random() < r for r in rates] for _ in range(2))
        improved += looks(before, after)[0].kind is VerdictKind.IMPROVED
    # 2.5 % of 60 are 1.5; more than 5 have a chance under 1 %.
    assert improved <= 5
