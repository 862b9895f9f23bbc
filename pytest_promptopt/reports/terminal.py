"""The summary of a run for a terminal."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pytest_promptopt.client.ledger import Tally
from pytest_promptopt.client.retries import Wait
from pytest_promptopt.evaluation.difference import Difference, difference
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome, mean_score
from pytest_promptopt.evaluation.gate import Decision, Verdict
from pytest_promptopt.evaluation.listing import counted, listed
from pytest_promptopt.evaluation.record import CONFIDENCE, PromptRecord
from pytest_promptopt.reports.contrast import sentence
from pytest_promptopt.reports.table import Column, lay_out
from pytest_promptopt.text.tags import quoted
from pytest_promptopt.text.terminal import printable

_WORST_SHOWN = 3
_INDENT = "    "
_FEWEST_TO_LEAN, _LEANING = 10, 0.1
_INTERVAL = "95 % interval"
_COUNTS = (
    ("passed", Outcome.PASSED, 4),
    ("missed", Outcome.MISSED, 0),
    ("not scored", Outcome.UNSCORED, 2),
    ("errors", Outcome.ERROR, 0),
    ("not run", Outcome.NOT_RUN, 3),
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
    ordered = sorted(summaries, key=_rank)
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
        details = _details(summary, has_interval=_INTERVAL in heading) if is_whole else ()
        for detail in () if is_quiet else (*details, *_told_always(summary)):
            yield from _wrapped(detail, width, _INDENT)
    if not is_alone:
        yield Line(total)
    if not is_quiet:
        yield from _wrapped(_effort(ordered, saved_in), width)
        yield from compare_models(summaries, width)


def _rank(summary: PromptRecord) -> int:
    is_inconclusive = summary.verdict and summary.verdict.decision is Decision.INCONCLUSIVE
    return (1 if is_inconclusive else 0) if summary.fails else 2


def _colored(summary: PromptRecord, text: str) -> Line:
    verdict = summary.verdict
    if verdict is not None and verdict.decision is Decision.INCONCLUSIVE:
        return Line(text, is_unsure=True)
    return Line(text, is_bad=summary.fails, is_good=not summary.fails)


def _wrapped(text: str, width: int, indent: str = "") -> Iterator[Line]:
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
    yield _column("verdict", map(_decision, summaries))
    yield _column("score", map(_score, summaries))
    yield _column(_INTERVAL, map(_interval, summaries), rank=5)
    yield _column("Δ base", map(_against, summaries), rank=1)


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
    yield _column("tokens", (f"{number:,}" for number in tokens), f"{sum(tokens):,}", rank=7)
    yield _column("cost", map(_cost, costs), _cost(sum_of_known(costs)), rank=6)


def _decision(summary: PromptRecord) -> str:
    """The gate's verdict; in small letters what became of a prompt without one."""
    verdict = summary.verdict
    if verdict is None and summary.has_gate and not summary.fails:
        return "–"
    if verdict is None or (summary.fails and verdict.passed):
        return "failed" if summary.fails else "passed"
    return "let through" if _is_let_through(verdict) else str(verdict.decision)


def _is_let_through(verdict: Verdict) -> bool:
    return verdict.passed and verdict.decision is Decision.INCONCLUSIVE


def _score(summary: PromptRecord) -> str:
    score = summary.evaluation.score
    return "–" if score is None else f"{score:.3f}"


def _interval(summary: PromptRecord) -> str:
    found = summary.interval
    return "" if found is None else f"{found.low:.3f} to {found.high:.3f}"


def _against(summary: PromptRecord) -> str:
    if summary.base is None:
        return ""
    if summary.base.identical:
        return "same"
    change = summary.change
    return "–" if change is None else f"{change.after - change.before:+.3f}"


def _cost(cost_usd: float | None) -> str:
    return "unknown" if cost_usd is None else cost(cost_usd)


def _details(summary: PromptRecord, *, has_interval: bool) -> Iterator[str]:
    """What to say of a prompt that needs a person; the interval where the table does not."""
    verdict = summary.verdict
    if verdict is not None and not _is_let_through(verdict):
        yield from (f"gate: {printable(text)}" for text in (*verdict.reasons, *verdict.remarks))
    if summary.has_nothing_scored:
        yield "nothing was scored, so nothing is known of it"
    counts = summary.counts
    answered = len(summary.results) - counts[Outcome.ERROR] - counts[Outcome.NOT_RUN]
    if 0 < answered < len(summary.results):
        yield f"the score is over the {answered} of {len(summary.results)} that were answered"
    whole = verdict.score if verdict else None
    if whole is not None and whole != summary.evaluation.score:
        yield f"over all goldens, which the gate counts: {whole:.3f}"
    yield from _spread(summary, has_interval=has_interval)
    yield from _parts(summary.evaluation)
    yield from _overused(summary.evaluation)
    yield from _against_base(summary)
    for result in summary.worst(_WORST_SHOWN):
        yield f"worst: {_worst(result)}"


def _told_always(summary: PromptRecord) -> Iterator[str]:
    """What nobody may overlook, also of a prompt that holds."""
    if summary.verdict is not None and _is_let_through(summary.verdict):
        yield from (f"gate: {printable(text)}" for text in summary.verdict.remarks)
    if summary.retirement:
        yield f"model: {printable(summary.retirement)}"
    for cause in summary.causes:
        ids = listed(cause.goldens)
        missing = cause.outcome.counted(len(cause.goldens))
        yield f"{missing}: {printable(cause.reason)} ({ids})"
    base = summary.base
    if base is not None:
        if base.remark and not base.identical:
            yield f"against {base.label}: {printable(base.remark)}"
        yield from (f"since {base.label}: {printable(text)}" for text in base.loosened)
    for note, count in summary.notes.most_common():
        yield f"{count} × {printable(note)}"


def _spread(summary: PromptRecord, *, has_interval: bool) -> Iterator[str]:
    """How sure the score is, and how much of it is passes."""
    evaluation, interval = summary.evaluation, summary.interval
    if interval is None:
        return
    passed = evaluation.pass_rate
    parts = [] if has_interval else [f"{_INTERVAL} {interval.low:.3f} to {interval.high:.3f}"]
    if passed is not None and passed != evaluation.score:
        parts.append(f"{100 * passed:.0f} % passed")
    if evaluation.agreement is not None:
        parts.append(f"samples agree {100 * evaluation.agreement:.0f} %")
    if evaluation.commonest is not None:
        answer, share = evaluation.commonest
        always = f"always answering {printable(quoted(answer))}"
        parts.append(f"{always} would be right for {100 * share:.0f} %")
    if parts:
        yield ", ".join(parts)


def _overused(evaluation: Evaluation) -> Iterator[str]:
    """The labels that answers lean to, far from how often they are right."""
    for name, (label, named, wanted) in evaluation.overused.items():
        if len(evaluation.scored) >= _FEWEST_TO_LEAN and named - wanted >= _LEANING:
            yield (
                f"{printable(name)}: {printable(label)} is named in {100 * named:.0f} % of the "
                f"goldens and right in {100 * wanted:.0f} %"
            )


def _parts(evaluation: Evaluation) -> Iterator[str]:
    """The score by tag and by evaluator, where there is more than one; the largest part first."""
    optional = {m.name for r in evaluation.results for m in r.evaluators if m.optional}
    groups = {
        "tag": evaluation.by_tag,
        "evaluator": {
            f"{name} (optional)" if name in optional else name: evaluation.by_evaluator(name)
            for name in evaluation.evaluators
        },
    }
    for kind, parts in groups.items():
        shown = [
            f"{printable(name)} {score:.3f} ({len(goldens)})"
            for name, goldens in sorted(parts.items(), key=lambda part: -len(part[1]))
            if (score := mean_score(goldens)) is not None
        ]
        if len(shown) > 1 or (shown and kind == "tag"):
            yield f"by {kind}: {listed(shown)}"


def _against_base(summary: PromptRecord) -> Iterator[str]:
    base = summary.base
    if base is None:
        return
    if base.identical:
        yield f"against {base.label}: it sends the same"
    elif summary.change is not None:
        yield from _change(summary.change, f"against {base.label}: ")
    elif not base.remark:
        yield f"against {base.label}: no golden has a score on both sides"


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


def compare_models(summaries: Iterable[PromptRecord], width: int) -> Iterator[Line]:
    """For each prompt that several models answered: these against the first, side by side."""
    prompts: dict[str, list[PromptRecord]] = {}
    for summary in summaries:
        prompts.setdefault(summary.location, []).append(summary)
    for location, models in prompts.items():
        if len(models) > 1:
            first, *others = models
            yield Line(f"{location}: {len(models)} models on the same goldens")
            for other in others:
                change = difference(first.evaluation, other.evaluation, confidence=CONFIDENCE)
                if change is not None:
                    for text in _change(change, f"{other.model} against {first.model}: "):
                        yield from _wrapped(text, width, _INDENT)


def _effort(summaries: Sequence[PromptRecord], saved_in: str) -> str:
    """Models, tokens, cost and time of all, and how much of it was not asked for."""
    models = [*dict.fromkeys(summary.model for summary in summaries if summary.model)]
    parts = [listed(models)] if models else []
    tokens = sum(summary.tokens for summary in summaries)
    parts += [counted(tokens, "token"), cost(sum_of_known([s.cost_usd for s in summaries]))]
    times = [s.mean_latency_seconds for s in summaries if s.mean_latency_seconds is not None]
    if times:
        parts.append(f"{sum(times) / len(times):.2f} s an answer")
    saved = sum(summary.saved for summary in summaries)
    if saved:
        total = sum(len(summary.results) for summary in summaries)
        parts.append(f"{saved:,} of {counted(total, 'golden')} from {saved_in}")
    return ", ".join(parts)


def _worst(result: GoldenResult) -> str:
    return f"{result.id} {result.score or 0.0:.2f}, {sentence(result)}"


def sum_of_known(costs: Sequence[float | None]) -> float | None:
    """The sum, None where one is unknown."""
    known = [cost_usd for cost_usd in costs if cost_usd is not None]
    return sum(known) if len(known) == len(costs) else None


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


def duration(seconds: float) -> str:
    """Minutes and seconds for a person to read."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
