"""Pairs of what is given and what is expected, as the rules of tasks look at them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """The text that a golden gives and the one that it expects, without blanks around."""

    given: str
    expected: str


Rule = Callable[[Sequence[Pair], str], Iterator[str]]
"""What all pairs keep to, the most specific first, as noun phrases that call the given text so."""
