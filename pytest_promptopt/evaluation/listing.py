"""Names in a sentence, as many as a reader takes in."""

from collections.abc import Sequence


def listed(items: Sequence[str], shown: int = 8) -> str:
    """The first of ``items``, and how many more there are."""
    rest = len(items) - shown
    return ", ".join(items[:shown]) + (f" and {rest} more" if rest > 0 else "")
