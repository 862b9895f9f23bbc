"""The cells to run: one method on one task at one cap with one seed."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

EXAMPLES = {"examples-4": 4, "examples-8": 8}
UNCAPPED = ("given", *EXAMPLES, "rewrite")
"""What anybody can do by hand: it asks no more than one call, whatever the cap."""

OURS = ("race",)
PEERS = ("dspy-mipro", "dspy-gepa", "promptfoo")
PUBLISHED = ("protegi", "ape", "opro", "pe2", "gepa")
METHODS = (*UNCAPPED, *OURS, *PEERS, *PUBLISHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One run; ``cap`` is on all calls of a search, None for the methods without one."""

    task: str
    method: str
    cap: int | None
    seed: int

    @property
    def needed_cap(self) -> int:
        """The cap of a method that has one; raises ValueError where it is missing."""
        if self.cap is None:
            raise ValueError(f"{self.label}: {self.method} needs a cap")
        return self.cap

    @property
    def label(self) -> str:
        """The cell in a line."""
        cap = "no cap" if self.cap is None else f"{self.cap} calls"
        return f"{self.task}, {self.method}, {cap}, seed {self.seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The values of every dimension."""

    tasks: Sequence[str]
    methods: Sequence[str]
    caps: Sequence[int]
    seeds: Sequence[int]

    def cells(self) -> Iterator[Cell]:
        """Every cell once, a kind of method after the other, the cheap ones first."""
        for kind in (UNCAPPED, OURS, PEERS, PUBLISHED):
            caps = (None,) if kind is UNCAPPED else self.caps
            methods = [method for method in kind if method in self.methods]
            for seed, cap, method, task in itertools.product(self.seeds, caps, methods, self.tasks):
                if method != "given" or seed == self.seeds[0]:
                    yield Cell(task=task, method=method, cap=cap, seed=seed)
