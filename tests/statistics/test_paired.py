"""The exact bound for a difference of paired rates."""

import math
from itertools import pairwise

import numpy as np
import pytest

from pytest_promptopt.statistics.paired import lowest_difference


@pytest.mark.parametrize("error", [0.05, 0.025])
@pytest.mark.parametrize("pairs", [10, 16])
def test_the_bound_errs_no_more_than_it_says_whatever_the_rates(pairs: int, error: float) -> None:
    outcomes = [(gained, lost) for gained in range(pairs + 1) for lost in range(pairs + 1 - gained)]
    bounds = np.array([lowest_difference(*outcome, pairs, error=error) for outcome in outcomes])
    gained, lost = np.array(outcomes).T
    factorials = np.array([math.factorial(n) for n in range(pairs + 1)], dtype=float)
    ways = factorials[pairs] / (
        factorials[gained] * factorials[lost] * factorials[pairs - gained - lost]
    )
    worst = 0.0
    for p_gained in np.linspace(0, 1, 41):
        for p_lost in np.linspace(0, 1 - p_gained, 41):
            stays = max(0.0, 1 - p_gained - p_lost)
            chances = ways * p_gained**gained * p_lost**lost * stays ** (pairs - gained - lost)
            worst = max(worst, chances[bounds > p_gained - p_lost + 1e-9].sum())
    assert worst <= error
    assert worst > 0.8 * error


def test_no_change_bounds_the_drop_as_no_failure_bounds_a_rate() -> None:
    assert lowest_difference(0, 0, 40, error=0.05) == pytest.approx(0.05 ** (1 / 40) - 1, abs=1e-6)


def test_the_bound_rises_with_gains_and_falls_with_losses() -> None:
    rising = [lowest_difference(gained, 3, 30, error=0.05) for gained in range(28)]
    falling = [lowest_difference(3, lost, 30, error=0.05) for lost in range(28)]
    assert all(low < high + 1e-6 for low, high in pairwise(rising))
    assert all(high > low - 1e-6 for high, low in pairwise(falling))
    assert (rising[0], rising[-1]) == pytest.approx((-0.239, 0.523), abs=0.001)


def test_the_bounds_of_extreme_outcomes() -> None:
    assert lowest_difference(0, 1, 1, error=0.05) == -1
    assert lowest_difference(1, 0, 1, error=0.05) == pytest.approx(-0.9, abs=1e-6)
    assert lowest_difference(0, 5, 5, error=0.05) == -1
    assert lowest_difference(5, 0, 5, error=0.05) == pytest.approx(0.0986, abs=1e-4)
    assert -1 <= lowest_difference(500, 0, 500, error=0.05) < 1


@pytest.mark.parametrize(
    ("gained", "lost", "pairs", "bound"),
    [(17, 1, 150, 0.0569811), (200, 100, 2000, 0.0355265), (500, 450, 1000, -0.0010081)],
)
def test_the_bound_is_that_of_the_worst_case_even_where_all_goldens_change(
    gained: int, lost: int, pairs: int, bound: float
) -> None:
    """The figures are those of a search over 1,001 rates; the worst may be close to the last."""
    assert lowest_difference(gained, lost, pairs, error=0.05) == pytest.approx(bound, abs=2e-7)


def test_the_bound_at_many_pairs_is_close_to_the_normal_one() -> None:
    bound = lowest_difference(200, 100, 2000, error=0.05)
    normal = 0.05 - 1.645 * math.sqrt((0.15 - 0.05**2) / 2000)
    assert bound == pytest.approx(normal, abs=0.001)
