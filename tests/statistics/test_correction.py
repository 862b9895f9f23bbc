from collections.abc import Callable

from pytest_promptopt.statistics.correction import level_divisors


def p_values_of(**p_values: float) -> dict[str, Callable[[int], bool]]:
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
