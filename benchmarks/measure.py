"""The cost of a command: wall time, CPU time and memory of its whole process tree."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.05
LONGEST_SECONDS = 600.0

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One finished command. CPU time is that of the tree, as far as its processes were waited for.

    ``peak_rss_bytes`` is the largest sum over the processes of the tree at one moment (pages that
    they share count in each), ``largest_rss_bytes`` the most that any one of them had.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_rss_bytes: int
    largest_rss_bytes: int
    exit_code: int
    output: str

    @property
    def is_cut_off(self) -> bool:
        """Whether it took so long that it was killed."""
        return self.exit_code < 0 and self.wall_seconds >= LONGEST_SECONDS


def measure(command: Sequence[str], *, folder: Path, variables: Mapping[str, str]) -> Measured:
    """Run the command there to its end; its output goes to the file ``output.txt`` beside it."""
    path = folder / "output.txt"
    with path.open("wb") as output:
        started = time.perf_counter()
        process = start(command, folder=folder, variables=variables, output=output.fileno())
        sampler = _Sampler(process.pid)
        timer = threading.Timer(LONGEST_SECONDS, kill_group, (process,))
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.perf_counter() - started
        timer.cancel()
        sampler.stop()
    process.returncode = os.waitstatus_to_exitcode(status)
    return Measured(
        wall_seconds=wall_seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_rss_bytes=sampler.peak_bytes,
        largest_rss_bytes=max(sampler.largest_bytes, usage.ru_maxrss * 1024),
        exit_code=process.returncode,
        output=path.read_text("utf-8", "replace"),
    )


def start(
    command: Sequence[str], *, folder: Path, variables: Mapping[str, str], output: int
) -> subprocess.Popen[bytes]:
    """Start the command as the leader of a process group of its own."""
    return subprocess.Popen(
        command,
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all that it started in its group, as ``kill -9`` does."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class _Sampler:
    """Adds up the resident memory of a process tree every 50 ms, in a thread of its own."""

    def __init__(self, pid: int) -> None:
        self.peak_bytes = 0
        self.largest_bytes = 0
        self._pid = pid
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="memory", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._is_over.wait(SAMPLE_SECONDS):
            sizes = [_rss_bytes(pid) for pid in _tree(self._pid)]
            self.peak_bytes = max(self.peak_bytes, sum(sizes))
            self.largest_bytes = max(self.largest_bytes, *sizes)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                for child in (thread / "children").read_text().split():
                    yield from _tree(int(child))


def _rss_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0
