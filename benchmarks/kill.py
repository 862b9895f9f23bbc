"""The answers that had arrived and are paid for again after ``kill -9``.

The whole process group is killed at a random moment between the first request and the last
answer, then the same command runs again with the same cache. An answer counts as arrived from the
moment in which the server had handed it whole to the system. The last answers before the kill may
still have lain there unread, so those of the last 50 ms are counted apart.
"""

import random
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environment import Environment
from benchmarks.measure import kill_group, start
from benchmarks.peers.ours import Ours
from benchmarks.peers.tool import Way
from benchmarks.project import project, run, variables
from benchmarks.server import Server
from benchmarks.table import table

CONCURRENCY = 200
GRACE_SECONDS = 0.05
SEED = 20_261_121

# Slow answers, or the machine's speed instead of the concurrency decides how many are in flight.
LATENCY_FACTOR = 4

_POLL_SECONDS = 0.01
_FIRST_REQUEST_SECONDS = 60.0
_WAY = Way(
    name=f"--prompt-concurrency {CONCURRENCY}",
    arguments=("--prompt-concurrency", str(CONCURRENCY)),
)
_HEADS = (
    "kill", "at s", "asked", "in flight", "arrived", "asked again", "of older than grace",
    "oldest ms", "rerun sent", "rerun scored",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One kill with its rerun.

    ``unread_ages`` are the ages, in seconds at the kill, of the answers that had arrived and were
    asked for again. ``twice_in_rerun`` counts questions that the rerun alone sent more than once.
    """

    at_seconds: float
    asked: int
    in_flight: int
    arrived: int
    unread_ages: tuple[float, ...]
    rerun_sent: int
    rerun_scored: int
    twice_in_rerun: int

    @property
    def lost(self) -> int:
        """Answers that were asked again although they had arrived before the grace."""
        return sum(age >= GRACE_SECONDS for age in self.unread_ages)

    def cells(self, number: int) -> tuple[str, ...]:
        """The kill as a row of text."""
        return (
            str(number),
            f"{self.at_seconds:.2f}",
            str(self.asked),
            str(self.in_flight),
            str(self.arrived),
            str(len(self.unread_ages)),
            str(self.lost),
            f"{1000 * max(self.unread_ages, default=0.0):.0f}",
            str(self.rerun_sent),
            str(self.rerun_scored),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kills:
    """All kills of runs with that many goldens."""

    goldens: int
    kills: tuple[Kill, ...]

    def __str__(self) -> str:
        rows = [kill.cells(number) for number, kill in enumerate(self.kills, start=1)]
        again = sum(len(kill.unread_ages) for kill in self.kills)
        lost = sum(kill.lost for kill in self.kills)
        arrived = sum(kill.arrived for kill in self.kills)
        complete = sum(kill.rerun_scored == self.goldens for kill in self.kills)
        most = max(kill.in_flight for kill in self.kills)
        twice = sum(kill.twice_in_rerun for kill in self.kills)
        return (
            f"{table(_HEADS, rows)}\n"
            f"{len(self.kills)} kills of {self.goldens} goldens at {_WAY.name}: {arrived} answers "
            f"had arrived, {again} of them were asked again,\n"
            f"{lost} of these had arrived {1000 * GRACE_SECONDS:.0f} ms or more before the kill; "
            f"{twice} questions were sent twice by one rerun;\n"
            f"at most {most} requests were in flight at a kill; "
            f"{complete} of {len(self.kills)} reruns scored every golden"
        )


def kill_and_rerun(
    environment: Environment, server: Server, *, kills: int, goldens: int, latency_seconds: float
) -> Kills:
    """Kill that many runs, each in a project of its own, and rerun each."""
    latency_seconds *= LATENCY_FACTOR
    rng = random.Random(SEED)
    whole_seconds = _whole_seconds(environment, server, goldens, latency_seconds)
    return Kills(
        goldens=goldens,
        kills=tuple(
            _kill(environment, server, goldens, latency_seconds, rng.uniform(0.0, whole_seconds))
            for _ in range(kills)
        ),
    )


def _whole_seconds(
    environment: Environment, server: Server, goldens: int, latency_seconds: float
) -> float:
    """From the first request to the last answer where nobody is killed; the faster of two runs."""
    seconds = []
    for _ in range(2):
        with project(Ours(), goldens) as folder:
            process, began_at = _begin(environment, server, folder, latency_seconds)
            process.wait()
            seconds.append(server.seen().last_at - began_at)
    return min(seconds)


def _kill(
    environment: Environment,
    server: Server,
    goldens: int,
    latency_seconds: float,
    at_seconds: float,
) -> Kill:
    with project(Ours(), goldens) as folder:
        process, began_at = _begin(environment, server, folder, latency_seconds)
        time.sleep(max(0.0, began_at + at_seconds - time.monotonic()))
        before = server.seen()
        killed_at = time.monotonic()
        kill_group(process)
        process.wait()
        arrived = {question: at for question, at in server.answered().items() if at <= killed_at}
        rerun = run(
            Ours(), environment, _WAY, folder=folder, server=server,
            latency_seconds=latency_seconds,
        )  # fmt: skip
        asked = server.asked()
    return Kill(
        at_seconds=at_seconds,
        asked=before.requests,
        in_flight=before.in_flight,
        arrived=len(arrived),
        unread_ages=_ages(arrived, set(asked), killed_at),
        rerun_sent=len(asked),
        rerun_scored=rerun.scored,
        twice_in_rerun=len(asked) - len(set(asked)),
    )


def _ages(
    arrived: Mapping[str, float], asked_again: set[str], killed_at: float
) -> tuple[float, ...]:
    return tuple(
        round(killed_at - at, 4) for question, at in arrived.items() if question in asked_again
    )


def _begin(
    environment: Environment, server: Server, folder: Path, latency_seconds: float
) -> tuple[subprocess.Popen[bytes], float]:
    """Start a run; the process and when its first request was seen."""
    server.reset(latency_seconds=latency_seconds)
    tool = Ours()
    process = start(
        tool.command(environment, _WAY),
        folder=folder,
        variables=variables(tool, folder, server),
        output=subprocess.DEVNULL,
    )
    give_up_at = time.monotonic() + _FIRST_REQUEST_SECONDS
    while not server.seen().requests and process.poll() is None:
        if time.monotonic() > give_up_at:
            kill_group(process)
            raise TimeoutError(f"no request within {_FIRST_REQUEST_SECONDS:g} s")
        time.sleep(_POLL_SECONDS)
    return process, time.monotonic()
