"""Names in a sentence, as many as a reader takes in."""

from collections.abc import Sequence


def counted(number: int, noun: str) -> str:
    """The number with its noun, in the plural where it is not one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def in_clusters(number: int, noun: str, clusters: int) -> str:
    """So many, and in how many clusters, where some share one."""
    shared = f" in {counted(clusters, 'cluster')}" if 0 < clusters < number else ""
    return f"{counted(number, noun)}{shared}"


SHOWN = 10
"""As many goldens as a verdict names."""


def listed(items: Sequence[str], shown: int = 8) -> str:
    """The first of ``items``, and how many more there are."""
    rest = len(items) - shown
    return ", ".join(items[:shown]) + (f" and {rest} more" if rest > 0 else "")
