"""Goldens asked until the verdict is decided: errors under peeking, and calls that are saved.

First the bounds are looked at after every golden, of prompts that stand exactly at their limit, so
that each FAIL and each PASS is a false one. Then whole runs are judged by the gate itself, at the
looks that a run takes, and by the gate that asks all goldens. All with a fixed seed. Run it as
``python -m benchmarks.until_decided``; it takes about a quarter of an hour.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.gate import print_table
from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import is_decided, judge
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.evaluation.stopping import blocks
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import GateSettings
from pytest_promptopt.statistics.comparison import Pair
from pytest_promptopt.statistics.intervals import Interval, one_sided, verdict_interval
from pytest_promptopt.statistics.watched import compare_watched, watched_interval

Numbers = NDArray[np.float64]
Counts = tuple[tuple[float, int], ...]
"""Scores or differences with how many there are of each."""

Bounds = Callable[[Counts, int], Interval]

MINIMUM = 0.8
MOST_DROP = 0.02
SURE = GateSettings(line=1, minimum=MINIMUM, confidence=0.95)
PLAIN = GateSettings(line=1, minimum=MINIMUM)
DROP = GateSettings(line=1, max_drop=MOST_DROP)
MAIN = BaseRecord(label="main")
TWO_SIDED = one_sided(0.95)
PEEKED = 100
"""Goldens of a prompt that is looked at after each."""

RUNS = 1000
GRADED_RUNS = 200
GOLDENS = (200, 1000)
RATES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
DROPS = {200: (0.0, 0.02, 0.05, 0.1, 0.2), 1000: (0.0, 0.1, 0.2)}
"""By how many goldens there are."""

SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Peeked:
    """Bounds that are looked at, and scores that are drawn at the ``limit``, a row a run."""

    name: str
    draw: Callable[[np.random.Generator, tuple[int, int]], Numbers]
    bounds: Bounds
    limit: float
    runs: int = RUNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A verdict, and after how many goldens it was given."""

    decision: Decision
    asked: int


def main() -> None:
    print(f"\n`min: {MINIMUM}`, `maxDrop: {MOST_DROP}`, {PEEKED} goldens, a look after each\n")
    print_table(
        ("scores", "bounds", "false FAIL", "false PASS"),
        [peeked_row(peeked) for peeked in PEEKING],
    )
    for settings, name in ((SURE, "`confidence: 0.95`"), (PLAIN, "without `confidence`")):
        print(f"\n`min: {MINIMUM}`, {name}\n")
        print_table(
            (
                "goldens",
                "true rate",
                "all asked: PASS, FAIL",
                "until decided: PASS, FAIL",
                "goldens asked",
                "saved",
            ),
            [rate_row(settings, goldens, rate) for goldens in GOLDENS for rate in RATES],
        )
    print(f"\n`maxDrop: {MOST_DROP}`, one golden in fifty better and one worse by chance\n")
    print_table(
        (
            "goldens",
            "true drop",
            "all asked: FAIL",
            "until decided: FAIL",
            "goldens asked",
            "saved",
        ),
        [drop_row(goldens, drop) for goldens, drops in DROPS.items() for drop in drops],
    )


def peeked_row(peeked: Peeked) -> tuple[str, ...]:
    scores = peeked.draw(np.random.default_rng(SEED), (peeked.runs, PEEKED))
    fails = passes = 0
    for run in scores:
        found = [
            peeked.bounds(counts_of(run[:count]), PEEKED - count) for count in range(1, PEEKED + 1)
        ]
        fails += any(bounds.high < peeked.limit for bounds in found)
        passes += any(bounds.low > peeked.limit for bounds in found)
    kind, _, bounds = peeked.name.partition(": ")
    return kind, bounds, f"{100 * fails / peeked.runs:.1f} %", f"{100 * passes / peeked.runs:.1f} %"


def counts_of(scores: Numbers) -> Counts:
    values, counts = np.unique(scores, return_counts=True)
    return tuple(zip(map(float, values), map(int, counts), strict=True))


@cache
def watched(counts: Counts, left: int) -> Interval:
    scores = listed(counts)
    weights = [1.0] * len(scores)
    return watched_interval(scores, weights=weights, left=[1.0] * left, confidence=TWO_SIDED)


@cache
def fixed_size(counts: Counts, _left: int) -> Interval:
    return verdict_interval(listed(counts), confidence=TWO_SIDED)


@cache
def watched_pairs(counts: Counts, left: int) -> Interval:
    pairs = [
        Pair(
            golden_id="",
            before=max(-gain, 0.0),
            after=max(gain, 0.0),
            passed_before=gain < 0,
            passed_after=gain > 0,
        )
        for gain in listed(counts)
    ]
    return compare_watched(pairs, left=[1.0] * left, confidence=TWO_SIDED).interval


def listed(counts: Counts) -> Sequence[float]:
    return [value for value, count in counts for _ in range(count)]


def hits(rate: float, rng: np.random.Generator, shape: tuple[int, int]) -> Numbers:
    return (rng.random(shape) < rate).astype(float)


def halves(rare: float, rng: np.random.Generator, shape: tuple[int, int]) -> Numbers:
    """Scores of 0, .5 and 1 whose mean is ``MINIMUM``, a share of ``rare`` of them .5."""
    drawn = rng.random(shape)
    return np.where(drawn < rare, 0.5, (drawn < MINIMUM + rare / 2).astype(float))


def grades(rng: np.random.Generator, shape: tuple[int, int]) -> Numbers:
    return rng.beta(10 * MINIMUM, 10 * (1 - MINIMUM), shape)


def gains(lost: float, rng: np.random.Generator, shape: tuple[int, int]) -> Numbers:
    """Differences of −1, 0 and 1 whose mean is the drop that is just allowed."""
    drawn = rng.random(shape)
    return (drawn > 1 - lost + MOST_DROP).astype(float) - (drawn < lost)


PEEKING = (
    *(
        Peeked(
            name=f"passes and misses, {rate}: {name}",
            draw=partial(hits, rate),
            bounds=bounds,
            limit=rate,
        )
        for rate in (0.8, 0.95)
        for name, bounds in (("of a fixed size", fixed_size), ("until decided", watched))
    ),
    Peeked(
        name="0, .5 and 1: until decided",
        draw=partial(halves, 0.2),
        bounds=watched,
        limit=MINIMUM,
        runs=GRADED_RUNS,
    ),
    Peeked(
        name="0 and 1, .5 in one of fifty: until decided",
        draw=partial(halves, 0.02),
        bounds=watched,
        limit=MINIMUM,
        runs=GRADED_RUNS,
    ),
    Peeked(
        name="graded, beta(8, 2): until decided",
        draw=grades,
        bounds=watched,
        limit=MINIMUM,
        runs=GRADED_RUNS,
    ),
    *(
        Peeked(
            name=f"differences, {100 * lost:.0f} % broken: until decided",
            draw=partial(gains, lost),
            bounds=watched_pairs,
            limit=-MOST_DROP,
            runs=GRADED_RUNS,
        )
        for lost in (0.05, 0.2)
    ),
)


def rate_row(settings: GateSettings, goldens: int, rate: float) -> tuple[str, ...]:
    scores = hits(rate, np.random.default_rng(SEED), (RUNS, goldens))
    found = [stopped(settings, goldens, tuple(np.cumsum(run)[looks(goldens)])) for run in scores]
    whole = [in_full(settings, goldens, int(run.sum())) for run in scores]
    asked = np.mean([one.asked for one in found])
    return (
        f"{goldens:,}",
        f"{rate:g}",
        told(whole),
        told([one.decision for one in found]),
        f"{asked:.0f}",
        f"{100 * (1 - asked / goldens):.0f} %",
    )


def told(decisions: Sequence[Decision]) -> str:
    shares = (np.mean([d is kind for d in decisions]) for kind in (Decision.PASS, Decision.FAIL))
    return ", ".join(f"{100 * share:.1f} %" for share in shares)


@cache
def looks(goldens: int) -> Sequence[int]:
    """The places of the last goldens before each look."""
    made = [Golden(id=str(n), variables={}, path="a", line=1) for n in range(goldens)]
    return [int(place) for place in np.cumsum([len(block) for block in blocks(made)]) - 1]


def stopped(settings: GateSettings, goldens: int, passed: Sequence[float]) -> Stopped:
    for place, count in zip(looks(goldens), passed, strict=True):
        decision = at_look(settings is SURE, int(count), place + 1, goldens)
        if decision is not None:
            return Stopped(decision=decision, asked=place + 1)
    raise AssertionError("the last look decides")


@cache
def at_look(is_sure: bool, passed: int, asked: int, goldens: int) -> Decision | None:
    """The verdict where it is decided."""
    settings = SURE if is_sure else PLAIN
    evaluation = evaluated(passed, asked - passed, goldens - asked)
    if not is_decided(settings, evaluation):
        return None
    return judge(settings, evaluation, is_watched=True).decision


def in_full(settings: GateSettings, goldens: int, passed: int) -> Decision:
    return full_verdict(settings is SURE, goldens, passed)


@cache
def full_verdict(is_sure: bool, goldens: int, passed: int) -> Decision:
    settings = SURE if is_sure else PLAIN
    return judge(settings, evaluated(passed, goldens - passed, 0)).decision


def drop_row(goldens: int, drop: float) -> tuple[str, ...]:
    drawn = np.random.default_rng(SEED).random((GRADED_RUNS, goldens))
    fixed, broken = drawn > 0.98, drawn < drop + 0.02
    found, whole = [], []
    for one, other in zip(np.cumsum(fixed, axis=1), np.cumsum(broken, axis=1), strict=True):
        for place in looks(goldens):
            decision = drop_at_look(int(one[place]), int(other[place]), place + 1, goldens)
            if decision is not None:
                found.append(Stopped(decision=decision, asked=place + 1))
                break
        whole.append(full_drop(int(one[-1]), int(other[-1]), goldens))
    asked = np.mean([one.asked for one in found])
    return (
        f"{goldens:,}",
        f"{drop:g}",
        f"{100 * np.mean([decision is Decision.FAIL for decision in whole]):.1f} %",
        f"{100 * np.mean([one.decision is Decision.FAIL for one in found]):.1f} %",
        f"{asked:.0f}",
        f"{100 * (1 - asked / goldens):.0f} %",
    )


@cache
def drop_at_look(fixed: int, broken: int, asked: int, goldens: int) -> Decision | None:
    now = evaluated(asked - broken, broken, goldens - asked)
    before = evaluated(asked - fixed, fixed, 0, first=broken)
    if not is_decided(DROP, now, MAIN, before):
        return None
    return judge(DROP, now, MAIN, before, is_watched=True).decision


@cache
def full_drop(fixed: int, broken: int, goldens: int) -> Decision:
    before = evaluated(goldens - fixed, fixed, 0, first=broken)
    return judge(DROP, evaluated(goldens - broken, broken, 0), MAIN, before).decision


def evaluated(passed: int, missed: int, left: int, *, first: int = 0) -> Evaluation:
    """Goldens of which those from the ``first`` on missed, and those that were not asked."""
    results = [
        GoldenResult(
            id=str(number),
            outcome=Outcome.MISSED if first <= number < first + missed else Outcome.PASSED,
            score=float(not first <= number < first + missed),
        )
        for number in range(passed + missed)
    ]
    rest = [GoldenResult(id=f"left {number}", outcome=Outcome.NOT_NEEDED) for number in range(left)]
    return Evaluation(location="a.prompt.yml", results=(*results, *rest))


if __name__ == "__main__":
    main()
