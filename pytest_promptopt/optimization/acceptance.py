"""Acceptance: what a candidate must show against its parent to stay."""

from collections.abc import Callable, Mapping
from functools import partial

from pytest_promptopt.optimization.case import Case
from pytest_promptopt.statistics.clusters import by_cluster
from pytest_promptopt.statistics.comparison import mcnemar_exact, sign_flip

Cases = Mapping[str, Case]
Acceptance = Callable[[Cases, Cases], bool]
"""Whether a child (second) may stay, from its cases and its parent's by their golden's id.

Only goldens that both were scored on count; without one, nothing was shown.
"""

BINARY = frozenset({0.0, 1.0})


def gains(before: Cases, after: Cases) -> list[float]:
    """After minus before on the goldens that both have, in the order of ``after``."""
    return [
        (case.score or 0.0) - (before[golden_id].score or 0.0)
        for golden_id, case in after.items()
        if golden_id in before
    ]


def independent_gains(before: Cases, after: Cases) -> list[float]:
    """The same with the mean of each cluster as one, which a test may count."""
    found = gains(before, after)
    clusters = [case.golden.cluster for name, case in after.items() if name in before]
    return [*by_cluster(found, [1.0] * len(found), clusters)[0]]


def any_child(_before: Cases, after: Cases) -> bool:
    """Every child that was scored: its score decides later."""
    return bool(after)


def better(before: Cases, after: Cases) -> bool:
    """A sum that is strictly greater on the shared goldens.

    GEPA's gate. On few goldens it is mostly noise: at a true rate of .7, an equal child passes a
    third of the time on 3 of them.
    """
    return sum(gains(before, after)) > 1e-9


def proven(before: Cases, after: Cases, *, level: float) -> bool:
    """A gain whose one-sided paired test is at most ``level``."""
    return better(before, after) and p_better(independent_gains(before, after)) <= level


def p_better(found: list[float]) -> float:
    """One-sided p-value that the mean of the paired gains is above 0.

    Exact McNemar where they are -1, 0 and 1, else the sign-flip permutation test, both halved
    from two sides.
    """
    if not found or sum(found) <= 0:
        return 1.0
    if all(abs(difference) in BINARY for difference in found):
        return mcnemar_exact(found.count(1.0), found.count(-1.0)) / 2
    return sign_flip(found) / 2


ACCEPTANCES: Mapping[str, Callable[[float], Acceptance]] = {
    "any": lambda _level: any_child,
    "better": lambda _level: better,
    "proven": lambda level: partial(proven, level=level),
}
"""Each made for a level."""
