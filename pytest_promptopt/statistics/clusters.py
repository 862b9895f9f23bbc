"""Goldens that depend on each other, such as turns of one conversation, taken as one."""

from collections.abc import Iterator, Sequence
from math import fsum


def members(clusters: Sequence[str]) -> Sequence[Sequence[int]]:
    """The places of what belongs together, in the order in which clusters begin.

    What has no name of a cluster (``""``) stands alone.
    """
    found: dict[str | int, list[int]] = {}
    for place, name in enumerate(clusters):
        found.setdefault(name or place, []).append(place)
    return list(found.values())


def looks(clusters: Sequence[str], step: int) -> Iterator[int]:
    """After how many to look while they come in: every ``step``, each where a cluster ends.

    The members of a cluster should come one after another. The last look is at all.
    """
    total, count = len(clusters), 0
    while count < total:
        count = min(count + step, total)
        while count < total and clusters[count] and clusters[count] == clusters[count - 1]:
            count += 1
        yield count


def by_cluster(
    values: Sequence[float], weights: Sequence[float], clusters: Sequence[str]
) -> tuple[Sequence[float], Sequence[float]]:
    """A value for each cluster, the mean of its own by weight, and the sum of their weights.

    So the mean over all stays what it was, and what is left is independent, whatever the members
    of a cluster have in common: the "ultimate clusters" of Hansen, Hurwitz and Madow (1953, "Sample
    survey methods and theory"). What is exact for bounded scores with weights is exact for these,
    without a design effect (Kish 1965) that few clusters could not estimate. A cluster of one is
    that one, to the last digit.
    """
    groups = members(clusters)
    if len(groups) == len(values):
        return values, weights
    totals = [fsum(weights[place] for place in group) for group in groups]
    return [_mean(values, weights, group) for group in groups], totals


def _mean(values: Sequence[float], weights: Sequence[float], places: Sequence[int]) -> float:
    """By weight; where nothing weighs anything, each counts the same."""
    if len(places) == 1:
        return values[places[0]]
    total = fsum(weights[place] for place in places)
    shares = [weights[place] if total else 1.0 for place in places]
    products = (values[place] * share for place, share in zip(places, shares, strict=True))
    return fsum(products) / (total or len(places))
