"""A search as a terminal shows it: what it did and found."""

from collections.abc import Iterator

from pytest_promptopt.evaluation.listing import counted, listed
from pytest_promptopt.optimization.allowance import Caps, Spent
from pytest_promptopt.optimization.plan import Plan
from pytest_promptopt.optimization.result import Advanced, Event, Judged, Looked, Planned, Result
from pytest_promptopt.optimization.verdict import SearchVerdict, VerdictKind
from pytest_promptopt.reports.terminal import Line, cost
from pytest_promptopt.text.terminal import printable

_TRIED_SHOWN = 5


def describe_event(event: Event) -> Iterator[Line]:
    """An event of a running search, a line or more."""
    match event:
        case Planned(plan=plan):
            yield from _plan(plan)
        case Looked(headroom=headroom, diagnosis=diagnosis):
            if headroom is not None:
                yield Line(f"headroom: {printable(headroom.sentence)}")
            if diagnosis is not None:
                yield from (Line(f"diagnosis: {printable(s)}") for s in diagnosis.sentences())
        case Advanced():
            yield Line(", ".join(describe_search(event)))
        case Judged(verdict=verdict):
            yield _verdict(verdict)


def describe_search(progress: Advanced) -> tuple[str, ...]:
    """Where a search is, the foremost first."""
    interval = progress.interval
    return (
        f"round {progress.round} of at most {progress.rounds}",
        f"best on validation {progress.best:.3f} ({interval.low:.3f} to {interval.high:.3f})",
        f"{counted(progress.candidates, 'prompt')} scored",
        f"{progress.refused} refused",
        *describe_spent(progress.spent, progress.caps),
    )


def describe_spent(spent: Spent, caps: Caps) -> Iterator[str]:
    """What was taken against the caps."""
    of_calls = f" of {caps.calls}" if caps.calls is not None else ""
    yield f"{spent.calls}{of_calls} calls ({spent.optimizer_calls} of the optimizer model)"
    of_tokens = f" of {caps.tokens:,}" if caps.tokens is not None else ""
    yield f"{spent.tokens:,}{of_tokens} tokens"
    of_cost = f" of {cost(caps.cost_usd)}" if caps.cost_usd is not None else ""
    yield f"{cost(None if spent.unpriced else spent.cost_usd)}{of_cost}"
    if spent.unanswered:
        yield f"{spent.unanswered} without an answer"


def render_result(result: Result, caps: Caps) -> Iterator[Line]:
    """What a search came to, without the diff: the verdict, what was tried, and what it took."""
    yield Line(f"ended: {printable(result.reason)}")
    if result.before is not None and result.after is not None:
        yield Line(f"on validation: {result.before:.3f} before, {result.after:.3f} now")
    if result.verdict is not None:
        yield _verdict(result.verdict)
        before, after = result.verdict.cost_before, result.verdict.cost_after
        if after.tokens:
            yield Line(f"an answer takes {after}; before {before}")
        for word, ids in (("fixed", result.verdict.fixed), ("broken", result.verdict.broken)):
            if ids:
                yield Line(f"{word}: {listed(ids)}")
    best = sorted(result.tried, key=lambda tried: tried.score, reverse=True)
    for tried in best[:_TRIED_SHOWN]:
        note = f": {printable(tried.candidate.note)}" if tried.candidate.note else ""
        line = f"tried: {tried.score:.3f} on {tried.goldens}, {tried.candidate.origin}{note}"
        yield Line(line.replace("\n", " "))
    if len(best) > _TRIED_SHOWN:
        yield Line(f"and {len(best) - _TRIED_SHOWN} more that scored no higher")
    for reason, count in result.refused.items():
        yield Line(f"refused: {count} × {printable(reason)}".replace("\n", " "))
    if result.unparsed:
        yield Line(f"not understood: {result.unparsed} replies of the optimizer model")
    for message, count in result.errors.items():
        yield Line(f"no answer: {count} × {printable(message)}".replace("\n", " "), is_bad=True)
    yield Line(f"took {', '.join(describe_spent(result.spent, caps))}")


def render_diff(patch: str) -> Iterator[Line]:
    """A unified diff, safe to print."""
    for line in patch.splitlines():
        is_header = line.startswith(("+++", "---"))
        sign = "" if is_header else line[:1]
        yield Line(printable(line), is_bad=sign == "-", is_good=sign == "+")


def _plan(plan: Plan) -> Iterator[Line]:
    yield from (Line(f"plan: {line}") for line in plan.lines)


def _verdict(verdict: SearchVerdict) -> Line:
    return Line(
        f"verdict: {verdict.sentence}",
        is_good=verdict.kind is VerdictKind.IMPROVED,
        is_bad=verdict.kind is VerdictKind.WORSE,
    )
