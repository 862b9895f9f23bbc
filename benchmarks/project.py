"""A temporary project in which a tool runs, and what one run of it in there came to."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environment import Environment
from benchmarks.measure import Measured, measure
from benchmarks.peers.tool import Tool, Way
from benchmarks.server import Seen, Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: what it cost, what the server saw and how many goldens were right."""

    measured: Measured
    seen: Seen
    scored: int


@contextmanager
def project(tool: Tool, goldens: int) -> Iterator[Path]:
    """A new folder with the tool's files in it, gone afterwards with the tool's caches."""
    with tempfile.TemporaryDirectory(
        prefix=f"benchmark-{tool.name}-", ignore_cleanup_errors=True
    ) as folder:
        tool.write(Path(folder), goldens)
        yield Path(folder)


def variables(tool: Tool, folder: Path, server: Server) -> Mapping[str, str]:
    """An environment of little more than the endpoint: no plugin, key or cache of the user's."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "OPENAI_API_KEY": "sk-benchmark",
        "OPENAI_BASE_URL": f"{server.url}/v1",
        **tool.variables,
    }


def run(
    tool: Tool,
    environment: Environment,
    way: Way,
    *,
    folder: Path,
    server: Server,
    latency_seconds: float,
    faults_seed: int | None = None,
) -> Run:
    """Run the tool once in its project against a server that behaves like this."""
    server.reset(latency_seconds=latency_seconds, faults_seed=faults_seed)
    measured = measure(
        tool.command(environment, way),
        folder=folder,
        variables=variables(tool, folder, server),
    )
    return Run(measured=measured, seen=server.seen(), scored=tool.scored(folder, measured.output))


def last_words(output: str) -> str:
    """The last line that says something, to name why a tool failed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:160] if lines else "no output"
