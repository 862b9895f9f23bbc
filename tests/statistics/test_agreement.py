import numpy as np
import pytest

from pytest_promptopt.statistics.agreement import (
    alpha,
    distances,
    kappa,
    mean_share,
    preference,
)

TWO = distances([1, 0])[:2, :2]


def test_kappa_is_what_chance_leaves_over() -> None:
    # 35 of 50 alike, 25 by chance.
    found = kappa([[20, 5], [10, 15]], TWO, confidence=0.95)
    assert found is not None
    assert found.value == pytest.approx(0.4)
    assert found.interval == pytest.approx((0.15, 0.62), abs=0.02)


def test_kappa_of_grades_weighs_how_far_they_are_apart() -> None:
    grades = distances([0, 0.5, 1])[:3, :3]
    assert grades.tolist() == [[0, 0.25, 1], [0.25, 0, 0.25], [1, 0.25, 0]]
    near = kappa([[5, 5, 0], [0, 5, 0], [0, 0, 5]], grades, confidence=0.95)
    far = kappa([[5, 0, 5], [0, 5, 0], [0, 0, 5]], grades, confidence=0.95)
    assert near is not None
    assert far is not None
    assert near.value == pytest.approx(0.8)
    assert far.value < 0.5


def test_kappa_has_a_width_where_all_agree_and_is_none_where_chance_could_not_differ() -> None:
    found = kappa([[10, 0], [0, 10]], TWO, confidence=0.95)
    assert found is not None
    assert found.interval == pytest.approx((0.76, 1), abs=0.02)
    assert kappa([[10, 0], [0, 0]], TWO, confidence=0.95) is None
    assert kappa([[0, 0], [0, 0]], TWO, confidence=0.95) is None


def test_no_choice_is_as_far_from_every_class_as_can_be() -> None:
    found = kappa([[9, 0, 1], [0, 10, 0]], distances([1, 0])[:2], confidence=0.95)
    assert found is not None
    assert found.value == pytest.approx(1 - 0.05 / (1 - 0.5 * 0.45 - 0.5 * 0.5))


def test_alpha_is_that_of_krippendorffs_own_example() -> None:
    # Krippendorff (2011), section C: four raters, twelve items, missing ratings.
    ratings = (
        (1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0),
        (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3),
        (0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0),
        (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0),
    )
    items = [[rating - 1 for rating in item if rating] for item in zip(*ratings, strict=True)]
    nominal = alpha(items, 1 - np.eye(5), confidence=0.95)
    interval = alpha(items, distances([0, 1, 2, 3, 4])[:5, :5], confidence=0.95)
    assert nominal is not None
    assert interval is not None
    assert nominal.value == pytest.approx(0.743, abs=5e-4)
    assert interval.value == pytest.approx(0.849, abs=5e-4)
    assert nominal.interval.low < 0.6 < 0.8 < nominal.interval.high


def test_alpha_needs_raters_who_could_disagree() -> None:
    assert alpha([[0], [1]], TWO, confidence=0.95) is None
    assert alpha([[0, 0], [0, 0]], TWO, confidence=0.95) is None
    found = alpha([[0, 0], [1, 1]] * 5, TWO, confidence=0.95)
    assert found is not None
    assert found.value == 1
    assert found.interval.low < 0.8


def test_rates_and_shares_are_exact() -> None:
    found = mean_share([1.0] * 9 + [0.0], confidence=0.95)
    assert found is not None
    assert found.interval == pytest.approx((0.555, 0.997), abs=1e-3)
    assert mean_share([], confidence=0.95) is None


def test_a_preference_is_told_from_chance_within_classes() -> None:
    sizes = [*range(12)] * 2
    classes = ["a"] * 12 + ["b"] * 12
    liking = preference(classes, [float(size > 5) for size in sizes], sizes, confidence=0.95)
    assert liking is not None
    assert (liking.share, liking.pairs) == (1, 72)
    assert liking.p_value < 0.001
    assert 0.7 < liking.interval.low < 0.95
    chance = preference(classes, [float(size % 2) for size in sizes], sizes, confidence=0.95)
    assert chance is not None
    assert chance.p_value > 0.3
    assert chance.interval.low < 0.5 < chance.interval.high
    # Between classes nothing is compared: longer ones may deserve the better label.
    assert preference(["a", "b"], [1.0, 0.0], [9, 1], confidence=0.95) is None


def test_items_that_share_clusters_tell_less_and_clusters_of_one_the_same() -> None:
    counts, apart = [[40, 10], [10, 40]], distances([1, 0])[:2, :2]
    items = [[0, 0]] * 40 + [[1, 1]] * 40 + [[0, 1]] * 20
    alone = [f"c{n}" for n in range(100)]
    shared = [f"c{n // 5}" for n in range(100)]
    for found in (
        [kappa(counts, apart, clusters=c, confidence=0.95) for c in ([], alone, shared)],
        [alpha(items, apart, clusters=c, confidence=0.95) for c in ([], alone, shared)],
    ):
        none, one, five = found
        assert none == one
        assert none is not None
        assert five is not None
        assert five.value == none.value
        narrow, wide = (f.interval.high - f.interval.low for f in (none, five))
        assert wide > 1.7 * narrow
