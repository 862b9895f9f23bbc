"""The cells to run: one method on one task at one cap with one seed and one pair of models."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_promptopt.optimization.presets import PRESETS

UNCAPPED = ("given", "contract")
"""Methods without chance and without an optimizer model: a cell a task and task model."""

BASELINES = (*UNCAPPED, "paraphrases")
PEERS = ("dspy-mipro", "dspy-gepa")
METHODS = (*BASELINES, *PRESETS, *PEERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One run.

    ``cap`` is on all calls of task and optimizer model, None where the method needs none, and
    then ``optimizer_model`` is None too. ``diagnosis`` is False where a method runs as published.
    """

    task: str
    method: str
    task_model: str
    optimizer_model: str | None
    cap: int | None
    seed: int
    diagnosis: bool

    @property
    def label(self) -> str:
        """The cell in a line."""
        cap = "no cap" if self.cap is None else f"{self.cap} calls, seed {self.seed}"
        return f"{self.task}, {self.way}, {cap}, {self.models}"

    @property
    def way(self) -> str:
        """The method, and whether it was told the diagnosis."""
        return f"{self.method} + diagnosis" if self.diagnosis and self.cap else self.method

    @property
    def models(self) -> str:
        """Task model and optimizer model."""
        return " / ".join(filter(None, (self.task_model, self.optimizer_model)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The values of every dimension; ``models`` are pairs of task and optimizer model."""

    tasks: Sequence[str]
    methods: Sequence[str]
    caps: Sequence[int]
    seeds: Sequence[int]
    models: Sequence[tuple[str, str]]
    diagnosis: Sequence[bool]

    def cells(self) -> Iterator[Cell]:
        """Every cell once; a part from the beginning holds all methods and tasks already."""
        found: dict[Cell, None] = {}
        sizes = itertools.product(self.seeds, self.models, self.caps)
        for (
            seed,
            (task_model, optimizer_model),
            cap,
        ), task, method, diagnosis in itertools.product(
            sizes, self.tasks, self.methods, self.diagnosis
        ):
            cell = Cell(
                task=task,
                method=method,
                task_model=task_model,
                optimizer_model=optimizer_model,
                cap=cap,
                seed=seed,
                diagnosis=diagnosis,
            )
            found[_without_what_is_unused(cell)] = None
        return iter(found)


def _without_what_is_unused(cell: Cell) -> Cell:
    if cell.method in UNCAPPED:
        has_diagnosis = cell.method == "contract"
        return replace(cell, optimizer_model=None, cap=None, seed=0, diagnosis=has_diagnosis)
    return cell if cell.method in PRESETS else replace(cell, diagnosis=False)
