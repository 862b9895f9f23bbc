"""The share of goldens that are scored where the endpoint misbehaves."""

import sys
from dataclasses import dataclass

from benchmarks.installed import Installed
from benchmarks.project import Run, project, run
from benchmarks.server import BROKEN_SHARE, TOO_MANY_SHARE, WAITS_SECONDS, Server
from benchmarks.table import table

SEED = 20_261_121

_HEADS = ("tool, run", "scored", "of", "wall s", "requests", "in flight", "exit code")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRow:
    """One tool with its defaults."""

    tool: str
    goldens: int
    run: Run

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        return (
            self.tool,
            str(self.run.scored),
            str(self.goldens),
            f"{self.run.measured.wall_seconds:.2f}",
            str(self.run.seen.requests),
            str(self.run.seen.max_in_flight),
            "cut off" if self.run.measured.is_cut_off else str(self.run.measured.exit_code),
        )


@dataclass(frozen=True, slots=True)
class Faults:
    """All rows."""

    rows: list[FaultRow]

    def __str__(self) -> str:
        waits = "-".join(f"{seconds:g}" for seconds in WAITS_SECONDS)
        return (
            f"{TOO_MANY_SHARE:.0%} answered 429 with Retry-After {waits} s, "
            f"{BROKEN_SHARE:.0%} answered 500, drawn by request from seed {SEED}\n"
            f"{table(_HEADS, [row.cells() for row in self.rows])}"
        )


def meet_faults(
    installed: Installed, server: Server, *, goldens: int, latency_seconds: float
) -> Faults:
    """Run every tool with its defaults against faults."""
    rows = []
    for tool in installed.tools:
        print(f"running {tool.name}", file=sys.stderr, flush=True)
        environment, way = installed.environments[tool.name], tool.ways[0]
        with project(tool, goldens) as folder:
            done = run(
                tool, environment, way, folder=folder, server=server,
                latency_seconds=latency_seconds, faults_seed=SEED,
            )  # fmt: skip
        rows.append(FaultRow(tool=f"{tool.name}, {way.name}", goldens=goldens, run=done))
    return Faults(rows)
