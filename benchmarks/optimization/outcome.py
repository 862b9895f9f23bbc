"""The outcome of a cell, and the file that keeps it."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.optimization.cells import Cell
from pytest_promptopt.statistics.comparison import Comparison, Pair, compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A cell that ran.

    ``before`` and ``after`` are the scores of the same test goldens in the same order; asking
    them is no part of the calls. ``texts`` are the changed messages by their position,
    ``demonstrations`` the goldens that are shown as worked examples; both are empty where the
    prompt stayed as it was. ``seconds`` are short where answers were in the cache.
    """

    cell: Cell
    date: str
    machine: str
    task_calls: int
    optimizer_calls: int
    seconds: float
    reason: str
    texts: Mapping[str, str]
    demonstrations: Sequence[str]
    before: Sequence[float]
    after: Sequence[float]

    @property
    def calls(self) -> int:
        """Calls of both models."""
        return self.task_calls + self.optimizer_calls

    @property
    def is_changed(self) -> bool:
        """Whether the method settled on another prompt than the given one."""
        return bool(self.texts or self.demonstrations)

    @property
    def comparison(self) -> Comparison:
        """After less before, golden by golden."""
        return compare_scores(self.before, self.after)


class Results:
    """The outcomes in a file, a line each; lines are appended, never changed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[Outcome]:
        """All that the file holds; a torn last line is none."""
        if not self._path.exists():
            return []
        whole = self._path.read_bytes().rpartition(b"\n")[0]
        return [_outcome(json.loads(line)) for line in whole.splitlines()]

    def append(self, outcome: Outcome) -> None:
        """Add one, forced to the disk; takes the place of a torn last line."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab+") as file:
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
            file.write(json.dumps(_content(outcome), ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def compare_scores(before: Sequence[float], after: Sequence[float]) -> Comparison:
    """Paired scores, position by position."""
    pairs = [
        Pair(
            golden_id=str(n),
            before=one,
            after=other,
            passed_before=one == 1,
            passed_after=other == 1,
        )
        for n, (one, other) in enumerate(zip(before, after, strict=True))
    ]
    return compare(pairs)


def _content(outcome: Outcome) -> dict[str, Any]:
    comparison = outcome.comparison
    own = {f.name: getattr(outcome, f.name) for f in fields(outcome) if f.name != "cell"}
    difference = {
        "mean": comparison.difference,
        "low": comparison.interval.low,
        "high": comparison.interval.high,
    }
    return {**asdict(outcome.cell), **own, "difference": difference}


def _outcome(content: dict[str, Any]) -> Outcome:
    cell = Cell(**{f.name: content.pop(f.name) for f in fields(Cell)})
    del content["difference"]
    return Outcome(cell=cell, **content)
