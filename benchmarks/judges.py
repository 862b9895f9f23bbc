"""The coverage of scores that labels correct: judges from useless to perfect.

Answers are good at a true rate, a judge scores all of them and people label some, drawn at random.
How often does the 95 % interval hold the rate that people would find: that of the judge's scores
alone, and that of the corrected score? Run it as ``python -m benchmarks.judges``; it takes ten
to twenty minutes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pytest_promptopt.statistics.intervals import Interval, verdict_interval
from pytest_promptopt.statistics.prediction_powered import Scored, corrected

CONFIDENCE = 0.95
RUNS = 300
GOLDENS = 200
LABELS = (10, 30, 100)
RATES = (0.6, 0.85, 0.97)
SEED = 20261129


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


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
