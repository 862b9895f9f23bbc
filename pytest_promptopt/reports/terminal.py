"""The summary of a run for a terminal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_promptopt.client.ledger import Tally
from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.reports.quoting import excerpt
from pytest_promptopt.reports.summary import GoldenRow, PromptSummary


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and whether it tells of something bad or good."""

    text: str
    is_bad: bool = False
    is_good: bool = False


def render(summaries: Iterable[PromptSummary]) -> Iterator[Line]:
    """For each prompt its score, and under it what it took and what is worth a look."""
    summaries = list(summaries)
    width = max((len(summary.location) for summary in summaries), default=0)
    for summary in summaries:
        verdict = summary.verdict
        yield Line(
            f"{summary.location:{width}}  {_headline(summary)}",
            is_bad=verdict is not None and not verdict.passed,
            is_good=verdict is not None and verdict.passed,
        )
        yield from (Line(f"    {text}") for text in _details(summary))


def _headline(summary: PromptSummary) -> str:
    counts = summary.counts
    score = summary.evaluation.score
    parts = ["  –  " if score is None else f"{score:.3f}"]
    if summary.verdict is not None:
        parts.append("PASS" if summary.verdict.passed else "FAIL")
    parts.append(", ".join(f"{counts[o]} {o.value}" for o in Outcome if counts[o]))
    return "  ".join(parts)


def _details(summary: PromptSummary) -> Iterator[str]:
    yield ", ".join(_effort(summary))
    counts = summary.counts
    answered = len(summary.rows) - counts[Outcome.ERROR] - counts[Outcome.NOT_RUN]
    if answered < len(summary.rows):
        yield f"the score is over the {answered} of {len(summary.rows)} that were answered"
    whole = summary.verdict.score if summary.verdict else None
    if whole is not None and whole != summary.evaluation.score:
        yield f"over all goldens, which the gate counts: {whole:.3f}"
    for row in summary.worst():
        yield f"worst: {_worst(row)}"
    for note, count in summary.notes.most_common():
        yield f"{count} × {note}"


def _effort(summary: PromptSummary) -> Iterator[str]:
    if summary.model:
        yield summary.model
    yield f"{summary.tokens:,} tokens"
    yield cost(summary.cost_usd)
    if summary.mean_latency_seconds is not None:
        yield f"{summary.mean_latency_seconds:.2f} s an answer"
    if summary.saved:
        yield f"{summary.saved} of {len(summary.rows)} from the cache"


def _worst(row: GoldenRow) -> str:
    score = row.result.score or 0.0
    text = f"{row.result.golden_id} {score:.2f}, answered {excerpt(row.answer)}"
    return f"{text}, expected {excerpt(row.expected)}" if row.expected else text


def cost(cost_usd: float | None) -> str:
    """Dollars for a person to read; an unknown price is never shown as 0."""
    if cost_usd is None:
        return "cost unknown"
    return f"${cost_usd:.4f}" if 0 < cost_usd < 0.1 else f"${cost_usd:.2f}"


def describe_progress(tally: Tally, planned: int, seconds: float) -> tuple[str, ...]:
    """How far the answers have come: count, rate, time left and cost, the foremost first."""
    answers = tally.answered + tally.saved
    parts = [f"{answers}/{planned} answers" if planned else f"{answers} answers"]
    rate = tally.answered / seconds if seconds else 0.0
    if rate:
        parts.append(f"{rate:.1f}/s")
        left = max(planned - answers, 0) / rate
        if left >= 1:
            parts.append(f"{_duration(left)} left")
    if tally.answered:
        parts.append(cost(tally.cost_usd))
    return tuple(parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
