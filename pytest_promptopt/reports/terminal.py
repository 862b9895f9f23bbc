"""The summary of a run for a terminal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_promptopt.client.ledger import Tally
from pytest_promptopt.evaluation.difference import Difference, difference
from pytest_promptopt.evaluation.evaluation import Evaluation, Outcome, mean_score
from pytest_promptopt.evaluation.gate import Decision, Verdict
from pytest_promptopt.evaluation.listing import listed
from pytest_promptopt.reports.contrast import sentence
from pytest_promptopt.reports.quoting import printable
from pytest_promptopt.reports.summary import CONFIDENCE, GoldenRow, PromptSummary


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
    yield from compare_models(summaries)


def _headline(summary: PromptSummary) -> str:
    counts = summary.counts
    score = summary.evaluation.score
    parts = ["  –  " if score is None else f"{score:.3f}"]
    if summary.verdict is not None:
        parts.append(_decision(summary.verdict))
    parts.append(", ".join(f"{counts[o]} {o.value}" for o in Outcome if counts[o]))
    return "  ".join(parts)


def _decision(verdict: Verdict) -> str:
    lets_through = verdict.passed and verdict.decision is Decision.INCONCLUSIVE
    return f"{verdict.decision} (let through)" if lets_through else str(verdict.decision)


def _details(summary: PromptSummary) -> Iterator[str]:
    yield ", ".join(_effort(summary))
    counts = summary.counts
    answered = len(summary.rows) - counts[Outcome.ERROR] - counts[Outcome.NOT_RUN]
    if answered < len(summary.rows):
        yield f"the score is over the {answered} of {len(summary.rows)} that were answered"
    whole = summary.verdict.score if summary.verdict else None
    if whole is not None and whole != summary.evaluation.score:
        yield f"over all goldens, which the gate counts: {whole:.3f}"
    yield from _spread(summary)
    yield from _parts(summary.evaluation)
    yield from _against_base(summary)
    if summary.verdict is not None:
        yield from (f"gate: {printable(remark)}" for remark in summary.verdict.remarks)
    for cause in summary.causes:
        ids = listed(cause.golden_ids)
        missing = f"{len(cause.golden_ids):,} {cause.outcome.value}"
        yield f"{missing}: {printable(cause.reason)} ({ids})"
    for row in summary.worst(3):
        yield f"worst: {_worst(row)}"
    for note, count in summary.notes.most_common():
        yield f"{count} × {note}"


def _spread(summary: PromptSummary) -> Iterator[str]:
    """How sure the score is, and how much of it is passes."""
    evaluation, interval = summary.evaluation, summary.interval
    if interval is None:
        return
    passed = evaluation.pass_rate
    parts = [f"95 % interval {interval.low:.3f} to {interval.high:.3f}"]
    if passed is not None and passed != evaluation.score:
        parts.append(f"{100 * passed:.0f} % passed")
    if evaluation.agreement is not None:
        parts.append(f"samples agree {100 * evaluation.agreement:.0f} %")
    yield ", ".join(parts)


def _parts(evaluation: Evaluation) -> Iterator[str]:
    """The score by tag and by evaluator, where there is more than one; the largest part first."""
    names = evaluation.evaluators
    groups = {
        "tag": evaluation.by_tag,
        "evaluator": {name: evaluation.by_evaluator(name) for name in names},
    }
    for kind, parts in groups.items():
        shown = [
            f"{printable(name)} {score:.3f} ({len(goldens)})"
            for name, goldens in sorted(parts.items(), key=lambda part: -len(part[1]))
            if (score := mean_score(goldens)) is not None
        ]
        if len(shown) > 1 or (shown and kind == "tag"):
            yield f"by {kind}: {listed(shown)}"


def _against_base(summary: PromptSummary) -> Iterator[str]:
    base = summary.base
    if base is None:
        return
    if base.identical:
        yield f"against {base.label}: it sends the same"
    elif base.remark:
        yield f"against {base.label}: {printable(base.remark)}"
    elif summary.change is None:
        yield f"against {base.label}: no golden has a score on both sides"
    else:
        yield from _change(summary.change, f"against {base.label}: ")
    yield from (f"since {base.label}: {printable(text)}" for text in base.loosened)


def _change(change: Difference, start: str) -> Iterator[str]:
    """The paired difference with its interval, and which goldens changed side."""
    yield f"{start}{change.before:.3f} → {change.after:.3f}, {difference_text(change)}"
    for word, ids in (("fixed", change.fixed), ("broken", change.broken)):
        if ids:
            yield f"{word}: {listed(ids)}"
    if change.unpaired:
        yield f"scored on one side only: {listed(change.unpaired)}"


def difference_text(change: Difference) -> str:
    """The difference with its interval, its p-value and how many goldens changed side."""
    found = change.comparison
    return (
        f"{found.difference:+.3f} (95 % interval {found.interval.low:+.3f} to "
        f"{found.interval.high:+.3f}, p = {found.p_value:.2g}), "
        f"{found.fixed} fixed, {found.broken} broken of {found.pairs}"
    )


def compare_models(summaries: Iterable[PromptSummary]) -> Iterator[Line]:
    """For each prompt that several models answered: these against the first, side by side."""
    prompts: dict[str, list[PromptSummary]] = {}
    for summary in summaries:
        prompts.setdefault(summary.location, []).append(summary)
    for location, models in prompts.items():
        if len(models) > 1:
            first, *others = models
            yield Line(f"{location}: {len(models)} models on the same goldens")
            width = max(len(summary.model) for summary in models)
            yield Line(f"    {first.model:{width}}  {_headline(first)}")
            for other in others:
                yield Line(f"    {other.model:{width}}  {_headline(other)}")
                change = difference(first.evaluation, other.evaluation, confidence=CONFIDENCE)
                if change is not None:
                    lines = _change(change, f"against {first.model}: ")
                    yield from (Line(f"        {text}") for text in lines)


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
    return f"{row.result.golden_id} {score:.2f}, {sentence(row)}"


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
