"""The summary of a run for a terminal."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pytest_promptopt.client.ledger import Tally
from pytest_promptopt.client.retries import Wait
from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.reports import whisker
from pytest_promptopt.reports.summary import (
    INTERVAL,
    against,
    alarms,
    by_need,
    compare_models,
    cost,
    cost_cell,
    decision,
    details,
    duration,
    effort,
    interval_text,
    score_text,
    sum_of_known,
    told_always,
    tone,
)
from pytest_promptopt.reports.table import Column, lay_out
from pytest_promptopt.text.terminal import printable

_INDENT = "    "
_COUNTS = (
    ("passed", Outcome.PASSED, 4),
    ("missed", Outcome.MISSED, 0),
    ("not scored", Outcome.UNSCORED, 2),
    ("errors", Outcome.ERROR, 0),
    ("not run", Outcome.NOT_RUN, 3),
    ("not needed", Outcome.NOT_NEEDED, 4),
)

_LONG_WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and whether it tells of something bad, good, or neither yes nor no."""

    text: str
    is_bad: bool = False
    is_good: bool = False
    is_unsure: bool = False


def render(
    summaries: Iterable[PromptRecord],
    *,
    width: int,
    verbosity: int = 0,
    saved_in: str = "the cache",
) -> Iterator[Line]:
    """A table with a row a prompt, those that need a person first, and under these the details.

    No line is longer than ``width``. With a ``verbosity`` of 1 there are details under every row,
    under 0 there are no rows but of the prompts that need a person, and the total. ``saved_in``
    is where answers were that were not asked for.
    """
    summaries = list(summaries)
    if not summaries:
        return
    ordered = by_need(summaries)
    heading, *rows, total = _table(ordered, width)
    is_quiet, is_alone = verbosity < 0, len(ordered) == 1
    shown = [
        (summary, text)
        for summary, text in zip(ordered, rows, strict=True)
        if summary.fails or not is_quiet or is_alone
    ]
    if shown:
        yield Line(heading)
    for summary, text in shown:
        yield _colored(summary, text)
        is_whole = summary.fails or verbosity > 0
        told = details(summary, has_interval=INTERVAL in heading) if is_whole else ()
        for detail in () if is_quiet else (*told, *told_always(summary)):
            yield from wrapped(detail, width, _INDENT)
    if not is_alone:
        yield Line(total)
    if not is_quiet:
        yield from wrapped(alarms(ordered), width)
        yield from wrapped(effort(ordered, saved_in), width)
        for compared in compare_models(summaries):
            yield Line(compared.heading)
            for text in compared.texts:
                yield from wrapped(text, width, _INDENT)


def _colored(summary: PromptRecord, text: str) -> Line:
    found = tone(summary)
    return Line(text, is_bad=found == "bad", is_good=found == "good", is_unsure=found == "unsure")


def wrapped(text: str, width: int, indent: str = "") -> Iterator[Line]:
    """The text on lines of at most that width, those after the first a little further in."""
    lines = textwrap.wrap(
        text,
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
    )
    yield from map(Line, lines)


def _table(summaries: Sequence[PromptRecord], width: int) -> list[str]:
    """The heading, a row a prompt, and the total."""
    failing = sum(summary.fails for summary in summaries)
    look = f", {failing} to look at" if failing else ""
    names = [" ".join(printable(summary.key).split()) for summary in summaries]
    columns = [*_judged(summaries), *_counted(summaries), *_spent(summaries)]
    prompt = Column(heading="prompt", cells=(*names, f"total{look}"))
    return [*lay_out(prompt, columns, width)]


def _column(heading: str, cells: Iterable[str], total: str = "", rank: int = 0) -> Column:
    return Column(heading=heading, cells=(*cells, total), rank=rank)


def _judged(summaries: Sequence[PromptRecord]) -> Iterator[Column]:
    yield _column("verdict", map(decision, summaries))
    yield _column("score", map(score_text, summaries))
    yield _column(whisker.HEADING, map(whisker.drawn, summaries), rank=7)
    yield _column(INTERVAL, map(interval_text, summaries), rank=5)
    yield _column("Δ base", map(against, summaries), rank=1)


def _counted(summaries: Sequence[PromptRecord]) -> Iterator[Column]:
    """A column for each outcome that goldens had."""
    for heading, outcome, rank in _COUNTS:
        numbers = [summary.counts[outcome] for summary in summaries]
        if any(numbers):
            cells = (f"{number:,}" for number in numbers)
            yield _column(heading, cells, f"{sum(numbers):,}", rank)


def _spent(summaries: Sequence[PromptRecord]) -> Iterator[Column]:
    tokens = [summary.tokens for summary in summaries]
    costs = [summary.cost_usd for summary in summaries]
    yield _column("tokens", (f"{number:,}" for number in tokens), f"{sum(tokens):,}", rank=8)
    yield _column("cost", map(cost_cell, costs), cost_cell(sum_of_known(costs)), rank=6)


def describe_progress(tally: Tally, planned: int, seconds: float) -> tuple[str, ...]:
    """How far the answers have come: count, rate, time left and cost, the foremost first."""
    answers = tally.answered + tally.saved
    parts = [f"{answers}/{planned} answers" if planned else f"{answers} answers"]
    rate = tally.answered / seconds if seconds else 0.0
    if rate:
        parts.append(f"{rate:.1f}/s")
        left = max(planned - answers, 0) / rate
        if left >= 1:
            parts.append(f"{duration(left)} left")
    if tally.answered:
        parts.append(cost(tally.cost_usd))
    return tuple(parts)


def describe_wait(wait: Wait | None, now_seconds: float) -> str:
    """Who has not answered for long, and which try it is; empty where nobody keeps us waiting."""
    waited = now_seconds - wait.since_seconds if wait else 0.0
    if wait is None or waited < _LONG_WAIT_SECONDS:
        return ""
    where = f" at {wait.model.base_url}" if wait.model.base_url else ""
    return f"{wait.model}{where} has not answered for {duration(waited)} (try {wait.attempt})"
