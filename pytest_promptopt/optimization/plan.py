"""The plan of a search: what it will take, and how a method is made to fit its cap."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_promptopt.errors import UsageError
from pytest_promptopt.optimization.diagnosis.headroom import GOLDENS_TO_ASK, SAMPLES_TO_ASK
from pytest_promptopt.optimization.ledger import Caps
from pytest_promptopt.optimization.proposers.proposer import PROPOSERS
from pytest_promptopt.optimization.registered import registered
from pytest_promptopt.optimization.settings import OptimizeSettings

_ROUNDS_WANTED = 2
_LEAST_BATCH = 4
_PARTS = 12
_LEAST_GOLDENS = 10
_ERRORS_PER_BATCH = 2
_REGROWN = ("most_candidates", "pulls", "batch_size", "parent_count", "headroom_goldens")
_CALLS_OF_REFLECTION = {"pe2": 2, "reflexion": 2, "gepa": 1}


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
    ``verdict`` what is kept for the end, ``rounds`` how many rounds fit for sure. ``shrunk``
    says what was made smaller: name, published value, and value now.
    """

    settings: OptimizeSettings
    before: int
    round_calls: int
    verdict: int
    rounds: int
    cap: float
    shrunk: tuple[tuple[str, object, object], ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The plan for a reader."""
        settings = self.settings
        cap = "no cap on calls" if math.isinf(self.cap) else f"at most {self.cap:.0f} calls"
        lines = [
            f"{settings.method}: {cap}; {self.before} before the first round, at most "
            f"{self.round_calls} a round, {self.verdict} for the verdict",
            f"at least {self.rounds} of {settings.rounds} rounds fit",
        ]
        lines += [
            f"{name}: {_shown(now)} instead of {_shown(published)}"
            for name, published, now in self.shrunk
        ]
        return tuple(lines)


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    return str(value)


def plan(settings: OptimizeSettings, sizes: Sizes) -> Plan:
    """The plan; raises :class:`UsageError` where the caps do not allow a single round.

    Counts the most that every step can take. Where two rounds do not fit, the widest setting is
    halved, in turn: the pulls of a selector, the batch, the headroom test, the parents, the
    candidates, the proposals; then they grow again as far as they fit. Rounds themselves are not
    cut: what is left goes on to be used.
    """
    cap = _cap_in_calls(settings.caps, sizes)
    wanted = min(_ROUNDS_WANTED, settings.rounds)
    small = settings
    for rounds in range(wanted, 0, -1):
        small = _shrunk(small, sizes, cap, rounds)
        if _total(small, sizes, rounds) <= cap:
            return _plan_of(settings, _regrown(settings, small, sizes, cap, rounds), sizes, cap)
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
        for name in (*_REGROWN, "first", "proposers")
        if getattr(settings, name) != getattr(small, name)
    ]
    return Plan(
        settings=small,
        before=before,
        round_calls=each,
        verdict=verdict,
        rounds=rounds,
        cap=cap,
        shrunk=tuple(changed),
    )


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


def _total(settings: OptimizeSettings, sizes: Sizes, rounds: int) -> int:
    return _before(settings, sizes) + rounds * _calls(settings, sizes) + _verdict_calls(sizes)


def _shrunk(settings: OptimizeSettings, sizes: Sizes, cap: float, rounds: int) -> OptimizeSettings:
    """The first settings of which ``rounds`` fit, or the smallest there are."""
    before = None
    while before != settings:
        before = settings
        for step in _STEPS:
            if _total(settings, sizes, rounds) <= cap:
                return settings
            settings = step(settings, sizes)
    return settings


def _regrown(
    published: OptimizeSettings,
    small: OptimizeSettings,
    sizes: Sizes,
    cap: float,
    rounds: int,
) -> OptimizeSettings:
    """``small`` with each number as far back as still fits, since halving overshoots.

    The proposals come first, with the pulls that they need.
    """

    def fits(wider: OptimizeSettings) -> bool:
        return _pulls_needed(wider, sizes) <= wider.pulls and _total(wider, sizes, rounds) <= cap

    for part in range(_PARTS, 0, -1):
        counts = replace(
            small,
            first=_part(published.first, part),
            proposers=_part(published.proposers, part),
        )
        pulls = max(sizes.validation, _pulls_needed(counts, sizes))
        wider = replace(counts, pulls=min(published.pulls, pulls))
        if fits(wider):
            small = wider
            break
    for name in _REGROWN:
        low, high = getattr(small, name), getattr(published, name)
        while low < high:
            middle = (low + high + 1) // 2
            if fits(replace(small, **{name: middle})):
                low = middle
            else:
                high = middle - 1
        small = replace(small, **{name: low})
    return small


def _pulls_needed(settings: OptimizeSettings, sizes: Sizes) -> int:
    """Enough that a candidate is scored on ten goldens, were all to get the same."""
    if settings.allocator == "minibatch":
        return 0
    return _raced(settings) * min(_LEAST_GOLDENS, sizes.validation)


def _part(counts: Mapping[str, int], part: int) -> Mapping[str, int]:
    return {name: max(1, count * part // _PARTS) for name, count in counts.items()}


def _verdict_calls(sizes: Sizes) -> int:
    return 2 * sizes.test * sizes.calls_per_answer


def _before(settings: OptimizeSettings, sizes: Sizes) -> int:
    look = min(settings.headroom_goldens, sizes.train)
    answers = sizes.validation * settings.samples
    if settings.headroom:
        answers += look * (settings.samples + SAMPLES_TO_ASK - 1)
    elif settings.diagnosis:
        answers += look * settings.samples
    if settings.diagnosis:
        answers += sizes.validation * settings.samples
    return answers * sizes.calls_per_answer


def _calls(settings: OptimizeSettings, sizes: Sizes) -> int:
    """The most that a round takes."""
    asking, candidates = _proposing(settings)
    raced = _raced(settings)
    answers = settings.parent_count * _batch(settings, sizes) if _goes_by_cases(settings) else 0
    if candidates > raced:
        answers += candidates * settings.screen
    if settings.allocator == "minibatch":
        answers += raced * min(settings.batch_size, sizes.train)
    full = raced * sizes.validation
    answers += full if settings.allocator == "minibatch" else min(settings.pulls, full)
    return asking + answers * settings.samples * sizes.calls_per_answer


def _goes_by_cases(settings: OptimizeSettings) -> bool:
    names = (*settings.first, *settings.proposers)
    proposers = [registered(PROPOSERS, name, "proposer") for name in names]
    return settings.allocator == "minibatch" or any(p.needs_cases for p in proposers)


def _batch(settings: OptimizeSettings, sizes: Sizes) -> int:
    size = settings.batch_size
    if settings.batch in {"errors", "failed"}:
        size *= _ERRORS_PER_BATCH
    return min(size, sizes.train)


def _raced(settings: OptimizeSettings) -> int:
    return min(_proposing(settings)[1], settings.most_candidates)


def _proposing(settings: OptimizeSettings) -> tuple[int, int]:
    """Calls of the optimizer model, and candidates, of a round at most."""
    first = _proposed(settings, settings.first, 1)
    later = _proposed(settings, settings.proposers, settings.parent_count)
    return max(first[0], later[0]), max(first[1], later[1])


def _proposed(
    settings: OptimizeSettings, counts: Mapping[str, int], parents: int
) -> tuple[int, int]:
    calls, candidates = 0, 0
    for name, count in counts.items():
        made = count
        match name:
            case "critique_edit":
                calls += 2 * count
            case "reflect":
                each = _CALLS_OF_REFLECTION[settings.reflection] + settings.momentum
                calls += each * count
            case "paraphrase" if settings.paraphrase_edits:
                made = count * (1 + candidates)
                calls += made
            case "demonstrations" | "contract":
                pass
            case _:
                calls += count
        candidates += made
    return parents * calls, parents * candidates


def _fewer_pulls(settings: OptimizeSettings, sizes: Sizes) -> OptimizeSettings:
    if settings.allocator == "minibatch":
        return settings
    raced = _raced(settings)
    pulls = min(settings.pulls, raced * sizes.validation) // 2
    least = max(sizes.validation, _pulls_needed(settings, sizes))
    return replace(settings, pulls=min(settings.pulls, max(pulls, least)))


def _smaller_batch(settings: OptimizeSettings, sizes: Sizes) -> OptimizeSettings:
    size = min(settings.batch_size, max(1, sizes.train))
    least = min(settings.batch_size, _LEAST_BATCH)
    return replace(settings, batch_size=max(least, size // 2))


def _smaller_look(settings: OptimizeSettings, _sizes: Sizes) -> OptimizeSettings:
    least = min(settings.headroom_goldens, GOLDENS_TO_ASK // 2)
    return replace(settings, headroom_goldens=max(least, settings.headroom_goldens // 2))


def _fewer_parents(settings: OptimizeSettings, _sizes: Sizes) -> OptimizeSettings:
    return replace(settings, parent_count=max(1, settings.parent_count // 2))


def _fewer_candidates(settings: OptimizeSettings, _sizes: Sizes) -> OptimizeSettings:
    """Only where they can be screened: proposals that are cut blindly were asked for in vain."""
    if not (settings.screen and _goes_by_cases(settings)):
        return settings
    return replace(settings, most_candidates=max(1, settings.most_candidates // 2))


def _fewer_proposals(settings: OptimizeSettings, _sizes: Sizes) -> OptimizeSettings:
    def halved(counts: Mapping[str, int]) -> Mapping[str, int]:
        return {name: max(1, count // 2) for name, count in counts.items()}

    return replace(settings, first=halved(settings.first), proposers=halved(settings.proposers))


_STEPS: Sequence[Callable[[OptimizeSettings, Sizes], OptimizeSettings]] = (
    _fewer_pulls,
    _smaller_batch,
    _smaller_look,
    _fewer_parents,
    _fewer_candidates,
    _fewer_proposals,
)
