"""Corrections where several things are tested at once."""

from collections.abc import Callable, Mapping


def level_divisors(tests: Mapping[str, Callable[[int], bool]]) -> Mapping[str, int]:
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
