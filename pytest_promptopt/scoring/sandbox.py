"""A sandbox for Python that a model wrote: no files, no network, no environment, and not for long.

It is sandlock's (Landlock and seccomp), around a process of its own: nothing of it runs in ours.
"""

import json
import os
import secrets
import sys
import sysconfig
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

_MOST_MEMORY = "512M"
_MOST_PROCESSES = 8
_MOST_FILES = 64
_MOST_TOLD = 4_096
_SHOWN = 300
# Runs what stands on the first line of its input, each part by itself so that it counts its own
# lines. What is printed goes nowhere, and what it says of itself ends with a word that it could not
# know when it was written.
_RUNNER = f"""
import json, os, sys
task = json.loads(sys.stdin.readline())
told = os.fdopen(os.dup(1), "w")
nowhere = os.open(os.devnull, os.O_RDWR)
for number in (0, 1, 2):
    os.dup2(nowhere, number)
space = {{"__name__": "answer"}}
try:
    for name, text in task["parts"].items():
        exec(compile(text, name, "exec"), space)
except BaseException as error:
    place, trace = "", error.__traceback__
    while trace:
        file = trace.tb_frame.f_code.co_filename
        place = f"{{file}}:{{trace.tb_lineno}}" if file in task["parts"] else place
        trace = trace.tb_next
    told.write(json.dumps([type(error).__name__, str(error)[:{_SHOWN}], place]))
else:
    told.write(json.dumps(task["word"]))
told.flush()
os._exit(0)
"""


class NoSandboxError(Exception):
    """Nothing can be run safely here; says why."""


class Ran(NamedTuple):
    """How it went: ``problem`` is empty where everything ran to its end."""

    problem: str = ""


def run_python(parts: Mapping[str, str], *, seconds: float) -> Ran:
    """Run the named parts one after the other in one process; raises :class:`NoSandboxError`.

    They see the standard library and nothing else of this machine. A problem names part and line.
    """
    sandlock = _sandlock()
    word = secrets.token_hex(16)
    task = json.dumps({"parts": parts, "word": word}).encode() + b"\n"
    box = sandlock.Sandbox(
        fs_readable=[*_readable()],
        fs_writable=[os.devnull],
        fs_denied=[*_denied()],
        clean_env=True,
        max_memory=_MOST_MEMORY,
        max_processes=_MOST_PROCESSES,
        max_open_files=_MOST_FILES,
        no_coredump=True,
    )
    piped, null = sandlock.StdioMode.PIPED, sandlock.StdioMode.NULL
    command = [_python(), "-I", "-S", "-c", _RUNNER]
    late = threading.Event()
    try:
        with box.popen(command, stdin=piped, stdout=piped, stderr=null) as process:

            def end() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(seconds, end)
            timer.start()
            try:
                told = _exchange(process, task)
            finally:
                timer.cancel()
                process.kill()
    except (sandlock.SandlockError, RuntimeError, OSError) as error:
        raise NoSandboxError(f"the sandbox did not start: {error}") from error
    if late.is_set():
        return Ran(f"was not done after {seconds:g} s")
    return _read(told, word)


def _exchange(process: Any, task: bytes) -> bytes:
    try:
        process.stdin.write(task)
        process.stdin.close()
    except BrokenPipeError:
        return b""
    told: bytes = process.stdout.read(_MOST_TOLD)
    return told


def _read(told: bytes, word: str) -> Ran:
    try:
        said = json.loads(told)
    except ValueError:
        return Ran("ended before its tests did")
    if said == word:
        return Ran()
    match said:
        case [str(kind), str(message), str(place)]:
            what = f"{kind}: {message}" if message else kind
            return Ran((f"{what} ({place})" if place else what)[: 2 * _SHOWN])
    return Ran("ended before its tests did")


def _sandlock() -> Any:
    try:
        import sandlock
    except ModuleNotFoundError:
        need = 'pip install "pytest-promptopt[sandbox]"'
        raise NoSandboxError(f"no sandbox is installed (on Linux: {need})") from None
    found, least = sandlock.landlock_abi_version(), sandlock.min_landlock_abi()
    if found < least:
        raise NoSandboxError(
            f"this kernel cannot confine a process: Landlock {max(found, 0)}, at least {least} "
            "is needed (Linux 6.12)"
        )
    return sandlock


def _python() -> str:
    """The interpreter without the virtual environment around it."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def _libraries() -> Iterator[Path]:
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    for name in ("stdlib", "platstdlib"):
        yield Path(sysconfig.get_path(name, vars={**base, "installed_base": sys.base_prefix}))
    yield Path(sys.base_prefix) / "lib"


def _readable() -> Iterator[str]:
    system = (Path(path) for path in ("/lib", "/lib64", "/usr/lib", "/etc/ld.so.cache"))
    for path in {*_libraries(), *system, Path("/dev/urandom"), Path(_python())}:
        if path.exists():
            yield str(path)


def _denied() -> Iterator[str]:
    """Where other packages are, ours among them."""
    for library in {*_libraries(), Path("/usr/lib/python3"), Path("/usr/local/lib")}:
        for found in (library, *library.glob("python3*")):
            for name in ("site-packages", "dist-packages"):
                if (found / name).is_dir():
                    yield str(found / name)
