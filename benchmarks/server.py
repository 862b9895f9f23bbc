"""The endpoint that everybody is measured against, in a process of its own.

Its CPU time is then nobody's, and it is told what to do and asked what it saw over its pipes: a
line of JSON each way.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from pytest_promptopt.testing import Received, Reply, WireServer
from pytest_promptopt.testing.wire import Behaviour

TOO_MANY_SHARE = 0.10
BROKEN_SHARE = 0.05
WAITS_SECONDS = (0.1, 1.0)

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the server saw since the last reset; ``last_at`` is when it last answered."""

    requests: int
    max_in_flight: int
    in_flight: int
    last_at: float


class Server:
    """The parent's handle on the process; a context manager that is up while it is entered."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url: str = self._read()["url"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def reset(self, *, latency_seconds: float, faults_seed: int | None = None) -> None:
        """Forget what was seen and behave like this from now on."""
        self._tell({"do": "reset", "latency_seconds": latency_seconds, "seed": faults_seed})

    def seen(self) -> Seen:
        """The counts now."""
        return Seen(**self._tell({"do": "seen"}))

    def answered(self) -> dict[str, float]:
        """The questions whose answer was written whole, and when (monotonic clock, seconds)."""
        answered: dict[str, float] = self._tell({"do": "answered"})["answered"]
        return answered

    def asked(self) -> list[str]:
        """All questions in order of arrival."""
        asked: list[str] = self._tell({"do": "asked"})["asked"]
        return asked

    def _tell(self, order: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def answer(received: Received) -> Reply:
    """The answer that a golden expects: ``answer 17`` to a question with a 17 in it."""
    number = _NUMBER.search(received.question)
    return Reply(text=f"answer {number[0]}" if number else "no number in the question")


def faulty(rng: random.Random) -> Behaviour:
    """10 % 429 with a ``Retry-After``, 5 % 500, else the answer."""

    def behave(received: Received) -> Reply:
        drawn = rng.random()
        if drawn < TOO_MANY_SHARE:
            wait_seconds = rng.uniform(*WAITS_SECONDS)
            # Both, as OpenAI sends them: some read only one, or only whole seconds.
            headers = {
                "retry-after-ms": f"{1000 * wait_seconds:.0f}",
                "retry-after": f"{wait_seconds:.2f}",
            }
            return Reply(status=429, headers=headers, message="slow down")
        if drawn < TOO_MANY_SHARE + BROKEN_SHARE:
            return Reply(status=500, message="broken")
        return answer(received)

    return behave


def main() -> None:
    """Serve until standard input ends."""
    argparse.ArgumentParser(prog="python -m benchmarks.server", description=__doc__).parse_args()
    with WireServer(answer) as server:
        print(json.dumps({"url": server.url}), flush=True)
        for line in sys.stdin:
            print(json.dumps(_obey(server, json.loads(line))), flush=True)


def _obey(server: WireServer, order: Mapping[str, Any]) -> dict[str, Any]:
    if order["do"] == "reset":
        while server.in_flight:  # answers to clients that are gone; they go by request number
            time.sleep(0.01)
        server.received.clear()
        server.answered_at.clear()
        server.max_in_flight = server.in_flight
        server.latency_seconds = order["latency_seconds"]
        seed = order["seed"]
        server.behaviour = answer if seed is None else faulty(random.Random(seed))
        return {}
    if order["do"] == "seen":
        return {
            "requests": len(server.received),
            "max_in_flight": server.max_in_flight,
            "in_flight": server.in_flight,
            "last_at": max(tuple(server.answered_at.values()), default=0.0),
        }
    if order["do"] == "answered":
        answered_at = dict(server.answered_at)
        return {
            "answered": {server.received[number].question: at for number, at in answered_at.items()}
        }
    return {"asked": [received.question for received in server.received]}


if __name__ == "__main__":
    main()
