import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.statistics.evidence import evidence, lowest_gain

DIFFERENCES = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), max_size=40)


def test_without_a_difference_there_is_no_evidence() -> None:
    assert evidence([]) == pytest.approx(1)
    assert evidence([0.0] * 30) == pytest.approx(1)


def test_it_is_the_mean_capital_of_the_gamblers() -> None:
    expected = sum((1 + stake) * (1 - stake) for stake in (0.1, 0.3, 0.5, 0.7, 0.9)) / 5
    assert evidence([1.0, -1.0]) == pytest.approx(expected)


@given(differences=DIFFERENCES, seed=st.integers(0, 9))
def test_the_order_changes_nothing(differences: list[float], seed: int) -> None:
    shuffled = random.Random(seed).sample(differences, len(differences))
    assert evidence(shuffled) == pytest.approx(evidence(differences))


@given(differences=DIFFERENCES.filter(bool))
def test_the_bound_is_under_the_mean_and_as_far_as_the_evidence_reaches(
    differences: list[float],
) -> None:
    bound = lowest_gain(differences, error=0.05)
    assert -1 <= bound <= sum(differences) / len(differences) + 1e-3
    assert evidence(differences, above=min(bound + 2e-3, 1)) < 1 / 0.05 or bound == -1


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_no_difference_is_taken_for_one_however_often_it_is_looked_at(rate: float) -> None:
    """Of 500 games of 60 pairs, looked at after each, at most 5 % may ever reach 20."""
    rng = random.Random(1)
    fooled = 0
    for _ in range(500):
        pairs = [float(rng.random() < rate) - float(rng.random() < rate) for _ in range(60)]
        fooled += any(evidence(pairs[:n]) >= 20 for n in range(1, 61))
    assert fooled <= 25
