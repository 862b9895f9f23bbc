"""How often bounds by betting err, computed exactly or simulated with a seed."""

import math

import numpy as np
import pytest
from scipy.special import log_ndtr

from pytest_promptopt.statistics.betting import hedges, is_exceeded, lowest_mean

LEVEL = 0.05


@pytest.mark.parametrize("middle", [0.5, 0.9])
def test_errors_on_three_scores_stay_within_the_level(middle: float) -> None:
    """Adds up the probabilities of all samples of 10 with scores of 0, ``middle`` and 1."""
    samples = [(ones, some) for ones in range(11) for some in range(11 - ones)]
    bounds = [
        lowest_mean([1] * ones + [middle] * some + [0] * (10 - ones - some), [1] * 10, error=LEVEL)
        for ones, some in samples
    ]
    for p_some in (0, 0.01, 0.05, 0.2, 0.6, 1):
        for p_one in np.linspace(0, 1 - p_some, 41):
            mean = p_one + middle * p_some
            wrong = [s for s, bound in zip(samples, bounds, strict=True) if bound > mean + 1e-9]
            assert sum(_chance(*sample, p_one, p_some) for sample in wrong) <= LEVEL


def _chance(ones: int, some: int, p_one: float, p_some: float) -> float:
    none = 10 - ones - some
    ways = math.comb(10, ones) * math.comb(10 - ones, some)
    return ways * p_one**ones * p_some**some * max(0, 1 - p_one - p_some) ** none


@pytest.mark.parametrize(("count", "runs"), [(20, 300), (150, 60)])
@pytest.mark.parametrize(("hits", "misses"), [(8, 1.4), (1.4, 8), (0.5, 0.5)])
def test_errors_on_graded_scores_stay_within_the_level(
    count: int, runs: int, hits: float, misses: float
) -> None:
    rng = np.random.default_rng(7)
    mean = np.array([hits / (hits + misses)])
    errors = [
        is_exceeded(rng.beta(hits, misses, count).tolist(), [1] * count, mean, error=LEVEL)[0]
        for _ in range(runs)
    ]
    assert np.mean(errors) <= LEVEL


def test_errors_with_weights_that_go_with_the_scores_stay_within_the_level() -> None:
    rng = np.random.default_rng(8)
    errors = []
    for _ in range(300):
        is_heavy = rng.random(40) < 0.3
        scores = np.where(rng.random(40) < np.where(is_heavy, 0.6, 0.9), 1, 0.5)
        target = np.array([(0.3 * 4 * 0.8 + 0.7 * 0.95) / (0.3 * 4 + 0.7)])
        weights = np.where(is_heavy, 4, 1)
        errors.append(is_exceeded(scores.tolist(), weights.tolist(), target, error=LEVEL)[0])
    assert np.mean(errors) <= LEVEL


def test_a_bound_comes_close_to_the_mean_of_many_scores() -> None:
    bound = lowest_mean([0, 0.5, 1, 1] * 5000, [1] * 20_000, error=LEVEL)
    normal = 0.625 - 1.645 * math.sqrt(0.171875 / 20_000)
    assert normal - 0.001 < bound < 0.625


def test_claims_that_are_certainly_too_low_or_high_are_told() -> None:
    claims = np.array([0.0, 1e-9, 0.2, 0.999, 1.0])
    shown = is_exceeded([1.0] * 9 + [0.0], [1] * 10, claims, error=LEVEL)
    assert shown.tolist() == [True, True, True, False, False]
    assert lowest_mean([0.0] * 10, [1] * 10, error=LEVEL) == 0


def test_what_is_bet_is_the_normal_density_by_its_area() -> None:
    z = np.linspace(-37, 8, 77_777)
    density = -(z**2) / 2 - math.log(2 * math.pi) / 2
    found = np.interp(log_ndtr(z), *hedges())
    np.testing.assert_allclose(found, np.exp(density - log_ndtr(z)), atol=1e-6)
