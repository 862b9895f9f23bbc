"""The machine that the figures are of."""

import datetime
import os
import platform
from pathlib import Path


def describe_machine() -> str:
    """Date, processor, cores, memory, load, system and Python, on one line each."""
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    load = ", ".join(f"{average:.2f}" for average in os.getloadavg())
    return "\n".join(
        (
            f"date     {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC",
            f"machine  {_processor()}, {os.cpu_count()} cores, {memory_bytes / 1e9:.0f} GB",
            f"load     {load} (1, 5 and 15 minutes)",
            f"system   {platform.system()} {platform.release()}",
            f"python   {platform.python_implementation()} {platform.python_version()}",
        )
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
