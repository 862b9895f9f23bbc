from collections.abc import Callable

import pytest

from pytest_promptopt.statistics.correction import discovery_divisors, level_divisors, strength


def p_values_of(**p_values: float) -> dict[str, Callable[[float], bool]]:
    return {name: lambda divisor, p=p: p <= 0.05 / divisor for name, p in p_values.items()}  # type: ignore[misc]


def test_one_test_has_the_whole_level() -> None:
    assert level_divisors(p_values_of(a=0.04)) == {"a": 1}
    assert level_divisors({}) == {}


def test_what_rejects_leaves_its_share_to_the_others() -> None:
    assert level_divisors(p_values_of(a=0.01, b=0.02, c=0.04, d=0.2)) == {
        "a": 4,
        "b": 3,
        "c": 3,
        "d": 3,
    }
    assert level_divisors(p_values_of(a=0.012, b=0.016, c=0.024)) == {"a": 3, "b": 3, "c": 1}


def test_the_more_reject_the_less_each_divides_where_few_false_ones_are_allowed() -> None:
    assert discovery_divisors({}) == {}
    assert discovery_divisors(p_values_of(a=0.04)) == {"a": 1}
    found = discovery_divisors(p_values_of(a=0.01, b=0.02, c=0.037, d=0.2))
    assert found == dict.fromkeys("abcd", pytest.approx(4 / 3))
    assert discovery_divisors(p_values_of(a=0.02, b=0.06)) == {"a": 2, "b": 2}
    assert discovery_divisors(p_values_of(a=0.049, b=0.0495)) == {"a": 1, "b": 1}


def test_the_strength_of_a_test_is_how_small_a_level_it_takes() -> None:
    assert strength(lambda divisor: 0.05 / divisor >= 0.01) == 5
    assert strength(lambda divisor: 0.05 / divisor >= 0.06) == 0
    assert strength(lambda divisor: divisor != 3) == 2
    assert 20 < strength(lambda divisor: 0.05 / divisor >= 0.05 / 25) <= 25
    assert strength(lambda _: True) > 10_000
