from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pytest_promptopt.evaluation.alarms import FalseAlarms, false_alarms
from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import judge
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.prompts.prompt import GateSettings

BASE = BaseRecord(label="main")


def results(passed: int, missed: int) -> Evaluation:
    """Goldens of one tag; those that missed come first."""
    return Evaluation(
        location="a.prompt.yml",
        results=tuple(
            GoldenResult(
                id=f"g{number}",
                outcome=Outcome.MISSED if number < missed else Outcome.PASSED,
                score=float(number >= missed),
                tags=("t",),
            )
            for number in range(passed + missed)
        ),
    )


def record(key: str, verdict: Verdict | None) -> PromptRecord:
    return PromptRecord(key=key, location=key, model="a/b", goldens=40, verdict=verdict)


def verdict_of(
    settings: Mapping[str, Any], base: BaseRecord | None = None, before: Evaluation | None = None
) -> Verdict:
    return judge(GateSettings(line=1, **settings), results(40, 0), base, before)


def part(**settings: Any) -> Mapping[str, GateSettings]:
    return {"t": GateSettings(line=2, **settings)}


@pytest.mark.parametrize(
    ("settings", "has_before", "expected"),
    [
        ({"minimum": 0.8}, True, (0, 0, 0)),
        ({"minimum": 0.8, "confidence": 0.9}, True, (1, 0, 0.1)),
        ({"minimum": 0.8, "confidence": 0.9, "max_drop": 0.1}, False, (1, 0, 0.1)),
        ({"minimum": 0.8, "confidence": 0.9, "max_drop": 0.1}, True, (1, 1, 0.2)),
        ({"max_drop": 0.1}, True, (0, 1, 0.05)),
        (
            {"minimum": 0.8, "confidence": 0.9, "tags": part(minimum=0.8, confidence=0.8)},
            True,
            (1, 0, 0.2),
        ),
        ({"max_drop": 0.1, "tags": part(max_drop=0.1)}, True, (0, 1, 0.05)),
        ({"tags": {"other": GateSettings(line=2, minimum=1, confidence=0.9)}}, True, (0, 0, 0)),
    ],
)
def test_what_is_tested_counts_once_a_prompt_and_kind_of_limit(
    settings: Mapping[str, Any], has_before: bool, expected: tuple[int, int, float]
) -> None:
    verdict = verdict_of(settings, BASE, results(40, 0) if has_before else None)
    found = false_alarms([record("a", verdict), record("b", None)])
    assert (found.on_min, found.on_max_drop, found.expected) == expected


def test_the_same_prompt_as_at_the_base_is_not_tested() -> None:
    verdict = verdict_of({"max_drop": 0.1}, replace(BASE, identical=True), None)
    assert false_alarms([record("a", verdict)]) == FalseAlarms(
        on_min=0, on_max_drop=0, expected=0.0, adjusted="", chance=0.0
    )
