"""The errors of the gate: how often it errs, and between which rates it cannot tell.

Verdicts on ``min`` and ``maxDrop`` at one-sided 95 % confidence. On hits and misses the chances
of all outcomes are added up exactly; on graded scores, and on goldens that share clusters, runs are
simulated with a fixed seed. Run it as ``python -m benchmarks.gate``; it takes a few minutes.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, betainc, gammaln, xlog1py, xlogy

from pytest_promptopt.statistics.betting import final_capital, shuffled
from pytest_promptopt.statistics.intervals import clopper_pearson, one_sided, verdict_interval
from pytest_promptopt.statistics.paired import lowest_difference

Numbers = NDArray[np.float64]
Draw = Callable[[float, int, int], Numbers]

MINIMUM = 0.85
MOST_DROP = 0.02
CONFIDENCE = 0.95
GOLDENS = (40, 150, 500)
USUAL = 0.8
RUNS = 3000
SEARCH_RUNS = 400
SEARCH_STEPS = 9
CHANGED = (0.1, 0.3)
"""Shares of goldens that come out otherwise, where there is no drop."""
CLUSTER_RUNS = 400
ALIKE = (0.0, 0.3, 0.9)
"""Correlations of two goldens of one cluster."""
CLUSTERS = {"8 of 5": (5,) * 8, "30 of 5": (5,) * 30, "30 of 2, 5 and 8": (2, 5, 8) * 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The chances of FAIL and of PASS on ``min`` at a true rate."""

    name: str
    fails: Callable[[float, int, int], float]
    passes: Callable[[float, int, int], float]


def main() -> None:
    print(f"`min: {MINIMUM}`, verdicts at {CONFIDENCE:.0%}\n")
    print_table(
        (
            "scores",
            "goldens",
            f"FAIL at {MINIMUM}",
            f"PASS just under {MINIMUM}",
            f"INCONCLUSIVE at {MINIMUM}",
            f"{USUAL:.0%} FAIL up to",
            f"{USUAL:.0%} PASS from",
            "undecided zone",
        ),
        [row(gate, goldens) for gate in gates() for goldens in GOLDENS],
    )
    print(f"\n`maxDrop: {MOST_DROP}`\n")
    kinds = {"hits and misses": exact_drop_fails, "half steps": graded_drop_fails}
    cases = itertools.product(kinds.items(), CHANGED, GOLDENS)
    print_table(
        (
            "scores",
            "changed without a drop",
            "goldens",
            "FAIL without a drop",
            f"FAIL at a drop of {MOST_DROP}",
            f"{USUAL:.0%} FAIL from a drop of",
        ),
        [drop_row(*kind, changed, goldens) for kind, changed, goldens in cases],
    )
    print(f"\n`min: {MINIMUM}`, passes and misses that share clusters\n")
    print_table(
        (
            "clusters",
            "correlation within",
            *(
                f"{way}: {what}"
                for way in ("by golden", "by cluster")
                for what in (f"FAIL at {MINIMUM}", f"PASS just under {MINIMUM}", "width")
            ),
        ),
        [cluster_row(*kind, alike) for kind in CLUSTERS.items() for alike in ALIKE],
    )


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for line in (heads, ["---", *["---:"] * (len(heads) - 1)], *rows):
        print(f"| {' | '.join(line)} |")


def row(gate: Gate, goldens: int) -> tuple[str, ...]:
    false_fail = gate.fails(MINIMUM, goldens, RUNS)
    false_pass = gate.passes(MINIMUM, goldens, RUNS)
    low = boundary(lambda rate: gate.fails(rate, goldens, SEARCH_RUNS) < USUAL, 0.3, MINIMUM)
    high = boundary(lambda rate: gate.passes(rate, goldens, SEARCH_RUNS) >= USUAL, MINIMUM, 1)
    return (
        gate.name,
        str(goldens),
        f"{false_fail:.1%}",
        f"{false_pass:.1%}",
        f"{1 - false_fail - false_pass:.1%}",
        f"{low:.3f}",
        f"{high:.3f}",
        f"{high - low:.3f}",
    )


def drop_row(
    name: str, fails: Callable[[float, float, int, int], float], changed: float, goldens: int
) -> tuple[str, ...]:
    def is_usually_seen(drop: float) -> bool:
        return fails(drop, changed, goldens, SEARCH_RUNS) >= USUAL

    shares = (fails(drop, changed, goldens, RUNS) for drop in (0, MOST_DROP))
    least = boundary(is_usually_seen, MOST_DROP, 0.5)
    return name, f"{changed:.0%}", str(goldens), *map("{:.1%}".format, shares), f"{least:.3f}"


def boundary(is_beyond: Callable[[float], bool], low: float, high: float) -> float:
    """Where a fact that holds from some number on begins to hold, by bisection."""
    for _ in range(SEARCH_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_beyond(middle) else (middle, high)
    return high


def gates() -> Iterator[Gate]:
    yield Gate(name="hits and misses", fails=exact_fails, passes=exact_passes)
    for name, draw in (("beta(10 p, 10 (1 − p))", draw_beta), ("0, .5 and 1", draw_halves)):
        yield Gate(
            name=name, fails=partial(graded_fails, draw), passes=partial(graded_passes, draw)
        )


def exact_fails(rate: float, goldens: int, _runs: int) -> float:
    most, _ = counts(goldens)
    return float(bdtr(most, goldens, rate)) if most >= 0 else 0.0


def exact_passes(rate: float, goldens: int, _runs: int) -> float:
    _, least = counts(goldens)
    return float(bdtrc(least - 1, goldens, rate))


@cache
def counts(goldens: int) -> tuple[int, int]:
    """The most hits that FAIL and the least that PASS."""
    confidence = one_sided(CONFIDENCE)
    intervals = [
        clopper_pearson(hits, goldens, confidence=confidence) for hits in range(goldens + 1)
    ]
    failing = sum(interval.high < MINIMUM for interval in intervals)
    passing = sum(interval.low >= MINIMUM for interval in intervals)
    return failing - 1, goldens + 1 - passing


def graded_fails(draw: Draw, rate: float, goldens: int, runs: int) -> float:
    return share_shown(1 - draw(rate, goldens, runs), 1 - MINIMUM)


def graded_passes(draw: Draw, rate: float, goldens: int, runs: int) -> float:
    return share_shown(draw(rate, goldens, runs), MINIMUM)


def draw_beta(rate: float, goldens: int, runs: int) -> Numbers:
    rng = np.random.default_rng([1, goldens])
    return rng.beta(10 * rate, max(10 * (1 - rate), 1e-9), (runs, goldens))


def draw_halves(rate: float, goldens: int, runs: int) -> Numbers:
    """Scores of 0, .5 and 1; half of what lacks to 1 is lost by halves."""
    draws = np.random.default_rng([2, goldens]).random((runs, goldens))
    lack = 1 - rate
    return np.where(draws < lack / 2, 0, np.where(draws < lack * 3 / 2, 0.5, 1))


def share_shown(scores: Numbers, claim: float) -> float:
    """In how many runs, a row each, betting shows that the mean is higher than ``claim``."""
    error = 1 - CONFIDENCE
    played = np.sort(scores, axis=1)[:, shuffled(scores.shape[1])]
    capital = final_capital(played, np.array(claim), error=error)
    return float(np.mean(capital.mean(axis=1) * error >= 1))


def exact_drop_fails(drop: float, changed: float, goldens: int, _runs: int) -> float:
    """The chance that a drop beyond ``MOST_DROP`` is shown, summed over gains."""
    p_gained, p_lost = chances_of_change(drop, changed)
    total = 0.0
    for gained in range(goldens + 1):
        ways = gammaln(goldens + 1) - gammaln(gained + 1) - gammaln(goldens - gained + 1)
        chance = np.exp(ways + xlogy(gained, p_gained) + xlog1py(goldens - gained, -p_gained))
        if chance < 1e-9:
            continue
        least, others = losses_that_fail(gained, goldens), goldens - gained
        if least <= others:
            total += chance * betainc(least, others - least + 1, p_lost / (1 - p_gained))
    return float(total)


def chances_of_change(drop: float, changed: float) -> tuple[float, float]:
    p_gained = max(0.0, (changed - drop) / 2)
    return p_gained, p_gained + drop


@cache
def losses_that_fail(gained: int, goldens: int) -> int:
    """The least losses with which a drop beyond ``MOST_DROP`` is shown."""
    low, high = gained, goldens - gained + 1
    while low + 1 < high:
        lost = (low + high) // 2
        shown = lowest_difference(lost, gained, goldens, error=1 - CONFIDENCE) > MOST_DROP
        low, high = (low, lost) if shown else (lost, high)
    return high


def graded_drop_fails(drop: float, changed: float, goldens: int, runs: int) -> float:
    """The same by simulation, where twice as many goldens change, by a half each."""
    p_gained, p_lost = chances_of_change(drop, changed)
    draws = np.random.default_rng([3, goldens]).random((runs, goldens))
    drops = np.where(draws < 2 * p_lost, 0.5, np.where(draws > 1 - 2 * p_gained, -0.5, 0))
    return share_shown((drops + 1) / 2, (MOST_DROP + 1) / 2)


def cluster_row(name: str, sizes: Sequence[int], alike: float) -> tuple[str, ...]:
    """How often goldens taken as independent, and clusters, err at the minimum."""
    rng = np.random.default_rng([4, len(sizes), round(10 * alike)])
    clusters = [str(number) for number, size in enumerate(sizes) for _ in range(size)]
    found = {ways: [0, 0, 0.0] for ways in ((), tuple(clusters))}
    for _ in range(CLUSTER_RUNS):
        scores = draw_alike(rng, sizes, alike)
        for ways, told in found.items():
            interval = verdict_interval(scores, clusters=ways, confidence=one_sided(CONFIDENCE))
            told[0] += interval.high < MINIMUM
            told[1] += interval.low > MINIMUM
            told[2] += interval.high - interval.low
    cells = (
        (
            f"{fails / CLUSTER_RUNS:.1%}",
            f"{passes / CLUSTER_RUNS:.1%}",
            f"{width / CLUSTER_RUNS:.2f}",
        )
        for fails, passes, width in found.values()
    )
    return name, f"{alike:g}", *itertools.chain.from_iterable(cells)


def draw_alike(rng: np.random.Generator, sizes: Sequence[int], alike: float) -> list[float]:
    """Hits at the rate ``MINIMUM``, each as likely as its cluster's own draw of a beta."""
    spread = 1 / alike - 1 if alike else 0.0
    count = len(sizes)
    own = rng.beta(MINIMUM * spread, (1 - MINIMUM) * spread, count) if alike else MINIMUM
    rates = np.repeat(np.broadcast_to(own, count), sizes)
    return [*map(float, rng.random(len(rates)) < rates)]


if __name__ == "__main__":
    main()
