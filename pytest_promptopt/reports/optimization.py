"""A search as a terminal shows it: what it did and found."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pytest_promptopt.evaluation.listing import counted, listed
from pytest_promptopt.optimization.allowance import Caps, Spent
from pytest_promptopt.optimization.plan import Plan
from pytest_promptopt.optimization.result import (
    Advanced,
    Counted,
    Event,
    Failed,
    Judged,
    Looked,
    Planned,
    Result,
    Waited,
)
from pytest_promptopt.optimization.verdict import SearchVerdict, VerdictKind
from pytest_promptopt.reports.summary import cost, duration
from pytest_promptopt.reports.terminal import Line
from pytest_promptopt.text.terminal import printable

_TRIED_SHOWN = 5
_REPLAYED_SECONDS = 1.0
_ROLES = {"task": "the model", "optimizer": "the optimizer model"}


@dataclass(slots=True, kw_only=True)
class Follower:
    """Follows a search from its first event, and tells where it is.

    The time left is what the rest of the caps would take at the rate so far; what comes within
    the first second is from a journal and counts for no rate.
    """

    now: Callable[[], float] = time.monotonic
    _began_at: float = 0.0
    _share_before: float = 0.0
    _last: Advanced | None = None

    def follow(self, event: Event) -> Iterator[Line]:
        """What there is to tell of the event, a line or more, or none."""
        if isinstance(event, Planned):
            self._began_at, self._share_before, self._last = self.now(), 0.0, None
        if isinstance(event, Advanced):
            self._last = event
        elif isinstance(event, Counted) and self._last is not None:
            self._last = replace(self._last, spent=event.spent)
            if self.now() - self._began_at < _REPLAYED_SECONDS:
                self._share_before = _share_taken(event.spent, self._last.caps)
        if isinstance(event, Advanced):
            phase, best, calls, *rest = describe_search(event)
            left = [f"at most {left} left at this rate" for left in self._left(event)]
            yield Line(", ".join((phase, best, calls, *left, *rest)))
        else:
            yield from describe_event(event)

    @property
    def parts(self) -> tuple[str, ...]:
        """Where the search is, the foremost first and all of it short, for one line."""
        last = self._last
        if last is None:
            return ()
        interval, cap = last.interval, last.caps.calls
        best = f"best {last.best:.2f}" if last.best is not None else ""
        best += f" ({interval.low:.2f} to {interval.high:.2f})" if interval else ""
        parts = (
            f"{last.phase} {last.round}/{last.rounds}" if last.round else last.phase.value,
            best,
            f"{last.spent.calls}{f' of {cap}' if cap else ''} calls",
            *(f"{left} left" for left in self._left(last)),
            f"{last.alive} alive",
        )
        return tuple(part for part in parts if part)

    def _left(self, last: Advanced) -> Iterator[str]:
        seconds = self._seconds_left(last)
        if seconds is not None:
            yield duration(seconds)

    def _seconds_left(self, last: Advanced) -> float | None:
        seconds = self.now() - self._began_at
        share = _share_taken(last.spent, last.caps)
        taken = share - self._share_before
        if seconds < _REPLAYED_SECONDS or taken <= 0 or share >= 1:
            return None
        return seconds * (1 - share) / taken


def _share_taken(spent: Spent, caps: Caps) -> float:
    """Of the cap that is nearest to its end; 0 without caps."""
    amounts = (
        (spent.calls, caps.calls),
        (spent.task_calls, caps.task_calls),
        (spent.tokens, caps.tokens),
        (spent.cost_usd, caps.cost_usd),
    )
    return max((taken / cap for taken, cap in amounts if cap), default=0.0)


def describe_event(event: Event) -> Iterator[Line]:
    """An event of a running search, a line or more, or none."""
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
        case Waited():
            yield Line(_waited(event), is_bad=True)
        case Failed(role=role, message=message):
            text = f"no answer of {_ROLES[role]}: {printable(message)}".replace("\n", " ")
            yield Line(text, is_bad=True)
        case Judged(verdict=verdict):
            yield from _verdict(verdict)


def _waited(event: Waited) -> str:
    requests = counted(event.asked, "request")
    most = event.most_seconds
    ending = "" if most is None else f"; after {most:g} s the search goes on without"
    return (
        f"waiting for the optimizer model {event.model}: {event.open} of {requests} without an "
        f"answer for {event.seconds:g} s{ending}"
    )


def describe_search(progress: Advanced) -> tuple[str, ...]:
    """Where a search is, the foremost first: the phase, the best so far, calls, candidates."""
    calls, *spent = describe_spent(progress.spent, progress.caps)
    rounds = f" (round {progress.round} of at most {progress.rounds})" if progress.round else ""
    tried: tuple[str, ...] = ()
    if progress.candidates:
        prompts = counted(progress.candidates, "prompt")
        tried = (f"{progress.alive} of {prompts} still in the race", f"{progress.refused} refused")
    return (f"{progress.phase}{rounds}", _best(progress), calls, *tried, *spent)


def _best(progress: Advanced) -> str:
    best, interval = progress.best, progress.interval
    if best is None or interval is None:
        return "nothing scored on validation yet"
    return f"best on validation {best:.3f} ({interval.low:.3f} to {interval.high:.3f})"


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
        yield from _verdict(result.verdict)
        if result.verdict.cost:
            yield Line(f"an answer takes {result.verdict.cost}")
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


def _verdict(verdict: SearchVerdict) -> Iterator[Line]:
    yield Line(
        f"verdict: {verdict.sentence}",
        is_good=verdict.kind is VerdictKind.IMPROVED,
        is_bad=verdict.kind is VerdictKind.WORSE,
    )
    if verdict.gate:
        yield Line(f"gate: {printable(verdict.gate)}")
