"""The client against its field: ``python -m benchmarks.client``; see ``benchmarks/README.md``."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.compare import Comparison, compare
from benchmarks.environment import add_folder_option
from benchmarks.faults import Faults, meet_faults
from benchmarks.figures import figures
from benchmarks.installed import Installed, install
from benchmarks.kill import Kills, kill_and_rerun
from benchmarks.machine import describe_machine
from benchmarks.peers import TOOLS
from benchmarks.peers.ours import Ours
from benchmarks.scale import Scale, scale
from benchmarks.server import Server

SECTIONS = {
    "compare": "The same goldens through every tool",
    "scale": "Ours alone: very many goldens without a model",
    "faults": "Faults",
    "kill": "kill -9 and rerun",
}
SCALES = (2_000, 10_000, 20_000)

Result = Comparison | Scale | Faults | Kills


def main() -> None:
    """Print the tables of the sections asked for."""
    options = _options()
    print(describe_machine(), flush=True)
    print(f"run      {options.goldens} goldens, {1000 * options.latency:g} ms latency", flush=True)
    installed = install(options.keep_environments, options.only)
    for name, reason in installed.skipped.items():
        print(f"skipped  {name}: {reason}", flush=True)
    results: dict[str, Result] = {}
    with Server() as server:
        for section in options.sections:
            print(f"\n## {SECTIONS[section]}\n", flush=True)
            result = _section(section, options, installed, server)
            if result is None:
                print("ours is needed for this, and is not among --only or failed to install")
                continue
            results[section] = result
            print(result, flush=True)
    if options.json:
        written = {
            "machine": describe_machine().splitlines(),
            "goldens": options.goldens,
            "latency_seconds": options.latency,
            "skipped": installed.skipped,
            **{section: figures(result) for section, result in results.items()},
        }
        options.json.write_text(json.dumps(written, indent=1) + "\n", "utf-8")


def _section(
    section: str, options: argparse.Namespace, installed: Installed, server: Server
) -> Result | None:
    if section == "compare":
        return compare(installed, server, goldens=options.goldens, latency_seconds=options.latency)
    if section == "faults":
        return meet_faults(
            installed, server, goldens=options.goldens, latency_seconds=options.latency
        )
    ours = installed.environments.get(Ours.name)
    if ours is None:
        return None
    if section == "scale":
        return scale(ours, counts=options.scales)
    return kill_and_rerun(
        ours,
        server,
        kills=options.kills,
        goldens=2 * options.goldens,
        latency_seconds=options.latency,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.client", description=__doc__)
    add: Any = parser.add_argument
    add("--goldens", type=int, default=500, metavar="N", help="goldens of a run (%(default)s)")
    add("--latency", type=float, default=0.2, metavar="S", help="seconds an answer takes")
    add(
        "--only",
        type=_names([tool.name for tool in TOOLS]),
        default=[tool.name for tool in TOOLS],
        metavar="TOOL,…",
        help="of " + ", ".join(tool.name for tool in TOOLS),
    )
    add(
        "--sections",
        type=_names(list(SECTIONS)),
        default=list(SECTIONS),
        metavar="SECTION,…",
        help="of " + ", ".join(SECTIONS),
    )
    add("--kills", type=int, default=20, metavar="N", help="kills (%(default)s)")
    add(
        "--scales",
        type=lambda text: tuple(map(int, text.split(","))),
        default=SCALES,
        metavar="N,…",
        help="goldens of the section scale",
    )
    add_folder_option(parser)
    add("--json", type=Path, metavar="FILE", help="write everything that was measured, too")
    return parser.parse_args()


def _names(known: Sequence[str]) -> Any:
    def names(text: str) -> list[str]:
        wanted = text.split(",")
        unknown = [name for name in wanted if name not in known]
        if unknown:
            expected = ", ".join(known)
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; one of {expected}")
        return [name for name in known if name in wanted]

    return names


if __name__ == "__main__":
    main()
