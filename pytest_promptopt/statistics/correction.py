"""Corrections where several things are tested at once."""

from collections.abc import Callable, Mapping

Tests = Mapping[str, Callable[[float], bool]]
"""What tells of each test whether it rejects at its own level over a number."""


def level_divisors(tests: Tests) -> Mapping[str, int]:
    """By how much each test divides its level, so that one error is kept for all of them.

    A test tells whether it rejects at its own level over a number. Holm (1979), "A simple
    sequentially rejective multiple test procedure": all share the level; those that reject are
    taken out, and the rest share it anew.
    """
    divisors: dict[str, int] = {}
    left = dict(tests)
    while left:
        count = len(left)
        rejecting = [name for name, rejects in left.items() if count > 1 and rejects(count)]
        for name in rejecting or [*left]:
            divisors[name] = count
            del left[name]
    return divisors


def discovery_divisors(tests: Tests) -> Mapping[str, float]:
    """By how much each test divides its level, so that few of those that reject are false.

    Benjamini and Hochberg (1995), "Controlling the false discovery rate": the share of false
    rejections among all has at most the level as its mean, if the tests are independent or depend
    on each other positively.
    """
    count = len(tests)
    divisors = (count / rejecting for rejecting in range(count, 0, -1))
    divisor = next(
        (
            divisor
            for divisor in divisors
            if sum(rejects(divisor) for rejects in tests.values()) * divisor >= count - 1e-9
        ),
        count,
    )
    return dict.fromkeys(tests, divisor)


def strength(rejects: Callable[[float], bool]) -> float:
    """By how much the level of a test can be divided so that it still rejects; 0 if by nothing.

    It is looked for upwards in steps and up to the first at which the test does not reject. So it
    is at least d with a chance of the level over d at most, whether or not a test that rejects at
    one level does so at every higher one.
    """
    reached = 0.0
    for divisor in _DIVISORS:
        if not rejects(divisor):
            break
        reached = divisor
    return reached


_DIVISORS = (*map(float, range(1, 11)), *(10 * 1.2**step for step in range(1, 51)))
