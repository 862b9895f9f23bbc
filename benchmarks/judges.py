"""The coverage of scores that labels correct, and of agreement: judges from useless to perfect.

Answers are good at a true rate, a judge scores all of them and people label some, drawn at random.
How often does the 95 % interval hold the rate that people would find: that of the judge's scores
alone, and that of the corrected score? And the intervals of κ and α?
And where both go by conversation? Run it as ``python -m benchmarks.judges``; it takes half an hour.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pytest_promptopt.statistics.agreement import alpha, distances, kappa
from pytest_promptopt.statistics.intervals import Interval, verdict_interval
from pytest_promptopt.statistics.prediction_powered import Scored, corrected

CONFIDENCE = 0.95
RUNS = 300
GOLDENS = 200
LABELS = (10, 30, 100)
RATES = (0.6, 0.85, 0.97)
SEED = 20261129
CLUSTER = 5
CLUSTER_RATE = 0.7
CLUSTER_RUNS = 200
APART = distances([1, 0])[:2, :2]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """How often it takes for good what is, and what is not."""

    name: str
    true_positive: float
    false_positive: float


JUDGES = (
    Judge(name="guesses", true_positive=0.5, false_positive=0.5),
    Judge(name="says good to all", true_positive=1.0, false_positive=1.0),
    Judge(name="says the contrary", true_positive=0.2, false_positive=0.8),
    Judge(name="right in 75 %", true_positive=0.75, false_positive=0.25),
    Judge(name="too kind", true_positive=0.98, false_positive=0.4),
    Judge(name="too strict", true_positive=0.8, false_positive=0.02),
    Judge(name="right in 95 %", true_positive=0.95, false_positive=0.05),
    Judge(name="right in 99 %", true_positive=0.99, false_positive=0.01),
    Judge(name="perfect", true_positive=1.0, false_positive=0.0),
)


@dataclass(slots=True, kw_only=True)
class Tally:
    """How often an interval held the rate, and how wide it was."""

    held: int = 0
    width: float = 0.0

    def add(self, interval: Interval, rate: float) -> None:
        """Take in one run."""
        self.held += interval.low - 1e-12 <= rate <= interval.high + 1e-12
        self.width += interval.high - interval.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came out of one judge, true rate and number of labels."""

    alone: Tally
    corrected: Tally
    labels_only: Tally
    powered: int


def simulate(judge: Judge, rate: float, labels: int, random: np.random.Generator) -> Found:
    """As many runs with answers, scores and labels of their own."""
    found = Found(alone=Tally(), corrected=Tally(), labels_only=Tally(), powered=0)
    powered = 0
    for _ in range(RUNS):
        good = random.random(GOLDENS) < rate
        chance = np.where(good, judge.true_positive, judge.false_positive)
        judged = (random.random(GOLDENS) < chance).astype(float)
        known = random.permutation(GOLDENS) < labels
        items = [
            Scored(float(score), float(label) if is_known else None)
            for score, label, is_known in zip(judged, good, known, strict=True)
        ]
        correction = corrected(items, confidence=CONFIDENCE)
        if correction is None:
            raise AssertionError("some are labelled")
        found.alone.add(verdict_interval([*map(float, judged)], confidence=CONFIDENCE), rate)
        found.corrected.add(correction.interval, rate)
        only = verdict_interval([*map(float, good[known])], confidence=CONFIDENCE)
        found.labels_only.add(only, rate)
        powered += correction.method == "PPI++"
    return Found(
        alone=found.alone,
        corrected=found.corrected,
        labels_only=found.labels_only,
        powered=powered,
    )


def rows() -> Iterator[str]:
    """The table in Markdown: the least coverage over the true rates, and mean widths."""
    heading = ("judge", "labels", "judge alone holds", "corrected holds", "width")
    yield f"| {' | '.join((*heading, 'labels alone, width', 'by PPI++'))} |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for number, judge in enumerate(JUDGES):
        for labels in LABELS:
            random = np.random.default_rng([SEED, number, labels])
            found = [simulate(judge, rate, labels, random) for rate in RATES]
            alone = min(one.alone.held for one in found) / RUNS
            held = min(one.corrected.held for one in found) / RUNS
            runs = RUNS * len(found)
            width = sum(one.corrected.width for one in found) / runs
            only = sum(one.labels_only.width for one in found) / runs
            powered = sum(one.powered for one in found) / runs
            yield (
                f"| {judge.name} | {labels} | {100 * alone:.1f} % | {100 * held:.1f} % | "
                f"{width:.2f} | {only:.2f} | {100 * powered:.0f} % |"
            )


def cluster_rows() -> Iterator[str]:
    """The table of answers that come in clusters, with a judge right in 85 % or guessing."""
    yield "| correlation within | right in | by answer holds | by cluster holds | width |"
    yield "|---:|---:|---:|---:|---:|"
    for alike, right in itertools.product((0.3, 0.9), (0.85, 0.5)):
        random = np.random.default_rng([SEED, round(10 * alike), round(100 * right)])
        by_answer, by_cluster = Tally(), Tally()
        for _ in range(CLUSTER_RUNS):
            items = _in_clusters(alike, right, random)
            for tally, kept in ((by_cluster, True), (by_answer, False)):
                known = items if kept else [item._replace(cluster="") for item in items]
                correction = corrected(known, confidence=CONFIDENCE)
                if correction is None:
                    raise AssertionError("some are labelled")
                tally.add(correction.interval, CLUSTER_RATE)
        told = (f"{100 * tally.held / CLUSTER_RUNS:.1f} %" for tally in (by_answer, by_cluster))
        width = by_cluster.width / CLUSTER_RUNS
        yield f"| {alike:g} | {100 * right:.0f} % | {' | '.join(told)} | {width:.2f} |"


def _in_clusters(alike: float, right: float, random: np.random.Generator) -> list[Scored]:
    """Answers of which those of a cluster, and the judge's errors on them, resemble each other."""
    spread = 1 / alike - 1
    clusters = np.repeat(np.arange(GOLDENS // CLUSTER), CLUSTER)

    def drawn(rate: float) -> NDArray[np.bool_]:
        own = random.beta(rate * spread, (1 - rate) * spread, GOLDENS // CLUSTER)
        return np.asarray(random.random(GOLDENS) < own[clusters])

    good, is_right = drawn(CLUSTER_RATE), drawn(right)
    known = random.permutation(GOLDENS) < LABELS[-1]
    return [
        Scored(float(label == agrees), float(label) if is_known else None, 1.0, f"c{cluster}")
        for label, agrees, is_known, cluster in zip(good, is_right, known, clusters, strict=True)
    ]


def agreement_rows() -> Iterator[str]:
    """How often the intervals of κ, and of α between two such raters, hold the true figure."""
    yield "| share of good | right in | labels | κ holds | α holds |"
    yield "|---:|---:|---:|---:|---:|"
    for rate, right in ((0.5, 0.5), (0.5, 0.85), (0.8, 0.9), (0.7, 0.97)):
        for labels in (20, 60):
            random = np.random.default_rng([SEED, labels, int(100 * right)])
            kappas, alphas = _held(rate, right, labels, random)
            yield (
                f"| {100 * rate:.0f} % | {100 * right:.0f} % | {labels} | "
                f"{100 * kappas:.0f} % | {100 * alphas:.0f} % |"
            )


def _held(
    rate: float, right: float, labels: int, random: np.random.Generator
) -> tuple[float, float]:
    shares = np.array([rate, 1 - rate])[:, None] * [[right, 1 - right], [1 - right, right]]
    true_kappa = _left_over(shares, shares.sum(axis=1), shares.sum(axis=0))
    both = np.array([[right, 1 - right], [1 - right, right]])
    pairs = both.T @ (np.array([rate, 1 - rate])[:, None] * both)
    true_alpha = _left_over(pairs, pairs.sum(axis=0), pairs.sum(axis=0))
    kappas = alphas = 0
    for _ in range(RUNS):
        good = (random.random(labels) >= rate).astype(int)
        one, other = (np.where(random.random(labels) < right, good, 1 - good) for _ in range(2))
        counts = np.zeros((2, 2), dtype=int)
        np.add.at(counts, (good, one), 1)
        found = kappa(counts.tolist(), APART, confidence=CONFIDENCE)
        between = alpha([*zip(one, other, strict=True)], APART, confidence=CONFIDENCE)
        kappas += found is None or found.interval.low <= true_kappa <= found.interval.high
        alphas += between is None or between.interval.low <= true_alpha <= between.interval.high
    return kappas / RUNS, alphas / RUNS


def _left_over(shares: Numbers, rows: Numbers, columns: Numbers) -> float:
    """What is left of the agreement when chance is taken off."""
    return float(1 - (shares * APART).sum() / (np.outer(rows, columns) * APART).sum())


if __name__ == "__main__":
    for row in itertools.chain(agreement_rows(), [""], rows(), [""], cluster_rows()):
        print(row, flush=True)
