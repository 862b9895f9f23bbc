import math
from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.statistics.intervals import (
    Interval,
    betting,
    clopper_pearson,
    goldens_to_decide,
    one_sided,
    shown_interval,
    verdict_interval,
    wilson,
)
from pytest_promptopt.statistics.weighted import lowest_rate_by_weight

SCORES = st.lists(
    st.sampled_from([0, 0.25, 0.5, 0.9, 1]) | st.floats(0, 1), min_size=1, max_size=12
)
CONFIDENCES = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


def rounded(interval: Interval, digits: int = 4) -> tuple[float, float]:
    return round(interval.low, digits), round(interval.high, digits)


@pytest.mark.parametrize(
    ("successes", "trials", "bounds"),
    [
        (81, 263, (0.2527, 0.3676)),
        (15, 148, (0.0578, 0.1617)),
        (0, 20, (0.0, 0.1684)),
        (1, 29, (0.0009, 0.1776)),
    ],
)
def test_clopper_pearson_gives_newcombes_published_bounds(
    successes: int, trials: int, bounds: tuple[float, float]
) -> None:
    """Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I."""
    assert rounded(clopper_pearson(successes, trials, confidence=0.95)) == bounds


@pytest.mark.parametrize(
    ("successes", "trials", "bounds"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_gives_newcombes_published_bounds(
    successes: int, trials: int, bounds: tuple[float, float]
) -> None:
    """Newcombe (1998), table I."""
    assert rounded(wilson(successes, trials, confidence=0.95)) == bounds


def test_clopper_pearson_without_a_miss_is_the_root_of_the_error() -> None:
    interval = clopper_pearson(40, 40, confidence=one_sided(0.95))
    assert interval.low == pytest.approx(0.05 ** (1 / 40))
    assert interval.high == 1
    mirrored = clopper_pearson(0, 40, confidence=one_sided(0.95))
    assert mirrored.low == 0
    assert mirrored.high == pytest.approx(1 - interval.low)


@pytest.mark.parametrize("trials", [1, 10, 40])
def test_clopper_pearson_errs_no_more_than_it_says_at_any_rate(trials: int) -> None:
    intervals = [clopper_pearson(k, trials, confidence=0.9) for k in range(trials + 1)]
    for rate in [step / 200 for step in range(201)]:
        chances = [
            math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(trials + 1)
        ]
        assert _error(chances, [rate < interval.low for interval in intervals]) <= 0.05 + 1e-12
        assert _error(chances, [rate > interval.high for interval in intervals]) <= 0.05 + 1e-12


def _error(chances: Sequence[float], wrong: Sequence[bool]) -> float:
    return sum(chance for chance, is_wrong in zip(chances, wrong, strict=True) if is_wrong)


def test_a_verdict_is_exact_on_hits_and_misses_and_by_betting_on_others() -> None:
    hits = [1.0] * 30 + [0.0] * 10
    assert verdict_interval(hits, confidence=0.9) == clopper_pearson(30, 40, confidence=0.9)
    assert verdict_interval(hits, weights=[2] * 40, confidence=0.9) == clopper_pearson(
        30, 40, confidence=0.9
    )
    graded = [*hits, 0.5]
    assert verdict_interval(graded, confidence=0.9) == betting(graded, confidence=0.9)
    weights = [1.0] * 20 + [3.0] * 20
    weighted = verdict_interval(hits, weights=weights, confidence=0.9)
    assert weighted.low == lowest_rate_by_weight(hits, weights, error=0.05)


def test_wilson_is_shown_for_hits_and_misses_and_betting_for_others() -> None:
    hits = [1.0] * 30 + [0.0] * 10
    assert shown_interval(hits) == wilson(30, 40, confidence=0.95)
    assert shown_interval([*hits, 0.5]) == betting([*hits, 0.5], confidence=0.95)


def test_betting_on_nothing_but_hits_comes_close_to_the_exact_bound() -> None:
    exact = 0.05 ** (1 / 40)
    hits = betting([1.0] * 40, confidence=one_sided(0.95))
    assert exact - 0.01 < hits.low < exact
    assert hits.high == 1
    misses = betting([0.0] * 40, confidence=one_sided(0.95))
    assert misses.low == 0
    assert 1 - exact < misses.high < 1 - exact + 0.01


def test_one_miss_among_hits_does_not_ruin_a_bound_by_betting() -> None:
    interval = betting([1.0] * 39 + [0.0], confidence=one_sided(0.95))
    assert rounded(interval) == (0.8659, 0.9990)


def test_equal_scores_have_a_narrow_interval_around_them() -> None:
    interval = betting([0.9] * 40, confidence=one_sided(0.95))
    assert rounded(interval) == (0.8281, 0.9137)


def test_betting_is_narrower_than_the_papers_plug_in_bets() -> None:
    scores = [1.0] * 31 + [0.5] * 6 + [0.0] * 3
    plug_in = _plug_in_bound(scores, error=0.05)
    assert betting(scores, confidence=one_sided(0.95)).low > plug_in + 0.02


def _plug_in_bound(scores: Sequence[float], *, error: float) -> float:
    """The predictable plug-in λ of Waudby-Smith and Ramdas (2024) with c = 3/4, on one shuffle."""
    shuffled = np.random.default_rng(0).permutation(scores)
    steps = np.arange(1, len(scores) + 1)
    means = (0.5 + np.cumsum(shuffled)) / (steps + 1)
    variances = (0.25 + np.cumsum((shuffled - means) ** 2)) / (steps + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    stakes = np.sqrt(2 * np.log(1 / error) / (len(scores) * before))
    claims = np.linspace(0.001, 0.999, 999)[:, None]
    capital = np.prod(1 + np.minimum(stakes, 0.75 / claims) * (shuffled - claims), axis=1)
    return float(claims[int(np.argmax(capital < 1 / error))][0])


@given(SCORES, CONFIDENCES, st.randoms(use_true_random=False))
def test_the_order_of_goldens_does_not_matter(
    scores: list[float], confidence: float, rng: Random
) -> None:
    weights = [1 + (position % 3) for position in range(len(scores))]
    pairs = list(zip(scores, weights, strict=True))
    rng.shuffle(pairs)
    other_scores, other_weights = zip(*pairs, strict=True)
    interval = betting(scores, weights=weights, confidence=confidence)
    assert interval == betting(other_scores, weights=other_weights, confidence=confidence)


@given(SCORES, CONFIDENCES)
def test_bounds_enclose_the_mean_and_widen_with_confidence(
    scores: list[float], confidence: float
) -> None:
    mean = sum(scores) / len(scores)
    for interval_of in (verdict_interval, shown_interval):
        interval = interval_of(scores, confidence=confidence)
        assert 0 <= interval.low <= mean + 1e-9
        assert mean - 1e-9 <= interval.high <= 1
        # A gambler with another aim bets otherwise, so that bounds may rarely cross by a little.
        wider = interval_of(scores, confidence=(1 + confidence) / 2)
        assert wider.low <= interval.low + 0.02
        assert wider.high >= interval.high - 0.02


@given(SCORES)
def test_mirrored_scores_have_the_mirrored_interval(scores: list[float]) -> None:
    interval = betting(scores, confidence=0.9)
    mirrored = betting([1 - score for score in scores], confidence=0.9)
    assert mirrored.low == pytest.approx(1 - interval.high, abs=1e-6)
    assert mirrored.high == pytest.approx(1 - interval.low, abs=1e-6)


def test_a_weight_of_0_and_equal_weights_leave_the_figures_as_they_are() -> None:
    for scores in ([1.0] * 35 + [0.0] * 5, [1.0] * 30 + [0.5] * 10):
        for interval_of in (verdict_interval, shown_interval, betting):
            plain = interval_of(scores, confidence=0.9)
            assert interval_of(scores, weights=[7.0] * 40, confidence=0.9) == plain
            more = interval_of([*scores, 0.0], weights=[1.0] * 40 + [0.0], confidence=0.9)
            assert more == plain


def test_only_the_ratio_of_weights_matters_and_0_leaves_a_golden_out_of_the_mean() -> None:
    scores = [1, 0.5, 0.75, 1, 0.9]
    once = betting(scores, weights=[1, 2, 1, 4, 0], confidence=0.9)
    assert betting(scores, weights=[0.5, 1, 0.5, 2, 0], confidence=0.9) == once
    assert once.low < (1 + 2 * 0.5 + 0.75 + 4) / 8 < once.high


@pytest.mark.parametrize("interval_of", [betting, verdict_interval, shown_interval])
def test_no_scores_and_no_weight_are_refused(interval_of: Callable[..., Interval]) -> None:
    with pytest.raises(ValueError, match="an interval needs at least one score, found none"):
        interval_of([], confidence=0.9)
    with pytest.raises(ValueError, match="an interval needs a weight above 0, found none"):
        interval_of([1.0, 0.5], weights=[0, 0], confidence=0.9)


def test_rates_without_trials_are_refused() -> None:
    for interval_of in (clopper_pearson, wilson):
        with pytest.raises(ValueError, match="an interval needs at least one score, found none"):
            interval_of(0, 0, confidence=0.9)


def test_one_sided_confidence_leaves_the_error_to_each_bound() -> None:
    assert (1 - one_sided(0.95)) / 2 == pytest.approx(0.05)


def test_more_goldens_decide_at_the_observed_rate() -> None:
    more = goldens_to_decide([1] * 36 + [0] * 4, minimum=0.85, confidence=0.95)
    assert more == 110
    assert verdict_interval([1] * 135 + [0] * 15, confidence=0.9).low >= 0.85
    assert verdict_interval([1] * 126 + [0] * 14, confidence=0.9).low < 0.85


def test_more_goldens_decide_against_a_rate_that_is_too_low() -> None:
    assert goldens_to_decide([1] * 30 + [0] * 10, minimum=0.85, confidence=0.95) == 7


def test_more_graded_goldens_decide() -> None:
    scores = [1.0] * 31 + [0.5] * 6 + [0.0] * 3
    more = goldens_to_decide(scores, minimum=0.8, confidence=0.95)
    assert more is not None
    assert verdict_interval(scores, confidence=0.9).low < 0.8
    times = more // 40 + 2
    assert verdict_interval(scores * times, confidence=0.9).low >= 0.8
    assert verdict_interval(scores * (more // 80), confidence=0.9).low < 0.8


def test_nothing_is_missing_where_the_verdict_stands() -> None:
    assert goldens_to_decide([1] * 40, minimum=0.85, confidence=0.95) == 0
    assert goldens_to_decide([0] * 40, minimum=0.85, confidence=0.95) == 0


def test_no_number_of_goldens_decides_at_the_minimum_or_close_to_it() -> None:
    assert goldens_to_decide([1] * 34 + [0] * 6, minimum=0.85, confidence=0.95) is None
    assert goldens_to_decide([0.9, 0.8] * 20, minimum=0.85, confidence=0.95) is None
    assert goldens_to_decide([1] * 34 + [0] * 6, minimum=0.8499, confidence=0.95) is None
