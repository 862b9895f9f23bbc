import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.statistics.comparison import (
    Pair,
    compare,
    goldens_to_show,
    mcnemar_exact,
    sign_flip,
    smallest_drop,
)
from pytest_promptopt.statistics.intervals import one_sided

# Heights of cross-fertilized less self-fertilized maize in eighths of an inch.
DARWIN = (49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48)

DIFFERENCES = st.lists(st.sampled_from([-1, -0.5, 0, 0.25, 1]), min_size=1, max_size=10)


def pairs_of(changes: dict[tuple[float, float], int], mark: float = 1.0) -> list[Pair]:
    scores = [scores for scores, count in changes.items() for _ in range(count)]
    return [
        Pair(
            golden_id=f"g{position}",
            before=before,
            after=after,
            passed_before=before >= mark,
            passed_after=after >= mark,
        )
        for position, (before, after) in enumerate(scores)
    ]


@pytest.mark.parametrize(
    ("fixed", "broken", "p_value"),
    [
        (86, 150, 3.716e-05),  # approval ratings, Agresti (1990), page 350, in R's binom.test
        (2, 9, 0.06543),  # the example of R's package exact2x2
        (5, 0, 0.0625),
        (3, 3, 1.0),
        (0, 0, 1.0),
    ],
)
def test_mcnemar_gives_published_p_values(fixed: int, broken: int, p_value: float) -> None:
    assert mcnemar_exact(fixed, broken) == pytest.approx(p_value, rel=1e-4)
    assert mcnemar_exact(broken, fixed) == mcnemar_exact(fixed, broken)


def test_sign_flip_gives_fishers_p_value_for_darwins_maize() -> None:
    """Fisher (1935), section 21: 863 of 32,768 sums are as high as the observed one."""
    assert sign_flip([inches / 100 for inches in DARWIN]) == 2 * 863 / 2**15


@given(DIFFERENCES)
def test_sign_flip_counts_all_signs(differences: list[float]) -> None:
    sums = [
        abs(sum(map(float.__mul__, signs, map(float, differences))))
        for signs in itertools.product((-1.0, 1.0), repeat=len(differences))
    ]
    share = sum(total >= abs(sum(differences)) for total in sums) / len(sums)
    assert sign_flip(differences) == pytest.approx(share)


def test_sign_flip_on_changed_sides_is_mcnemar() -> None:
    assert sign_flip([1] * 12 + [-1] * 4 + [0] * 50) == pytest.approx(mcnemar_exact(12, 4))


def test_sums_that_differ_by_rounding_alone_count_as_equal() -> None:
    assert sign_flip([0.1, 0.2, -0.3]) == 1
    assert sign_flip([0.3, -0.1, -0.2]) == 1


def test_many_different_differences_are_flipped_at_random_and_repeatably() -> None:
    shifted = [0.013 * position % 1 - 0.35 for position in range(60)]
    p_value = sign_flip(shifted)
    assert sign_flip(shifted) == p_value
    assert sign_flip(shifted, rng_seed=1) == pytest.approx(p_value, abs=0.02)
    assert sign_flip([0.001 + position**0.5 for position in range(60)]) == 1 / 10_000


def test_no_difference_has_a_p_value_of_1() -> None:
    assert sign_flip([0.0] * 10) == 1
    assert sign_flip([]) == 1


def test_hits_and_misses_are_compared_exactly() -> None:
    comparison = compare(pairs_of({(1, 1): 30, (0, 1): 2, (1, 0): 6, (0, 0): 2}))
    assert (comparison.pairs, comparison.fixed, comparison.broken) == (40, 2, 6)
    assert comparison.difference == pytest.approx(-0.1)
    assert comparison.method == "exact McNemar"
    assert comparison.p_value == pytest.approx(0.2890625)
    assert comparison.interval.low == pytest.approx(-0.268, abs=0.001)
    assert comparison.interval.high == pytest.approx(0.051, abs=0.001)


def test_goldens_that_all_stay_still_leave_room_for_a_change() -> None:
    unchanged = pairs_of({(1, 1): 36, (0, 0): 4})
    comparison = compare(unchanged, confidence=one_sided(0.95))
    assert comparison.interval.low == pytest.approx(-0.07216, abs=1e-5)
    assert comparison.interval.high == pytest.approx(0.07216, abs=1e-5)
    assert comparison.p_value == 1


def test_graded_scores_are_compared_by_betting_and_flips() -> None:
    pairs = pairs_of({(0.5, 1): 14, (1, 0.5): 2, (0.75, 0.75): 24}, mark=0.7)
    comparison = compare(pairs)
    assert comparison.method == "sign-flip permutation"
    assert comparison.p_value == pytest.approx(mcnemar_exact(14, 2))
    assert (comparison.fixed, comparison.broken) == (14, 2)
    assert comparison.difference == pytest.approx(0.15)
    assert 0 < comparison.interval.low < 0.15 < comparison.interval.high < 0.28


def test_weights_count_in_the_difference_and_the_interval() -> None:
    pairs = pairs_of({(0, 1): 3, (1, 1): 17})
    light = compare([replace(pair, weight=1 if pair.before else 0.5) for pair in pairs])
    heavy = compare([replace(pair, weight=1 if pair.before else 4) for pair in pairs])
    assert light.difference == pytest.approx(1.5 / 18.5)
    assert heavy.difference == pytest.approx(12 / 29)
    assert heavy.method == "sign-flip permutation"
    assert heavy.interval.low < heavy.difference < heavy.interval.high


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 0.5, 1]), st.sampled_from([0, 0.5, 1])),
        min_size=1,
        max_size=9,
    )
)
def test_swapping_before_and_after_mirrors_the_comparison(
    scores: list[tuple[float, float]],
) -> None:
    changes = [pair for change in scores for pair in pairs_of({change: 1})]
    swapped = [pair for before, after in scores for pair in pairs_of({(after, before): 1})]
    one, other = compare(changes), compare(swapped)
    assert one.interval.low == pytest.approx(-other.interval.high, abs=1e-6)
    assert one.p_value == pytest.approx(other.p_value)
    assert (one.fixed, one.broken) == (other.broken, other.fixed)
    assert -1 <= one.interval.low <= one.difference + 1e-9
    assert one.difference - 1e-9 <= one.interval.high <= 1


def test_nothing_to_compare_is_refused() -> None:
    message = "a comparison needs at least one pair with a weight above 0, found none"
    with pytest.raises(ValueError, match=message):
        compare([])
    with pytest.raises(ValueError, match=message):
        compare([replace(pair, weight=0) for pair in pairs_of({(1, 0): 3})])


@pytest.mark.parametrize("drop", [1.0, 0.3, 0.1, 0.05])
def test_so_many_goldens_show_a_drop_and_hardly_fewer_do(drop: float) -> None:
    needed = goldens_to_show(drop, confidence=0.95)
    seen = smallest_drop([1.0] * needed, limit=0.0, confidence=0.95)
    assert seen is not None
    assert seen <= drop
    unseen = smallest_drop([1.0] * (needed * 3 // 4), limit=0.0, confidence=0.95)
    assert unseen is None or unseen > drop


def test_the_smallest_drop_is_one_of_weight_and_the_light_ones_are_lost_first() -> None:
    light = smallest_drop([1.0] * 40 + [40.0], limit=0.0, confidence=0.95)
    even = smallest_drop([1.0] * 40, limit=0.0, confidence=0.95)
    assert even == 0.1
    assert light is None or light > even
    assert smallest_drop([0.0, 0.0], limit=0.0, confidence=0.95) is None
