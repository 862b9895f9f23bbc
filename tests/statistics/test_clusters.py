from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_promptopt.statistics.clusters import by_cluster, looks, members
from pytest_promptopt.statistics.comparison import Pair, compare
from pytest_promptopt.statistics.intervals import (
    clopper_pearson,
    goldens_to_decide,
    one_sided,
    shown_interval,
    verdict_interval,
)

SCORED = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0]), st.sampled_from([0.0, 1.0, 0.3, 3.0])),
    min_size=1,
    max_size=8,
).filter(lambda scored: sum(weight for _, weight in scored) > 0)


def pair(before: float, after: float, cluster: str = "", weight: float = 1.0) -> Pair:
    return Pair(
        golden_id="g",
        before=before,
        after=after,
        passed_before=before == 1,
        passed_after=after == 1,
        weight=weight,
        cluster=cluster,
    )


def test_what_has_the_same_name_belongs_together_and_what_has_none_stands_alone() -> None:
    assert members(["a", "", "b", "a", ""]) == [[0, 3], [1], [2], [4]]
    assert members([]) == []


def test_a_cluster_counts_with_its_mean_by_weight_and_the_sum_of_weights() -> None:
    values, weights = by_cluster([1, 0, 1, 0.5], [1, 3, 2, 1], ["a", "a", "", "b"])
    assert (values, weights) == ([0.25, 1, 0.5], [4, 2, 1])
    assert by_cluster([1, 0], [0, 0], ["a", "a"]) == ([0.5], [0])


@settings(max_examples=20)
@given(SCORED)
def test_clusters_of_one_change_no_digit(scored: list[tuple[float, float]]) -> None:
    scores, weights = [score for score, _ in scored], [weight for _, weight in scored]
    names = [f"c{n}" for n in range(len(scored))]
    for interval in (verdict_interval, shown_interval):
        given_none = interval(scores, weights=weights, confidence=0.9)
        assert interval(scores, weights=weights, clusters=names, confidence=0.9) == given_none
    pairs = [pair(1 - s, s, weight=w) for s, w in scored]
    alone = [pair(1 - s, s, name, w) for (s, w), name in zip(scored, names, strict=True)]
    assert compare(alone) == compare(pairs)


def test_clusters_that_are_right_or_wrong_as_a_whole_count_as_so_many_hits_and_misses() -> None:
    scores = [1.0] * 30 + [0.0] * 10
    clusters = [f"c{n // 5}" for n in range(40)]
    found = verdict_interval(scores, clusters=clusters, confidence=0.9)
    assert found == clopper_pearson(6, 8, confidence=0.9)
    assert goldens_to_decide(scores, minimum=0.6, confidence=0.95, clusters=clusters) == (
        goldens_to_decide([1.0] * 6 + [0.0] * 2, minimum=0.6, confidence=0.95)
    )


def test_a_change_is_tested_by_cluster_and_goldens_are_counted() -> None:
    pairs = [pair(1, 0, f"c{n // 5}") for n in range(20)] + [pair(1, 1, f"d{n}") for n in range(20)]
    found = compare(pairs)
    assert (found.pairs, found.broken, found.clusters) == (40, 20, 24)
    assert found.difference == -0.5
    assert found.p_value == 0.125  # 4 clusters of one sign: 2 / 2⁴
    whole = [pair(1, 0, f"c{n // 5}") for n in range(40)]
    assert compare(whole).method == "exact McNemar"
    assert compare(whole).p_value == pytest.approx(2 / 2**8)


def test_one_cluster_decides_next_to_nothing() -> None:
    found = verdict_interval([1.0] * 40, clusters=["a"] * 40, confidence=one_sided(0.95))
    assert found == clopper_pearson(1, 1, confidence=one_sided(0.95))
    assert compare([pair(1, 0, "a")] * 40).p_value == 1


@pytest.mark.parametrize("alike", [0.0, 0.3, 0.9])
def test_the_interval_by_cluster_holds_however_alike_the_members_are(alike: float) -> None:
    random, held, runs, rate = Random(1), 0, 20, 0.8
    for _ in range(runs):
        scores, clusters = drawn(random, rate, alike, sizes=[3, 5, 8] * 4)
        found = verdict_interval(scores, clusters=clusters, confidence=0.9)
        held += found.low <= rate <= found.high
    assert held / runs >= 0.9


def drawn(
    random: Random, rate: float, alike: float, sizes: Sequence[int]
) -> tuple[list[float], list[str]]:
    """Hits and misses, correlated within clusters: each is as likely as its cluster's draw."""
    scores: list[float] = []
    clusters: list[str] = []
    for number, size in enumerate(sizes):
        spread = 1 / alike - 1 if alike else 0.0
        own = random.betavariate(rate * spread, (1 - rate) * spread) if alike else rate
        scores += [float(random.random() < own) for _ in range(size)]
        clusters += [f"c{number}"] * size
    return scores, clusters


def test_looks_are_where_clusters_end_and_the_last_is_at_all() -> None:
    assert [*looks([""] * 25, 10)] == [10, 20, 25]
    assert [*looks(["a"] * 4 + ["b"] * 5 + [""] * 3 + ["c"] * 6, 6)] == [9, 18]
    assert [*looks(["a", "b", "b", "b", "", "", "c", "c"], 2)] == [4, 6, 8]
    assert [*looks([], 10)] == []
