"""Forty gates judged by themselves and together: false alarms, and what is found of real drops.

Runs of made-up prompts are judged by the gate itself, with a fixed seed. First all forty stand
exactly at their limit, so that each FAIL is a false alarm; then five of them are really worse. Run
it as ``python -m benchmarks.gates_together``; it takes half a minute.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.gate import print_table
from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import judge
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.evaluation.together import judged_together
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.prompts.prompt import GateSettings

GATES = 40
WORSE = 5
RUNS = 500
METHODS = ("none", "holm", "bh")
SEED = 1

Draw = Callable[[np.random.Generator, bool], Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of limit, and how a verdict on a prompt is drawn that stands at it, or is worse."""

    name: str
    draw: Draw


def main() -> None:
    print_table(
        (
            "40 gates on",
            "`prompt_gate_adjust`",
            "runs with a FAIL, all at the limit",
            "FAILs a run, all at the limit",
            "of 5 that are worse FAIL",
            "false alarms among the FAILs then",
        ),
        [row(kind, method) for kind in KINDS for method in METHODS],
    )


def row(kind: Kind, method: str) -> tuple[str, ...]:
    at_limit = np.array([failing(verdicts, method) for verdicts in runs(kind, worse=0)])
    mixed = np.array([failing(verdicts, method) for verdicts in runs(kind, worse=WORSE)])
    fails, false = mixed.sum(axis=1), mixed[:, WORSE:].sum(axis=1)
    return (
        kind.name,
        method,
        f"{100 * at_limit.any(axis=1).mean():.1f} %",
        f"{at_limit.sum(axis=1).mean():.2f}",
        f"{100 * mixed[:, :WORSE].mean():.0f} %",
        f"{100 * (false / np.maximum(fails, 1)).mean():.1f} %",
    )


def runs(kind: Kind, *, worse: int) -> list[list[Verdict]]:
    """The verdicts of each run by themselves, those on prompts that are worse first."""
    rng = np.random.default_rng(SEED)
    return [[kind.draw(rng, number < worse) for number in range(GATES)] for _ in range(RUNS)]


def failing(verdicts: Sequence[Verdict], method: str) -> list[bool]:
    judged = judged_together({str(n): verdict for n, verdict in enumerate(verdicts)}, method)
    return [verdict.decision is Decision.FAIL for verdict in judged.values()]


def on_min(rng: np.random.Generator, is_worse: bool) -> Verdict:
    return minimum_verdict(int(rng.binomial(100, 0.65 if is_worse else 0.85)))


def on_drop(rng: np.random.Generator, is_worse: bool) -> Verdict:
    return drop_verdict(int(rng.binomial(100, 0.12 if is_worse else 0.02)))


@cache
def minimum_verdict(passed: int) -> Verdict:
    settings = GateSettings(line=1, minimum=0.85, confidence=0.95)
    return judge(settings, evaluation([True] * passed + [False] * (100 - passed)), is_alone=False)


@cache
def drop_verdict(broken: int) -> Verdict:
    now = evaluation([True] * (100 - broken) + [False] * broken)
    settings = GateSettings(line=1, max_drop=0.02)
    return judge(settings, now, BaseRecord(label="main"), evaluation([True] * 100), is_alone=False)


def evaluation(passed: Sequence[bool]) -> Evaluation:
    results = tuple(
        GoldenResult(
            id=str(number),
            outcome=Outcome.PASSED if is_passed else Outcome.MISSED,
            score=float(is_passed),
        )
        for number, is_passed in enumerate(passed)
    )
    return Evaluation(location="a.prompt.yml", results=results)


KINDS = (
    Kind(name="`min: 0.85`, worse: .65", draw=on_min),
    Kind(name="`maxDrop: 0.02`, worse: a drop of .12", draw=on_drop),
)


if __name__ == "__main__":
    main()
