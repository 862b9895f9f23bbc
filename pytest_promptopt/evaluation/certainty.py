"""Certainty of what is found, in numbers and in words."""

from pytest_promptopt.statistics.intervals import Interval

CONFIDENCE = 0.95
"""Where a file names none."""


def shared_confidence(confidence: float, divisor: float) -> float:
    """The confidence of one of so many that together have ``confidence``."""
    return 1 - (1 - confidence) / divisor


def told_confidence(confidence: float, divisor: int) -> str:
    """It in words, with how many limits share it."""
    together = f", shared by {divisor} limits" if divisor > 1 else ""
    return f"with {percent(confidence)} confidence{together}"


def told_range(interval: Interval, minimum: float) -> str:
    """Both bounds, the lower one never like ``minimum`` where it is under it."""
    return f"{not_rounded_up(interval.low, minimum)} to {interval.high:.3f}"


def not_rounded_up(score: float, minimum: float) -> str:
    """Enough digits that a score under the minimum never reads like the minimum."""
    digits = 3
    while digits < 15 and score < minimum <= float(f"{score:.{digits}f}"):
        digits += 1
    return f"{score:.{digits}f}"


def percent(confidence: float) -> str:
    """It as a person writes it."""
    return f"{100 * confidence:g} %"
