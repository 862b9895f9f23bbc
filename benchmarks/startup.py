"""The cost of the plugin to a pytest run that does not ask for it.

Two runs of one trivial test, with the plugin and without and no other plugin, in turn, so that a
machine whose speed drifts treats both alike. Run it as ``python -m benchmarks.startup``.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAIRS = 20


def main() -> None:
    pairs = timed(PAIRS)
    plain = statistics.median(without for without, _ in pairs)
    extra = statistics.median(with_plugin - without for without, with_plugin in pairs)
    print(f"one trivial test without the plugin: {plain * 1000:.0f} ms (median of {PAIRS})")
    print(f"with the plugin, not asked for: {extra * 1000:+.1f} ms (median of paired differences)")


def timed(count: int) -> list[tuple[float, float]]:
    """Seconds without the plugin and with it, so many times after one that does not count."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pytest.ini").write_text("[pytest]\n")
        Path(folder, "test_one.py").write_text("def test_one(): pass\n")
        return [_pair(folder) for _ in range(count + 1)][1:]


def _pair(folder: str) -> tuple[float, float]:
    return _seconds(folder, without=True), _seconds(folder, without=False)


def _seconds(folder: str, *, without: bool) -> float:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    if not without:
        command += ["-p", "pytest_promptopt.plugin"]
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
