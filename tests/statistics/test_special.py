"""The special functions against SciPy's, which only the tests have."""

from itertools import product
from math import log
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

import pytest_promptopt
from pytest_promptopt.statistics.special import beta_cdf, beta_quantile, binomial, root

TRIALS = (1, 2, 7, 40, 500, 20_000, 100_000)
EXTREMES = [0, 1e-12, 1e-6, 1e-3, 0.1, 0.5, 0.9, 1 - 1e-3, 1 - 1e-6, 1 - 1e-12, 1]
MEASURABLE = 1e-250
"""SciPy's own incomplete beta function has no more than five digits at 1e-266."""

Numbers = NDArray[np.float64]


def cases(trials: int) -> tuple[Numbers, Numbers]:
    """Numbers of hits, a column, and rates: extreme ones and those around which hits are likely."""
    spread = np.linspace(0, trials, 30).round()
    hits = np.unique(np.clip([0, 1, 2, *spread, trials - 1], 0, trials))
    around = (hits[:, None] + np.array([-1, 0, 1]) * np.sqrt(trials) / 2).ravel() / trials
    return hits[:, None], np.unique(np.clip([*EXTREMES, *around], 0, 1))


def assert_close(found: Numbers, scipys: ArrayLike) -> None:
    expected = np.asarray(scipys)
    is_measurable = expected > MEASURABLE
    np.testing.assert_allclose(found[is_measurable], expected[is_measurable], rtol=1e-10)
    assert np.all(found[~is_measurable] < 2 * MEASURABLE)


@pytest.mark.parametrize("trials", TRIALS)
def test_chances_of_hits_are_scipys(trials: int) -> None:
    hits, rates = cases(trials)
    found = binomial(hits, trials - hits, rates)
    assert_close(found, stats.binom.pmf(hits, trials, rates))


@pytest.mark.parametrize("trials", TRIALS)
def test_the_incomplete_beta_function_is_scipys(trials: int) -> None:
    hits, rates = cases(trials)
    found = beta_cdf(hits, trials - hits + 1, rates)
    assert found.shape == np.broadcast_shapes(hits.shape, rates.shape)
    assert np.all(found[0] == 1)
    assert_close(found[1:], special.betainc(hits[1:], trials - hits[1:] + 1, rates))


def test_the_incomplete_beta_function_of_numbers_between_whole_ones_is_scipys() -> None:
    a, b = np.meshgrid(np.geomspace(1, 1000, 40), np.geomspace(1, 1000, 40))
    for share in (0.5, 1, 1.1):
        x = np.minimum(share * a / (a + b), 1)
        np.testing.assert_allclose(beta_cdf(a, b, x), special.betainc(a, b, x), rtol=1e-8)


def test_nothing_has_no_chances() -> None:
    assert beta_cdf(np.array([]), np.array([]), np.array([])).shape == (0,)


@pytest.mark.parametrize("trials", TRIALS)
def test_quantiles_are_scipys(trials: int) -> None:
    some_hits = {1, max(1, trials // 3), max(1, trials - 1), trials}
    for hits, error in product(some_hits, (1e-6, 1e-3, 0.025, 0.05, 0.5, 0.95)):
        found = beta_quantile(hits, trials - hits + 1, error)
        expected = special.betaincinv(hits, trials - hits + 1, error)
        assert found == pytest.approx(expected, rel=1e-10)


def test_a_root_is_found_in_few_steps_or_at_the_end_next_to_it() -> None:
    asked: list[float] = []

    def excess(x: float) -> float:
        asked.append(x)
        return log(x) - 1

    assert root(excess, 1e-9, 1e9, tolerance=1e-9) == pytest.approx(2.718281828, abs=1e-9)
    assert len(asked) < 60
    assert root(excess, 3, 5, tolerance=1e-9) == 3
    assert root(excess, 1, 2, tolerance=1e-9) == 2
    assert root(lambda x: -1.0 if x < 0.3 else 1.0, 0, 1, tolerance=1e-9) == pytest.approx(0.3)
    assert root(lambda x: x**9, -1, 2, tolerance=1e-9) == pytest.approx(0, abs=1e-9)


def test_the_package_does_without_scipy() -> None:
    files = Path(pytest_promptopt.__file__).parent.rglob("*.py")
    assert [file.name for file in files if "scipy" in file.read_text(encoding="utf-8")] == []
