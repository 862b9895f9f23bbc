"""Ours alone: very many goldens without a model, and the tax on runs without any."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.environment import Environment
from benchmarks.measure import Measured, measure
from benchmarks.peers.ours import ROOT, write_prompt
from benchmarks.peers.passed import count_passed
from benchmarks.project import last_words
from benchmarks.table import mebibytes, table

SCRIPTED = "scripted:answering:answer"
ANSWERING = """\
import re


def answer(request):
    return "answer " + re.search(r"\\d+", request.messages[-1].content)[0]
"""
EMPTY_TESTS = """\
import pytest


@pytest.mark.parametrize("number", range({count}))
def test_nothing(number):
    pass
"""
_HEADS = ("run", "goldens", "passed", "wall s", "goldens/s", "cpu ms", "rss MiB")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleRow:
    """One run of that many goldens."""

    name: str
    goldens: int
    measured: Measured

    @property
    def passed(self) -> int:
        """How many goldens passed."""
        return count_passed(self.measured.output)

    @property
    def goldens_per_second(self) -> float:
        """Over the whole wall time, start-up included."""
        return self.goldens / self.measured.wall_seconds

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        measured = self.measured
        return (
            self.name,
            f"{self.goldens:,}",
            f"{self.passed:,}",
            f"{measured.wall_seconds:.2f}",
            f"{self.goldens_per_second:,.0f}",
            f"{1000 * measured.cpu_seconds / self.goldens:.2f}",
            mebibytes(measured.peak_rss_bytes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """All rows and what the start-up benchmark printed."""

    rows: tuple[ScaleRow, ...]
    startup: str

    def __str__(self) -> str:
        cells = [row.cells() for row in self.rows]
        failed = "".join(
            f"\n{row.name}, {row.goldens:,}: {last_words(row.measured.output)}"
            for row in self.rows
            if row.passed != row.goldens
        )
        return f"{table(_HEADS, cells)}{failed}\n\n{self.startup}"


def scale(environment: Environment, *, counts: tuple[int, ...]) -> Scale:
    """Record, replay and answer from the cache that many goldens.

    Recording asks a scripted model. Empty tests of plain pytest stand beside for comparison.
    """
    rows = [row for count in counts for row in _rows(environment, count)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_empty.py").write_text(EMPTY_TESTS.format(count=max(counts)))
        command = (environment.program("pytest"), "-p", "no:promptopt")
        measured = measure(command, folder=folder, variables=_variables(folder))
        rows.append(ScaleRow(name="pytest, empty tests", goldens=max(counts), measured=measured))
    return Scale(rows=tuple(rows), startup=_startup(environment))


def _rows(environment: Environment, count: int) -> list[ScaleRow]:
    ways = {
        "record": ("--prompt-responses", "record"),
        "replay": ("--prompt-responses", "replay"),
        "cache": (),
    }
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_prompt(folder, count, SCRIPTED)
        (folder / "answering.py").write_text(ANSWERING)
        command = (environment.program("pytest"), "--prompt-eval")
        return [
            ScaleRow(
                name=way,
                goldens=count,
                measured=measure(
                    (*command, *arguments), folder=folder, variables=_variables(folder)
                ),
            )
            for way, arguments in ways.items()
        ]


def _variables(folder: Path) -> Mapping[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "NO_COLOR": "1"}


def _startup(environment: Environment) -> str:
    command = (environment.program("python"), "-m", "benchmarks.startup")
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return finished.stdout.strip() or last_words(finished.stderr)
