"""The cost of loading a prompt to an application that starts.

Two fresh processes in turn, one that imports a YAML reader and one that loads a prompt, so that a
machine whose speed drifts treats both alike. Run it as ``python -m benchmarks.runtime``.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

PAIRS = 20
PROMPT = "ticket_routing"
IMPORT = "import yaml"
LOAD = f"from pytest_promptopt import load_prompt; load_prompt({PROMPT!r}, folder='prompts')"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = [[_seconds(code, folder) for code in ("", IMPORT, LOAD)] for _ in range(PAIRS + 1)]
    bare, reader, loaded = ([run[kind] for run in runs[1:]] for kind in range(3))
    print(f"an empty program: {_milliseconds(bare):.0f} ms (median of {PAIRS})")
    print(f"import yaml: {_extra(reader, bare):+.1f} ms (median of paired differences)")
    print(f"load_prompt: {_extra(loaded, bare):+.1f} ms")


def _milliseconds(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000


def _extra(seconds: list[float], without: list[float]) -> float:
    return _milliseconds([a - b for a, b in zip(seconds, without, strict=True)])


def _seconds(code: str, bytecode: str) -> float:
    """How long the program takes with its bytecode at hand, as an installed package has it."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
