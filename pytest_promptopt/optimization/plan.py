"""The plan of a search: what it will take, and how a method is made to fit its cap."""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_promptopt.errors import UsageError
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.optimization import shares
from pytest_promptopt.optimization.allocation.allocator import (
    RaceSize,
    allocator_of,
    race_cost,
)
from pytest_promptopt.optimization.allowance import Caps
from pytest_promptopt.optimization.batches import BATCHES
from pytest_promptopt.optimization.diagnosis.headroom import GOLDENS_TO_ASK
from pytest_promptopt.optimization.parents import CHOOSERS
from pytest_promptopt.optimization.proposers.proposer import Order, cost_of, made_proposer
from pytest_promptopt.optimization.settings import OptimizeSettings

_ROUNDS_WANTED = 2
_PARTS = 32
_LEAST_BATCH = 4
_LEAST_LOOK = GOLDENS_TO_ASK // 2
_LEAST_GOLDENS = 10
_PROPOSALS = ("stages", "parent_count", "proposers", "most_candidates")
_LOOKS = ("batch_size", "headroom_goldens")
_COUNTED = {
    "parent_count": ("parent", ""),
    "most_candidates": ("candidate", " raced a round"),
    "batch_size": ("golden", " shown to learn from a round"),
    "headroom_goldens": ("golden", " at the first look"),
    "pulls": ("answer", " a round to race candidates"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What the calls of a search depend on besides its settings.

    ``calls_per_answer`` counts the judges too. ``tokens_per_call`` and ``usd_per_call`` are
    likely means, 0 where they are not known: then caps on them shrink nothing beforehand.
    """

    train: int
    validation: int
    test: int
    calls_per_answer: int = 1
    tokens_per_call: float = 0.0
    usd_per_call: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The settings that fit the caps, with their most calls.

    ``before`` are the calls up to the first round, ``round_calls`` those of a round at most,
    ``verdict`` what is kept for the end, ``rounds`` how many rounds fit. ``pairs`` are the test
    goldens that the verdict may ask, None for all. ``besides`` says what a
    round may take on top in a bad case, and for what. ``shrunk`` says what was made smaller:
    name, published value, and value now.
    """

    settings: OptimizeSettings
    before: int
    round_calls: int
    verdict: int
    rounds: int
    cap: float
    pairs: int | None = None
    besides: tuple[tuple[int, str], ...] = ()
    shrunk: tuple[tuple[str, object, object], ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The plan for a reader."""
        settings = self.settings
        cap = "no cap on calls" if math.isinf(self.cap) else f"at most {self.cap:.0f} calls"
        if settings.shares_caps:
            return (_shares_told(self, cap),)
        lines = [
            f"{settings.method}: {cap}; {self.before} before the first round, at most "
            f"{self.round_calls} a round, {self.verdict} for the verdict",
            f"{self.rounds} of {settings.rounds} rounds fit",
        ]
        if self.besides:
            amounts = ", ".join(f"{calls} {what}" for calls, what in self.besides)
            lines.append(f"besides, a round may take: {amounts}")
        lines += [_smaller(name, published, now) for name, published, now in self.shrunk]
        return tuple(lines)


def _shares_told(plan: Plan, cap: str) -> str:
    left = (
        "what it takes" if math.isinf(plan.cap) else f"{plan.cap - plan.before - plan.verdict:.0f}"
    )
    return (
        f"{plan.settings.method}, {cap}: {plan.before} to see what the prompt misses, {left} to "
        f"try others in {plan.rounds} rounds, at most {plan.verdict} for the verdict on "
        f"{plan.pairs} test goldens"
    )


def _smaller(name: str, published: object, now: object) -> str:
    """What is fewer than published, for a reader who knows none of the settings."""
    match published, now:
        case Mapping(), Mapping():
            return f"{_proposals(now)} a parent instead of {_numbers(published)}"
        case tuple(), tuple():
            pairs = zip(published, now, strict=True)
            return "; ".join(
                f"in round {number}, {_proposals(few)} instead of {_numbers(many)}"
                for number, (many, few) in enumerate(pairs, start=1)
                if many != few
            )
        case _:
            noun, what = _COUNTED[name]
            return f"{counted(int(str(now)), noun)}{what} instead of {published}"


def _proposals(counts: Mapping[str, int]) -> str:
    return " and ".join(f"{count} by `{name}`" for name, count in counts.items())


def _numbers(counts: Mapping[str, int]) -> str:
    return " and ".join(map(str, counts.values()))


def plan(settings: OptimizeSettings, sizes: Sizes) -> Plan:
    """The plan; raises :class:`UsageError` where the caps do not allow a single round.

    Counts the most that every step can take. Where two rounds do not fit, all that a round
    depends on shrinks by one factor, each down to its least; then what need not be so small
    stays as published. Rounds themselves are not cut: what is left goes on to be used.
    """
    cap = _cap_in_calls(settings.caps, sizes)
    if settings.shares_caps:
        return _shared_plan(settings, sizes, cap)
    parts = [_shrunk(settings, sizes, part) for part in range(_PARTS, -1, -1)]
    for rounds in range(min(_ROUNDS_WANTED, settings.rounds), 0, -1):
        fit = _Fit(published=settings, parts=parts, sizes=sizes, cap=cap, rounds=rounds)
        found = next(filter(fit.fits, parts), None)
        if found is not None:
            return _plan_of(settings, fit.widened(found), sizes, cap)
    small = parts[-1]
    least = _calls(small, sizes)
    verdict = _verdict_calls(sizes)
    raise UsageError(
        f"the cap of {cap:.0f} calls is too small for one round of {settings.method}: it takes "
        f"{_before(small, sizes)} calls to look at the prompt, {least} for the smallest round "
        f"and {verdict} for the verdict; raise `budget` to at least "
        f"{_before(small, sizes) + least + verdict} calls"
    )


def _plan_of(settings: OptimizeSettings, small: OptimizeSettings, sizes: Sizes, cap: float) -> Plan:
    before, verdict, each = _before(small, sizes), _verdict_calls(sizes), _calls(small, sizes)
    left = cap - before - verdict
    rounds = small.rounds if math.isinf(cap) else min(small.rounds, int(left // max(1, each)))
    changed = [
        (name, getattr(settings, name), getattr(small, name))
        for name in (*_PROPOSALS, *_LOOKS, "pulls")
        if getattr(settings, name) != getattr(small, name)
    ]
    return Plan(
        settings=small,
        before=before,
        round_calls=each,
        verdict=verdict,
        rounds=rounds,
        cap=cap,
        besides=_besides(small, sizes),
        shrunk=tuple(changed),
    )


def _shared_plan(settings: OptimizeSettings, sizes: Sizes, cap: float) -> Plan:
    each = settings.samples * sizes.calls_per_answer
    look = min(sizes.train, shares.look_within(cap, settings.headroom_goldens, each))
    pairs = shares.pairs_within(cap, sizes.test, sizes.calls_per_answer)
    shares.check(cap, look, pairs, sizes.test, each)
    before = look * each
    verdict = 2 * pairs * sizes.calls_per_answer
    left = 0 if math.isinf(cap) else int(cap - before - verdict)
    return Plan(
        settings=replace(settings, headroom_goldens=max(1, look), batch_size=max(1, look)),
        before=before,
        round_calls=left // settings.rounds,
        verdict=verdict,
        rounds=settings.rounds,
        cap=cap,
        pairs=pairs,
    )


def _besides(settings: OptimizeSettings, sizes: Sizes) -> tuple[tuple[int, str], ...]:
    found = _round(settings, sizes)
    each = settings.samples * sizes.calls_per_answer
    amounts = (
        (found.asking, "to ask again where replies cannot be read"),
        (found.missing * each, "to find what is missed"),
        (found.contract * each, "in the first for the contract in another place"),
    )
    return tuple((calls, what) for calls, what in amounts if calls)


def _cap_in_calls(caps: Caps, sizes: Sizes) -> float:
    limits = [math.inf]
    if caps.calls is not None:
        limits.append(caps.calls)
    if caps.task_calls is not None:
        limits.append(caps.task_calls)
    if caps.tokens is not None and sizes.tokens_per_call:
        limits.append(caps.tokens / sizes.tokens_per_call)
    if caps.cost_usd is not None and sizes.usd_per_call:
        limits.append(caps.cost_usd / sizes.usd_per_call)
    return float(math.floor(limit) if (limit := min(limits)) != math.inf else math.inf)


def _shrunk(settings: OptimizeSettings, sizes: Sizes, part: int) -> OptimizeSettings:
    """The settings with ``part`` of ``_PARTS`` of each number, none below its least.

    Candidates are cut only where they can be screened: proposals that are cut blindly were asked
    for in vain.
    """

    def some(count: int, least: int, share: float = part / _PARTS) -> int:
        return max(min(count, least), int(count * share))

    def fewer(counts: Mapping[str, int]) -> dict[str, int]:
        return {name: some(count, 1) for name, count in counts.items()}

    is_screened = settings.screen and _goes_by_cases(settings)
    small = replace(
        settings,
        stages=tuple(fewer(stage) for stage in settings.stages),
        proposers=fewer(settings.proposers),
        parent_count=some(settings.parent_count, 1),
        batch_size=some(settings.batch_size, _LEAST_BATCH, (part / _PARTS) ** 2),
        headroom_goldens=some(settings.headroom_goldens, _LEAST_LOOK, (part / _PARTS) ** 2),
        most_candidates=some(settings.most_candidates, 1 if is_screened else sys.maxsize),
    )
    return _with_least_pulls(small, sizes)


def _with_least_pulls(settings: OptimizeSettings, sizes: Sizes) -> OptimizeSettings:
    """With so many that a candidate is scored on ten goldens, were all to get the same."""
    least = _round(settings, sizes).raced * min(_LEAST_GOLDENS, sizes.validation)
    return replace(settings, pulls=max(sizes.validation, least))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """What fits: so many ``rounds`` under the cap. ``parts`` are shrunk ever further."""

    published: OptimizeSettings
    parts: Sequence[OptimizeSettings]
    sizes: Sizes
    cap: float
    rounds: int

    def fits(self, settings: OptimizeSettings) -> bool:
        return self._left(settings) >= 0

    def widened(self, small: OptimizeSettings) -> OptimizeSettings:
        """Each number as near to the published one as fits, proposals before all.

        Pulls take what these leave, and what is left then goes to the batch and the first look.
        """
        for name in _PROPOSALS:
            small = self._widest(small, name, with_pulls=True)
        small = self._with_most_pulls(small)
        for name in _LOOKS:
            small = self._widest(small, name, with_pulls=False)
        return small

    def _left(self, settings: OptimizeSettings) -> float:
        in_all = self.rounds * _calls(settings, self.sizes) + _verdict_calls(self.sizes)
        return self.cap - _before(settings, self.sizes) - in_all

    def _widest(self, small: OptimizeSettings, name: str, *, with_pulls: bool) -> OptimizeSettings:
        for part in self.parts:
            wider = replace(small, **{name: getattr(part, name)})
            if with_pulls:
                wider = _with_least_pulls(wider, self.sizes)
            if self.fits(wider):
                return wider
        return small

    def _with_most_pulls(self, small: OptimizeSettings) -> OptimizeSettings:
        most = replace(small, pulls=self.published.pulls)
        if self.fits(most):
            return most
        each = self.rounds * small.samples * self.sizes.calls_per_answer
        room = int(self._left(small) // each)
        return replace(small, pulls=min(most.pulls, small.pulls + room))


def _verdict_calls(sizes: Sizes) -> int:
    return 2 * sizes.test * sizes.calls_per_answer


def _before(settings: OptimizeSettings, sizes: Sizes) -> int:
    look = min(settings.headroom_goldens, sizes.train)
    answers = sizes.validation * settings.samples
    if settings.headroom:
        answers += look * (settings.samples + int(settings.headroom_samples > 1))
    elif settings.diagnosis:
        answers += look * settings.samples
    if settings.diagnosis:
        answers += sizes.validation * settings.samples
    return answers * sizes.calls_per_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """The most of a round: calls of the optimizer model, candidates that are raced, answers.

    On top may come answers that are ``missing`` where goldens that are missed are hard to find,
    and in the first round those of the ``contract`` in another place.
    """

    asking: int
    raced: int
    answers: int
    missing: int
    contract: int


def _round(settings: OptimizeSettings, sizes: Sizes) -> _Round:
    asking, candidates, tries = _proposing(settings)
    raced = min(candidates, settings.most_candidates)
    batch, most_for_batch = BATCHES[settings.batch].asked(settings.batch_size, sizes.train)
    parents = _parents(settings) if _goes_by_cases(settings) else 0
    size = RaceSize(
        candidates=raced,
        parents=_parents(settings),
        goldens=sizes.validation,
        batch=min(settings.batch_size, sizes.train) if parents else 0,
        pulls=settings.pulls,
    )
    screening = candidates * settings.screen if candidates > raced else 0
    allocator = allocator_of(settings)
    racing = race_cost(allocator, size)
    one_more = replace(size, candidates=raced + 1, parents=size.parents + 1)
    on_batch = size.batch if allocator.is_gate else 0
    contract = race_cost(allocator, one_more) - racing + on_batch if settings.diagnosis else 0
    return _Round(
        asking=asking,
        raced=raced,
        answers=parents * batch + screening + racing + tries,
        missing=parents * (most_for_batch - batch),
        contract=contract,
    )


def _calls(settings: OptimizeSettings, sizes: Sizes) -> int:
    """The most that a round takes."""
    found = _round(settings, sizes)
    return found.asking + found.answers * settings.samples * sizes.calls_per_answer


def _goes_by_cases(settings: OptimizeSettings) -> bool:
    needed = any(made_proposer(name, settings).needs_cases for name in settings.proposer_names)
    return needed or allocator_of(settings).is_gate


def _parents(settings: OptimizeSettings) -> int:
    return 1 if CHOOSERS[settings.parents].is_single else settings.parent_count


def _proposing(settings: OptimizeSettings) -> tuple[int, int, int]:
    """Calls of the optimizer model, candidates, and answers to try some, of a round at most."""
    rounds = [
        _proposed(settings, counts, 1 if number == 1 else _parents(settings))
        for number, counts in enumerate(settings.stages, start=1)
    ]
    rounds.append(_proposed(settings, settings.proposers, _parents(settings)))
    calls, candidates, answers = zip(*rounds, strict=True)
    return max(calls), max(candidates), max(answers)


def _proposed(
    settings: OptimizeSettings, counts: Mapping[str, int], parents: int
) -> tuple[int, int, int]:
    calls, candidates, answers = 0, 0, 0
    for name, count in counts.items():
        order = Order(count=count, fresh=candidates, settings=settings)
        cost = cost_of(made_proposer(name, settings), order)
        calls += cost.calls
        candidates += cost.candidates
        answers += cost.answers
    return parents * calls, parents * candidates, parents * answers
