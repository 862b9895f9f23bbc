"""The results as Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean

from benchmarks.optimization.cells import METHODS
from benchmarks.optimization.outcome import Outcome, compare_scores
from benchmarks.optimization.tasks import NAMES

_LEGEND = """\
*before* and *after* are test accuracies in per cent, on goldens that no search saw. A \
column is a cap on calls, and holds *after*, the gain with its 95 % interval in brackets (paired \
by golden, a golden's score being its mean over the seeds; the tasks are taken as given), and all \
calls spent, of task and optimizer model, mean over the runs. `given` and `contract` have no cap \
and stand in every column."""


def markdown(outcomes: Sequence[Outcome]) -> str:
    """A section for each pair of models: averages over the tasks, then every task."""
    if not outcomes:
        return "No results yet."
    parts = [_head(outcomes), _LEGEND]
    pairs = [o.cell.models for o in outcomes if o.cell.optimizer_model is not None]
    for models in dict.fromkeys(pairs or [o.cell.models for o in outcomes]):
        task_model = models.partition(" / ")[0]
        own = [o for o in outcomes if o.cell.models in (models, task_model)]
        parts += [f"## {models}", "### All tasks", _averages(own)]
        parts += ["### Task by task", _tasks(own)]
    return "\n\n".join(parts)


def _head(outcomes: Sequence[Outcome]) -> str:
    dates = sorted({outcome.date for outcome in outcomes})
    seeds = {outcome.cell.seed for outcome in outcomes}
    days = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    machines = ", ".join(sorted({outcome.machine for outcome in outcomes}))
    return (
        f"{days}, {machines}; {len(outcomes)} cells, {len(seeds)} "
        f"seed{'' if len(seeds) == 1 else 's'}; models as task model / optimizer model."
    )


def _averages(outcomes: Sequence[Outcome]) -> str:
    caps = _caps(outcomes)
    rows = []
    for way in _ways(outcomes):
        cells = [_average_cell(_at(outcomes, way, cap)) for cap in caps]
        rows.append([way, *cells])
    return _table(["method", *(f"{cap} calls" for cap in caps)], rows)


def _tasks(outcomes: Sequence[Outcome]) -> str:
    caps = _caps(outcomes)
    rows = []
    for task in sorted({o.cell.task for o in outcomes}, key=NAMES.index):
        own = [outcome for outcome in outcomes if outcome.cell.task == task]
        for way in _ways(own):
            before = _percent(fmean(own[0].before))
            cells = [_task_cell(_at(own, way, cap)) for cap in caps]
            rows.append([task, way, before, *cells])
    return _table(["task", "method", "before", *(f"{cap} calls" for cap in caps)], rows)


def _average_cell(outcomes: Sequence[Outcome]) -> str:
    if not outcomes:
        return "–"
    tasks = {outcome.cell.task for outcome in outcomes}
    return f"{_task_cell(outcomes)}; tasks: {len(tasks)}, runs: {len(outcomes)}"


def _task_cell(outcomes: Sequence[Outcome]) -> str:
    return f"{_gained(outcomes)}, {_calls(outcomes)}" if outcomes else "–"


def _gained(outcomes: Sequence[Outcome]) -> str:
    """Accuracy after, and the gain; each task weighs by its test goldens, which are as many."""
    before: list[float] = []
    after: list[float] = []
    for task in dict.fromkeys(outcome.cell.task for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome.cell.task == task]
        before += _mean_scores(outcome.before for outcome in own)
        after += _mean_scores(outcome.after for outcome in own)
    if not any(outcome.is_changed for outcome in outcomes):
        return f"{_percent(fmean(after))} (unchanged)"
    found = compare_scores(before, after)
    low, high = found.interval.low, found.interval.high
    gain = f"{_signed(found.difference)} [{_signed(low)}, {_signed(high)}]"
    return f"**{_percent(fmean(after))}** ({gain})"


def _mean_scores(scores: Iterable[Sequence[float]]) -> Iterator[float]:
    """The mean of each golden over the runs."""
    return map(fmean, zip(*scores, strict=True))


def _calls(outcomes: Sequence[Outcome]) -> str:
    return f"{fmean(outcome.calls for outcome in outcomes):.0f} calls"


def _at(outcomes: Sequence[Outcome], way: str, cap: int) -> list[Outcome]:
    return [o for o in outcomes if o.cell.way == way and o.cell.cap in (cap, None)]


def _caps(outcomes: Sequence[Outcome]) -> list[int]:
    return sorted({o.cell.cap for o in outcomes if o.cell.cap is not None}) or [0]


def _ways(outcomes: Sequence[Outcome]) -> list[str]:
    """In the order of the methods, with the diagnosis before without."""
    cells = {outcome.cell.way: outcome.cell for outcome in outcomes}
    return sorted(
        cells, key=lambda way: (METHODS.index(cells[way].method), not cells[way].diagnosis)
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def _signed(share: float) -> str:
    return f"{100 * share:+.0f}".replace("-", "−")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = (heads, ["---"] * len(heads), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
