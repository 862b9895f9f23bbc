"""All methods on all tasks: ``python -m benchmarks.optimization``; see ``benchmarks/README.md``."""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import platformdirs

from benchmarks.environment import NotInstalledError
from benchmarks.optimization.cells import METHODS, Cell, Grid
from benchmarks.optimization.dspy_peer import DspyPeer
from benchmarks.optimization.outcome import Outcome, Results
from benchmarks.optimization.runs import Bench
from benchmarks.optimization.table import markdown
from benchmarks.optimization.tasks import NAMES
from pytest_promptopt.client.client import Client, ClientSettings, build_client
from pytest_promptopt.errors import ProviderError, UsageError
from pytest_promptopt.providers.router import Router
from pytest_promptopt.providers.settings import ProviderSettings

_SMALL, _LARGE = "local/qwen2.5-coder-0.5b", "local/qwen2.5-coder-1.5b"
_PAIRS = ((_SMALL, _LARGE), (_LARGE, _LARGE))
_CAPS = (100, 300, 800)
_SEEDS = (0, 1, 2)
_TIMEOUT_SECONDS = 600.0
_DIAGNOSIS = {"on": True, "off": False}


def main() -> None:
    """Run the cells that are not in the results yet, or print the table of those that are."""
    options = _options()
    results = Results(options.out)
    if options.table:
        print(markdown(results.read()))
        return
    if not options.data.is_dir():
        sys.exit(f"--data {options.data}: there is no such folder")
    done = {outcome.cell for outcome in results.read()}
    cells = list(_grid(options).cells())
    left = [cell for cell in cells if cell not in done]
    print(f"{len(left)} of {len(cells)} cells to run", flush=True)
    asyncio.run(_run(left, options, results))


async def _run(cells: Sequence[Cell], options: argparse.Namespace, results: Results) -> None:
    client = _client(options.cache)
    bench = Bench(
        data=options.data,
        provider=client,
        peer=DspyPeer(folder=options.keep_environments / "dspy"),
    )
    until = time.monotonic() + 60 * options.minutes
    try:
        for number, cell in enumerate(cells, start=1):
            if time.monotonic() >= until:
                print(f"{len(cells) - number + 1} cells are left for another time")
                return
            print(f"{number}/{len(cells)} {cell.label}", flush=True)
            try:
                outcome = await bench.run(cell)
            except (ProviderError, UsageError, NotInstalledError, FileNotFoundError) as error:
                print(f"  not run: {error}", flush=True)
                continue
            results.append(outcome)
            print(f"  {_summary(outcome)}", flush=True)
    finally:
        await client.close()


def _summary(outcome: Outcome) -> str:
    comparison = outcome.comparison
    interval = comparison.interval
    return (
        f"{comparison.difference:+.2f} [{interval.low:+.2f}, {interval.high:+.2f}], "
        f"{outcome.task_calls} + {outcome.optimizer_calls} calls, {outcome.seconds:.0f} s: "
        f"{outcome.reason}"
    )


def _client(cache: Path) -> Client:
    cache.mkdir(parents=True, exist_ok=True)
    return build_client(
        ClientSettings(cache_path=cache / "answers.sqlite", deadline_seconds=2 * _TIMEOUT_SECONDS),
        Router(ProviderSettings(root=Path.cwd(), timeout_seconds=_TIMEOUT_SECONDS)),
        warn=lambda message: print(message, file=sys.stderr),
        rng=random.Random(),
    )


def _grid(options: argparse.Namespace) -> Grid:
    models: Sequence[tuple[str, str]] = _PAIRS
    if options.task_model or options.optimizer_model:
        tasks, optimizers = options.task_model or (_SMALL,), options.optimizer_model or (_LARGE,)
        models = tuple((task, optimizer) for task in tasks for optimizer in optimizers)
    return Grid(
        tasks=options.task or NAMES,
        methods=options.method or METHODS,
        caps=options.cap or _CAPS,
        seeds=options.seed or _SEEDS,
        models=models,
        diagnosis=[_DIAGNOSIS[name] for name in options.diagnosis or _DIAGNOSIS],
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.optimization",
        description="Runs prompt optimizers; options of a dimension may be repeated.",
    )
    add: Any = parser.add_argument
    folder = Path(platformdirs.user_cache_dir("pytest-promptopt-benchmarks"))
    add("--data", type=Path, default=Path("../shared/data"), help="the folder of the public data")
    add("--task", action="append", choices=NAMES, help="default: all")
    add("--method", action="append", choices=METHODS, help="default: all")
    add("--cap", action="append", type=int, metavar="CALLS", help=f"default: {_told(_CAPS)}")
    add("--seed", action="append", type=int, metavar="N", help=f"default: {_told(_SEEDS)}")
    add("--task-model", action="append", metavar="MODEL", help=f"default: {_SMALL}, {_LARGE}")
    add("--optimizer-model", action="append", metavar="MODEL", help=f"default: {_LARGE}")
    add("--diagnosis", action="append", choices=_DIAGNOSIS, help="default: on, then off")
    add(
        "--minutes",
        type=float,
        default=float("inf"),
        metavar="N",
        help="start no cell after that",
    )
    add(
        "--out",
        type=Path,
        default=Path("benchmarks/optimization/results.jsonl"),
        metavar="FILE",
        help="results are added to it, and what it holds is not run again (%(default)s)",
    )
    add("--cache", type=Path, default=folder / "answers", metavar="DIR", help="%(default)s")
    add(
        "--keep-environments",
        type=Path,
        default=folder,
        metavar="DIR",
        help="where dspy is installed (%(default)s)",
    )
    add("--table", action="store_true", help="print the results as Markdown, and run nothing")
    return parser.parse_args()


def _told(values: Sequence[int]) -> str:
    return ", ".join(map(str, values))


if __name__ == "__main__":
    main()
