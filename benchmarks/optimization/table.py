"""The results as Markdown, compared as the plan says."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean, quantiles

from benchmarks.optimization.cells import METHODS, OURS
from benchmarks.optimization.outcome import Outcome, compare_scores
from benchmarks.optimization.tasks import NAMES, TASKS, TUNED

_RESAMPLES = 10_000
_PERCENTILES = 40
"""Parts of 2.5 % each."""

_LEGEND = """\
*held out* is the mean over the tasks of the score on test goldens that no search saw, in per \
cent, and *against race* its difference from `race` on the same tasks, with a 95 % interval by \
bootstrap over the tasks. *worse* counts the tasks on which a method is significantly below the \
given prompt (paired by golden, 95 %). Calls and tokens are those of a search, task and optimizer \
model together, mean over the runs. A task counts once all its seeds are there."""

Scores = Mapping[str, Sequence[float]]
"""Of a method: the test goldens' means over the seeds, by task."""


def markdown(outcomes: Sequence[Outcome]) -> str:
    """A section for each cap: all methods over all tasks, then every task."""
    if not outcomes:
        return "No results yet."
    parts = [_head(outcomes), _LEGEND]
    for cap in _caps(outcomes):
        own = [outcome for outcome in outcomes if outcome.cell.cap in (cap, None)]
        runs = {m: [o for o in own if o.cell.method == m] for m in METHODS}
        known = {method: _scores(found) for method, found in runs.items() if found}
        parts += [f"## {cap} calls", _methods(known, runs), _tasks(known)]
    return "\n\n".join(parts)


def _head(outcomes: Sequence[Outcome]) -> str:
    dates = sorted({outcome.date for outcome in outcomes})
    days = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    machines = ", ".join(sorted({outcome.machine for outcome in outcomes}))
    return f"{days}, {machines}; {len(outcomes)} cells."


def _scores(runs: Sequence[Outcome]) -> Scores:
    seeds = {outcome.cell.seed for outcome in runs}
    found = {}
    for task in sorted({outcome.cell.task for outcome in runs}, key=NAMES.index):
        own = [outcome.after for outcome in runs if outcome.cell.task == task]
        if len(own) == len(seeds):
            found[task] = list(map(fmean, zip(*own, strict=True)))
    return found


def _methods(known: Mapping[str, Scores], runs: Mapping[str, Sequence[Outcome]]) -> str:
    ours, given = known.get(OURS[0], {}), known.get("given", {})
    rows = [
        [
            f"`{method}`",
            str(len(scores)),
            _percent(_mean(scores.values())),
            "" if method in OURS else _behind(scores, ours),
            str(len(list(_worse(scores, given)))),
            f"{fmean(o.calls for o in runs[method]):.0f}",
            f"{fmean(o.input_tokens + o.output_tokens for o in runs[method]):,.0f}",
            f"{fmean(o.seconds for o in runs[method]):.0f}",
        ]
        for method, scores in known.items()
        if scores
    ]
    heads = ["method", "tasks", "held out", "against race", "worse", "calls", "tokens", "seconds"]
    return _table(heads, rows)


def _behind(scores: Scores, ours: Scores) -> str:
    """The mean difference over the tasks of both, and its interval."""
    differences = [fmean(scores[task]) - fmean(ours[task]) for task in scores if task in ours]
    if len(differences) < 2:
        return "–"
    rng = random.Random(0)
    means = [fmean(rng.choices(differences, k=len(differences))) for _ in range(_RESAMPLES)]
    cuts = quantiles(means, n=_PERCENTILES)
    return f"{_signed(fmean(differences))} [{_signed(cuts[0])}, {_signed(cuts[-1])}]"


def _worse(scores: Scores, given: Scores) -> Iterator[str]:
    """The tasks on which a method harms."""
    for task, after in scores.items():
        if task in given and compare_scores(given[task], after).interval.high < 0:
            yield task


def _tasks(known: Mapping[str, Scores]) -> str:
    tasks = sorted({task for scores in known.values() for task in scores}, key=NAMES.index)
    methods = [method for method, scores in known.items() if scores]
    rows = [
        [
            task,
            _kind(task),
            *(_percent(_mean([known[m][task]])) if task in known[m] else "–" for m in methods),
        ]
        for task in tasks
    ]
    return _table(["task", "kind", *(f"`{method}`" for method in methods)], rows)


def _kind(task: str) -> str:
    known = (TASKS | TUNED).get(task)
    return known.kind if known else ""


def _mean(scores: Iterable[Sequence[float]]) -> float:
    return fmean(map(fmean, scores))


def _caps(outcomes: Sequence[Outcome]) -> list[int]:
    return sorted({o.cell.cap for o in outcomes if o.cell.cap is not None}) or [0]


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def _signed(share: float) -> str:
    return f"{100 * share:+.0f}".replace("-", "−")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = (heads, ["---"] * len(heads), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
