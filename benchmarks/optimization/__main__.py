"""All methods on all tasks: ``python -m benchmarks.optimization``; see ``benchmarks/README.md``."""

import argparse
import asyncio
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import platformdirs

from benchmarks.environment import NotInstalledError, add_folder_option
from benchmarks.optimization.cells import METHODS, Cell, Grid
from benchmarks.optimization.dspy_peer import DspyPeer
from benchmarks.optimization.engine import Engine
from benchmarks.optimization.outcome import Outcome, Results
from benchmarks.optimization.promptfoo_peer import PromptfooPeer
from benchmarks.optimization.runs import Bench
from benchmarks.optimization.table import markdown
from benchmarks.optimization.tasks import NAMES, TASKS
from pytest_promptopt.client.client import Client, ClientSettings, build_client
from pytest_promptopt.errors import ProviderError, UsageError
from pytest_promptopt.providers.router import Router
from pytest_promptopt.providers.settings import ProviderSettings

_CAPS = (100, 300)
_SEEDS = (0, 1)
_REQUESTS_AT_ONCE = 32
_TIMEOUT_SECONDS = 600.0
_RESULTS = Path("benchmarks/optimization/results.jsonl")


def main() -> None:
    """Run the cells that are not in the results yet, or print the table of those that are."""
    options = _options()
    results = Results(options.out)
    cells = list(_grid(options).cells())
    if options.table:
        wanted = frozenset(cells)
        print(markdown([outcome for outcome in results.read() if outcome.cell in wanted]))
        return
    if not options.data.is_dir():
        sys.exit(f"--data {options.data}: there is no such folder")
    done = {outcome.cell for outcome in results.read()}
    left = [cell for cell in cells if cell not in done]
    print(f"{len(left)} of {len(cells)} cells to run", flush=True)
    engine = _engine(options)
    with engine.running():
        asyncio.run(_run(left, options, engine, results))


async def _run(
    cells: Sequence[Cell], options: argparse.Namespace, engine: Engine, results: Results
) -> None:
    client = _client(options.cache)
    bench = Bench(
        data=options.data,
        provider=client,
        model=engine.model,
        peers={
            "dspy": DspyPeer(folder=options.keep_environments / "dspy"),
            "promptfoo": PromptfooPeer(folder=options.keep_environments / "promptfoo"),
        },
    )
    left = iter(cells)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(options.at_once):
                group.create_task(_work(bench, left, results))
    finally:
        await client.close()


async def _work(bench: Bench, cells: Iterator[Cell], results: Results) -> None:
    """Run cells until there is none left; others may take from the same ones."""
    for cell in cells:
        try:
            outcome = await bench.run(cell)
        except (ProviderError, UsageError, NotInstalledError, FileNotFoundError) as error:
            print(f"{cell.label}: not run: {error}", flush=True)
            continue
        results.append(outcome)
        print(f"{cell.label}: {_summary(outcome)}", flush=True)


def _summary(outcome: Outcome) -> str:
    return (
        f"{100 * outcome.mean:.0f}, {outcome.calls} calls, {outcome.seconds:.0f} s: "
        f"{outcome.reason}"
    )


def _client(cache: Path) -> Client:
    cache.mkdir(parents=True, exist_ok=True)
    return build_client(
        ClientSettings(
            cache_path=cache / "answers.sqlite",
            concurrency=_REQUESTS_AT_ONCE,
            deadline_seconds=2 * _TIMEOUT_SECONDS,
        ),
        Router(ProviderSettings(root=Path.cwd(), timeout_seconds=_TIMEOUT_SECONDS)),
        warn=lambda message: print(message, file=sys.stderr),
        rng=random.Random(),
    )


def _engine(options: argparse.Namespace) -> Engine:
    weights = Path(platformdirs.user_cache_dir("pytest-promptopt")) / "models"
    return Engine(
        folder=options.keep_environments / "engine",
        weights=weights / "qwen2.5-coder-0.5b.gguf",
        port=options.port,
    )


def _grid(options: argparse.Namespace) -> Grid:
    return Grid(
        tasks=options.task or tuple(TASKS),
        methods=options.method or METHODS,
        caps=options.cap or _CAPS,
        seeds=options.seed or _SEEDS,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.optimization", description=__doc__)
    folder = Path(platformdirs.user_cache_dir("pytest-promptopt-benchmarks"))
    add: Any = parser.add_argument
    add("--data", type=Path, default=Path("../shared/data"), help="the folder of the public data")
    add("--task", action="append", choices=NAMES, help="default: those of the plan")
    add("--method", action="append", choices=METHODS, help="default: all")
    add("--cap", action="append", type=int, metavar="CALLS", help=f"default: {_told(_CAPS)}")
    add("--seed", action="append", type=int, metavar="N", help=f"default: {_told(_SEEDS)}")
    add("--at-once", type=int, default=3, metavar="N", help="cells that run side by side")
    add("--port", type=int, default=8124, metavar="N", help="of the engine (%(default)s)")
    add(
        "--out",
        type=Path,
        default=_RESULTS,
        metavar="FILE",
        help="results are added to it, and what it holds is not run again (%(default)s)",
    )
    add("--cache", type=Path, default=folder / "answers", metavar="DIR", help="%(default)s")
    add_folder_option(parser)
    add("--table", action="store_true", help="print the results as Markdown, and run nothing")
    return parser.parse_args()


def _told(values: Sequence[int]) -> str:
    return ", ".join(map(str, values))


if __name__ == "__main__":
    main()
