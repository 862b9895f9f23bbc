"""How often bounds on weighted means err where the weights are fixed, and how close they come."""

from collections.abc import Sequence

import numpy as np
import pytest

from pytest_promptopt.statistics.intervals import clopper_pearson, verdict_interval
from pytest_promptopt.statistics.weighted import is_exceeded_by_weight, lowest_rate_by_weight

LEVEL = 0.05


def test_of_nothing_but_hits_the_bound_is_exact() -> None:
    weights = [5.0] + [1.0] * 39
    # The worst rates: q for the heavy one and 5 q / n more for each other, with the chance LEVEL.
    rate = (5 * LEVEL) ** (1 / 40)
    exact = (39 * rate + rate) / 44
    assert lowest_rate_by_weight([1.0] * 40, weights, error=LEVEL) == pytest.approx(exact, abs=5e-4)
    assert exact == pytest.approx(0.878, abs=5e-4)
    assert verdict_interval([1.0] * 40, weights=weights, confidence=0.9).low > 0.85


def test_a_weight_close_to_1_changes_little() -> None:
    hits = [1.0] * 38 + [0.0] * 2
    plain = lowest_rate_by_weight(hits, [1.0] * 40, error=LEVEL)
    assert lowest_rate_by_weight(hits, [1.01] + [1.0] * 39, error=LEVEL) == pytest.approx(
        plain, abs=1e-3
    )
    assert plain < clopper_pearson(38, 40, confidence=0.9).low < plain + 0.04


def test_a_heavy_golden_does_not_hide_what_the_others_show() -> None:
    claims = np.array([0.51])
    for heavy in (1.0, 0.5):
        scores = [heavy] + [1.0] * 17 + [0.5] * 2
        assert is_exceeded_by_weight(scores, [5.0] + [1.0] * 19, claims, error=LEVEL)[0]


RATES = [
    ([5] + [1] * 39, [0.193] + [0.966] * 39),
    ([5] + [1] * 39, [0.85] * 40),
    ([1, 2, 3, 4] * 10, [0.9, 0.8, 0.7, 0.95] * 10),
    ([1, 10] * 20, [0.95, 0.5] * 20),
]


@pytest.mark.parametrize(("weights", "rates"), RATES)
def test_errors_stay_within_the_level_whatever_the_rate_of_each_golden(
    weights: Sequence[float], rates: Sequence[float]
) -> None:
    rng = np.random.default_rng(3)
    target = float(np.dot(weights, rates) / sum(weights))
    wrong_hits = wrong_grades = 0
    for _ in range(40):
        hits = (rng.random(40) < rates).astype(float)
        wrong_hits += lowest_rate_by_weight(hits.tolist(), weights, error=LEVEL) > target
        grades = rng.beta(np.multiply(4, rates), 4 - np.multiply(4, rates)).tolist()
        claims = np.array([target])
        wrong_grades += bool(is_exceeded_by_weight(grades, weights, claims, error=LEVEL)[0])
    assert wrong_hits <= 2
    assert wrong_grades <= 2


def test_claims_at_the_ends_are_told() -> None:
    claims = np.array([0.0, 1e-9, 0.2, 0.999, 1.0])
    shown = is_exceeded_by_weight([1.0] * 9 + [0.0], [2.0] + [1.0] * 9, claims, error=LEVEL)
    assert shown.tolist() == [True, True, True, False, False]
    assert lowest_rate_by_weight([0.0] * 10, [2.0] + [1.0] * 9, error=LEVEL) == 0
