from collections.abc import Callable, Mapping
from functools import cache

import pytest

from pytest_promptopt.statistics.comparison import Pair, compare
from pytest_promptopt.statistics.intervals import Interval, verdict_interval
from pytest_promptopt.statistics.watched import (
    compare_anytime,
    compare_watched,
    could_be_shown_lower,
    watched_interval,
)

GOLDENS = 20
State = tuple[int, ...]
LAST = 1 - 2 * 0.8 * 0.05
"""The confidence of the bounds when all are in, where 5 % are allowed in each."""


@cache
def interval(hits: int, misses: int, left: int) -> Interval:
    scores = [1.0] * hits + [0.0] * misses
    weights = [1.0] * len(scores)
    return watched_interval(scores, weights=weights, left=[1.0] * left, confidence=0.9)


def pairs(gained: int, lost: int, same: int, weight: float = 1.0) -> list[Pair]:
    sides = [(0.0, 1.0)] * gained + [(1.0, 0.0)] * lost + [(1.0, 1.0)] * same
    return [
        Pair(
            golden_id=str(number),
            before=before,
            after=after,
            passed_before=bool(before),
            passed_after=bool(after),
            weight=weight,
        )
        for number, (before, after) in enumerate(sides)
    ]


def chance_ever(
    steps: Mapping[State, float], count: int, is_wrong: Callable[[State], bool]
) -> float:
    """The exact chance that counts of so many steps are ever wrong, looked at after each."""
    ways: dict[State, float] = {(0,) * len(next(iter(steps))): 1.0}
    wrong = 0.0
    for _ in range(count):
        after: dict[State, float] = {}
        for state, chance in ways.items():
            for step, share in steps.items():
                key = tuple(a + b for a, b in zip(state, step, strict=True))
                after[key] = after.get(key, 0.0) + chance * share
        found = {state: is_wrong(state) for state in after}
        wrong += sum(chance for state, chance in after.items() if found[state])
        ways = {state: chance for state, chance in after.items() if not found[state]}
    return wrong


@pytest.mark.parametrize("rate", [0.5, 0.8])
def test_each_bound_errs_no_more_often_than_it_may_although_it_is_looked_at_after_every_score(
    rate: float,
) -> None:
    def bounds(state: State) -> Interval:
        hits, misses = state
        return interval(hits, misses, GOLDENS - hits - misses)

    steps: dict[State, float] = {(1, 0): rate, (0, 1): 1 - rate}
    assert 0.005 < chance_ever(steps, GOLDENS, lambda state: bounds(state).low > rate) <= 0.05
    assert 0.005 < chance_ever(steps, GOLDENS, lambda state: bounds(state).high < rate) <= 0.05


def test_a_drop_is_shown_no_more_often_than_it_may_be_by_looks_after_every_pair() -> None:
    count, gain, loss = 9, 0.1, 0.4

    def is_wrong(state: State) -> bool:
        left = [1.0] * (count - sum(state))
        found = compare_watched(pairs(*state), left=left, confidence=0.9)
        return found.interval.high < gain - loss

    steps: dict[State, float] = {(1, 0, 0): gain, (0, 1, 0): loss, (0, 0, 1): 1 - gain - loss}
    assert 0 < chance_ever(steps, count, is_wrong) <= 0.05


def test_when_all_are_in_it_is_the_last_bound_or_that_of_the_bets() -> None:
    last = verdict_interval([1.0] * 36 + [0.0] * 4, confidence=LAST)
    assert interval(36, 4, 0) == pytest.approx(last)
    compared = compare(pairs(2, 8, 30), confidence=LAST).interval
    found = compare_watched(pairs(2, 8, 30), confidence=0.9).interval
    assert found == pytest.approx(compared)


def test_what_the_rest_cannot_change_stands_before_they_are_in() -> None:
    missed = verdict_interval([1.0] * 42 + [0.0] * 14, confidence=LAST)
    passed = verdict_interval([1.0] * 46 + [0.0] * 10, confidence=LAST)
    assert interval(42, 10, 4) == pytest.approx((missed.low, passed.high))


def test_weights_that_differ_are_not_bet_on_but_what_cannot_change_stands() -> None:
    every = [1.0] * 30 + [0.0] * 2
    weights = [3.0] * 10 + [1.0] * 22
    found = watched_interval(every[:30], weights=weights[:30], left=weights[30:], confidence=0.9)
    assert found.low == verdict_interval(every, weights=weights, confidence=LAST).low
    assert watched_interval([1.0], weights=[3.0], left=[1.0] * 40, confidence=0.9).high == 1.0


def test_grades_are_bet_on_alone_while_some_are_left() -> None:
    scores, weights = [0.5, 0.9] * 20, [1.0] * 40
    found = watched_interval(scores, weights=weights, left=[1.0] * 5, confidence=0.9)
    whole = watched_interval(scores, weights=weights, confidence=0.9)
    assert found == watched_interval(scores, weights=weights, left=[1.0] * 50, confidence=0.9)
    assert found.low < whole.low
    assert whole.high < found.high


def test_of_nothing_that_weighs_something_nothing_is_known() -> None:
    assert watched_interval([], weights=[], confidence=0.9) == Interval(0.0, 1.0)
    assert watched_interval([1.0], weights=[0.0], left=[0.0], confidence=0.9) == (0.0, 1.0)
    unequal = [*pairs(0, 3, 5), *pairs(0, 1, 0, weight=2.0)]
    assert compare_anytime(unequal, error=0.1).interval == (-1.0, 1.0)
    assert compare_watched(unequal, left=[1.0], confidence=0.9).interval == (-1.0, 1.0)


@pytest.mark.parametrize(("left", "expected"), [(1, False), (3, True), (20, True)])
def test_a_drop_can_still_be_shown_while_enough_are_left(left: int, expected: bool) -> None:
    drop = could_be_shown_lower(pairs(0, 3, 20), left=[1.0] * left, than=0.0, confidence=0.9)
    assert drop is expected


def test_a_cluster_counts_as_one_score() -> None:
    scores = [1.0, 1.0, 0.0, 1.0, 1.0, 1.0] * 10
    clusters = [f"c{place // 2}" for place in range(60)]
    found = watched_interval(
        scores, weights=[1.0] * 60, clusters=clusters, left=[2.0] * 4, confidence=0.9
    )
    means = [1.0, 0.5, 1.0] * 10
    by_hand = watched_interval(means, weights=[2.0] * 30, left=[2.0] * 4, confidence=0.9)
    assert found == by_hand
