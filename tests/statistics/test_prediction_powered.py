from collections.abc import Callable

import numpy as np
import pytest

from pytest_promptopt.statistics.intervals import clopper_pearson
from pytest_promptopt.statistics.prediction_powered import Lopsided, Scored, corrected, lopsided


def items(
    agreeing: int, good: int, strict: int, kind: int, rest: tuple[int, int] = (0, 0)
) -> list[Scored]:
    """So many labelled ones, bad and right, good and right, wrongly bad, wrongly good; others."""
    return [
        *[Scored(0.0, 0.0)] * agreeing,
        *[Scored(1.0, 1.0)] * good,
        *[Scored(0.0, 1.0)] * strict,
        *[Scored(1.0, 0.0)] * kind,
        *[Scored(1.0)] * rest[0],
        *[Scored(0.0)] * rest[1],
    ]


def test_without_labels_there_is_nothing_to_correct_by() -> None:
    assert corrected([Scored(1.0), Scored(0.0)], confidence=0.95) is None


def test_many_labels_correct_by_ppi_plus_plus() -> None:
    # 100 labelled, of which 60 good; the judge calls 75 so, and 750 of 1,000 others.
    found = corrected(items(20, 55, 5, 20, rest=(750, 250)), confidence=0.95)
    assert found is not None
    # Cov(y, f) = .55 - .6 * .75, Var(f) = .75 * .25; the judge is worth the more, the more others.
    power = (0.55 - 0.6 * 0.75) / ((1 + 100 / 1000) * 0.75 * 0.25)
    rectified = np.repeat([0, 1 - power, 1, -power], [20, 55, 5, 20])
    variance = rectified.var(ddof=1) / 100 + power**2 * 0.75 * 0.25 / 999
    assert found.method == "PPI++"
    assert found.value == pytest.approx(rectified.mean() + power * 0.75)
    width = found.interval.high - found.interval.low
    assert width == pytest.approx(2 * 1.959964 * variance**0.5, rel=1e-4)
    assert found.labels == 100
    assert found.uncorrected == pytest.approx(0.75)
    alone = clopper_pearson(60, 100, confidence=0.95)
    assert width < alone.high - alone.low


def test_few_labels_or_few_of_a_sort_are_taken_exactly() -> None:
    few = corrected(items(3, 6, 0, 1, rest=(60, 30)), confidence=0.95)
    nearly_right = corrected(items(30, 68, 1, 1, rest=(600, 300)), confidence=0.95)
    assert few is not None
    assert nearly_right is not None
    assert few.method == nearly_right.method == "exact"
    # 60 + 7 of 100 judged good, of which 6 of 7 are.
    assert few.value == pytest.approx(0.67 * 6 / 7)
    assert few.interval.high - few.interval.low > 0.45
    assert nearly_right.interval.high - nearly_right.interval.low < 0.2


def test_where_all_are_labelled_the_labels_alone_count() -> None:
    found = corrected(items(15, 15, 15, 15), confidence=0.95)
    assert found is not None
    assert (found.value, found.uncorrected, found.method) == (0.5, 0.5, "PPI++")


def test_what_weighs_more_counts_more() -> None:
    heavy = [Scored(1.0, 0.0, 3.0), Scored(0.0, 1.0, 1.0)] * 15
    found = corrected([*heavy, *items(10, 10, 0, 0)], confidence=0.95)
    assert found is not None
    assert found.value == pytest.approx(25 / 80)


@pytest.mark.parametrize(
    ("true_positive", "false_positive", "labels"), [(0.5, 0.5, 12), (0.9, 0.3, 80), (1, 0, 80)]
)
def test_the_interval_holds_for_judges_from_useless_to_perfect(
    true_positive: float, false_positive: float, labels: int
) -> None:
    random, held, runs, rate = np.random.default_rng(1), 0, 20, 0.8
    for _ in range(runs):
        good = random.random(150) < rate
        judged = random.random(150) < np.where(good, true_positive, false_positive)
        found = corrected(
            [
                Scored(float(j), float(g) if n < labels else None)
                for n, (j, g) in enumerate(zip(judged, good, strict=True))
            ],
            confidence=0.95,
        )
        assert found is not None
        held += found.interval.low <= rate <= found.interval.high
    assert held / runs > 0.88


def test_labels_that_were_hardly_drawn_at_random_are_told() -> None:
    assert lopsided(items(20, 10, 0, 0, rest=(130, 40))) == Lopsided(20, 30, 60, 200)
    assert lopsided(items(0, 30, 0, 0, rest=(110, 60))) == Lopsided(0, 30, 60, 200)
    for low in range(5, 15):
        assert lopsided(items(low, 30 - low, 0, 0, rest=(110 + low, 60 - low))) is None
    assert lopsided(items(1, 0, 0, 0, rest=(100, 1))) is None
    assert lopsided([]) is None
    assert lopsided(items(20, 10, 0, 0)) is None


def test_the_corrected_interval_counts_clusters() -> None:
    kinds = items(20, 10, 12, 18, rest=(60, 60))
    names: tuple[Callable[[int], str], ...] = (
        lambda n: f"c{n}",
        lambda _: "",
        lambda n: f"c{n % 15}",
        lambda _: "one",
    )
    found = [
        corrected([item._replace(cluster=name(n)) for n, item in enumerate(kinds)], confidence=0.95)
        for name in names
    ]
    assert found[0] == found[1]
    assert [f and f.method for f in found] == ["PPI++", "PPI++", "PPI++", "exact"]
    assert len({f and f.value for f in found[:3]}) == 1
    assert found[3] is not None
    assert found[3].interval.high - found[3].interval.low > 0.9


def test_the_corrected_interval_holds_where_judge_and_answers_go_by_cluster() -> None:
    random, held, runs, rate = np.random.default_rng(2), 0, 100, 0.6
    clusters = np.repeat(np.arange(40), 5)
    for _ in range(runs):
        good = random.random(200) < random.beta(1.4, 0.93, 40)[clusters]
        true, false = random.beta(2, 0.35, 40)[clusters], random.beta(0.47, 1.9, 40)[clusters]
        judged = random.random(200) < np.where(good, true, false)
        found = corrected(
            [
                Scored(float(j), float(g) if n % 200 in known else None, 1.0, f"c{c}")
                for known in [{*random.permutation(200)[:120].tolist()}]
                for n, (j, g, c) in enumerate(zip(judged, good, clusters, strict=True))
            ],
            confidence=0.95,
        )
        assert found is not None
        held += found.interval.low <= rate <= found.interval.high
    assert held / runs > 0.9


def test_one_answer_without_a_label_hardly_matters() -> None:
    whole, less = (corrected(items(20, 55, 5, 20, rest=(n, 0)), confidence=0.95) for n in (0, 1))
    assert whole is not None
    assert less is not None
    assert less.interval.high - less.interval.low == pytest.approx(
        whole.interval.high - whole.interval.low, rel=0.01
    )
