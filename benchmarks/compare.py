"""The same goldens through every tool."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.environment import Environment
from benchmarks.installed import Installed
from benchmarks.peers.tool import Tool, Way
from benchmarks.project import Run, last_words, project, run
from benchmarks.server import Server
from benchmarks.table import mebibytes, table

LEGEND = """\
ideal: goldens x latency / most in flight, as the server saw it.
start: the same run with one golden and an endpoint that answers at once.
own: (wall - start - ideal) / goldens; it counts time in which a tool held back as its own.
cpu: CPU time of all its processes, less that of start, a golden.
rss: peak of the sum over its processes, every 50 ms; largest: the largest single process."""

_HEADS = (
    "tool, run", "wall s", "ideal s", "start s", "own ms", "cpu ms", "sent", "in flight",
    "scored", "rss MiB", "largest MiB", "size MiB", "2nd wall s", "2nd sent",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One tool run one way: alone with one golden, then with all of them, twice."""

    tool: str
    way: str
    goldens: int
    latency_seconds: float
    size_bytes: int
    start: Run
    first: Run
    second: Run

    @property
    def ideal_seconds(self) -> float:
        """What the calls alone take at the concurrency seen."""
        return self.goldens * self.latency_seconds / max(1, self.first.seen.max_in_flight)

    @property
    def own_ms(self) -> float:
        """Milliseconds a golden that are neither start-up nor calls."""
        wall_seconds = self.first.measured.wall_seconds - self.start.measured.wall_seconds
        return 1000 * (wall_seconds - self.ideal_seconds) / self.goldens

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of CPU a golden without start-up."""
        cpu_seconds = self.first.measured.cpu_seconds - self.start.measured.cpu_seconds
        return 1000 * cpu_seconds / self.goldens

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        first, second = self.first.measured, self.second.measured
        return (
            f"{self.tool}, {self.way}",
            f"{first.wall_seconds:.2f}",
            f"{self.ideal_seconds:.2f}",
            f"{self.start.measured.wall_seconds:.2f}",
            f"{self.own_ms:.1f}",
            f"{self.cpu_ms:.1f}",
            str(self.first.seen.requests),
            str(self.first.seen.max_in_flight),
            str(self.first.scored),
            mebibytes(first.peak_rss_bytes),
            mebibytes(first.largest_rss_bytes),
            mebibytes(self.size_bytes),
            f"{second.wall_seconds:.2f}",
            str(self.second.seen.requests),
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """All rows, and the tools that failed with the reason."""

    rows: list[Row] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        text = table(_HEADS, [row.cells() for row in self.rows])
        failed = "".join(f"\n{name}: {reason}" for name, reason in self.failed.items())
        return f"{text}{failed}\n\n{LEGEND}"


def compare(
    installed: Installed, server: Server, *, goldens: int, latency_seconds: float
) -> Comparison:
    """Run every tool in each of its ways."""
    comparison = Comparison()
    for tool in installed.tools:
        environment = installed.environments[tool.name]
        for way in tool.ways:
            print(f"running {tool.name}, {way.name}", file=sys.stderr, flush=True)
            row = _row(tool, environment, way, server, goldens, latency_seconds)
            if row.first.scored:
                comparison.rows.append(row)
            else:
                reason = last_words(row.first.measured.output)
                comparison.failed[f"{tool.name}, {way.name}"] = (
                    f"nothing scored, exit code {row.first.measured.exit_code}: {reason}"
                )
    return comparison


def _row(
    tool: Tool,
    environment: Environment,
    way: Way,
    server: Server,
    goldens: int,
    latency_seconds: float,
) -> Row:
    def runs(count: int, latency_seconds: float, times: int) -> Iterator[Run]:
        with project(tool, count) as folder:
            for _ in range(times):
                yield run(
                    tool, environment, way, folder=folder, server=server,
                    latency_seconds=latency_seconds,
                )  # fmt: skip

    list(runs(1, 0.0, 1))  # brings the tool's files into memory
    (start,) = runs(1, 0.0, 1)
    first, second = runs(goldens, latency_seconds, 2)
    return Row(
        tool=tool.name,
        way=way.name,
        goldens=goldens,
        latency_seconds=latency_seconds,
        size_bytes=environment.size_bytes,
        start=start,
        first=first,
        second=second,
    )
