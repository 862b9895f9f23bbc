"""The outcome of a cell, and the file that keeps it."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.optimization.cells import Cell
from pytest_promptopt.statistics.comparison import Comparison, Pair, compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A cell that ran.

    ``after`` are the scores of the test goldens in their order; asking them is no part of the
    calls and tokens. ``texts`` are the changed messages by their position, ``demonstrations`` the
    goldens that are shown as worked examples, as turns or in the message ``shown_in``; ``answer``
    is the mark of another place for the answer. ``seconds`` are those of the search, which are
    short where answers were in the cache and long where other cells ran beside it.
    """

    cell: Cell
    date: str
    machine: str
    calls: int
    input_tokens: int
    output_tokens: int
    seconds: float
    reason: str
    texts: Mapping[str, str]
    demonstrations: Sequence[str]
    shown_in: int | None
    answer: str
    after: Sequence[float]

    @property
    def mean(self) -> float:
        """The accuracy, or the mean of the task's own metric."""
        return fmean(self.after)


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
    own = {f.name: getattr(outcome, f.name) for f in fields(outcome) if f.name != "cell"}
    return {**asdict(outcome.cell), **own}


def _outcome(content: dict[str, Any]) -> Outcome:
    cell = Cell(**{f.name: content.pop(f.name) for f in fields(Cell)})
    return Outcome(cell=cell, **content)
