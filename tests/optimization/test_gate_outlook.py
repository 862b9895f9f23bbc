from dataclasses import replace

import pytest

from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.gate_outlook import gate_outlook
from pytest_promptopt.prompts.prompt import GateSettings
from tests.optimization.world import golden, prompt


def cases(*scores: float) -> list[Case]:
    return [
        Case(
            golden=golden(number, "test"),
            answer="",
            score=score,
            passed=score == 1,
            result=GoldenResult(
                id=f"test-{number}",
                outcome=Outcome.PASSED if score == 1 else Outcome.MISSED,
                score=score,
                tags=("fr",) if number == 0 else (),
                required=number == 0,
            ),
        )
        for number, score in enumerate(scores)
    ]


@pytest.mark.parametrize(
    ("gate", "scores", "told"),
    [
        (
            GateSettings(line=1, minimum=0.75),
            (1, 1, 1, 0),
            "The gate holds on 4 test goldens with the new prompt: score 0.750, min 0.75.",
        ),
        (
            GateSettings(line=1, minimum=0.8),
            (1, 1, 0, 0),
            "The gate does not hold on 4 test goldens with the new prompt: score 0.500 is under "
            "min 0.8 (4 goldens scored); 0.300 is missing.",
        ),
        (
            GateSettings(line=1, minimum=0.5),
            (0, 1, 1, 1),
            "The gate does not hold on 4 test goldens with the new prompt: required goldens that "
            "did not pass: test-0.",
        ),
        (
            GateSettings(
                line=1,
                max_drop=0.1,
                tags={
                    "fr": GateSettings(line=2, minimum=0.5),
                    "de": GateSettings(line=3, minimum=1.0),
                },
            ),
            (1, 0),
            "The gate holds on 2 test goldens with the new prompt: score 0.500.",
        ),
        (
            None,
            (1, 0, 0),
            "Without a gate every golden must pass: 1 do on 3 test goldens with the new prompt; "
            "missing: 2.",
        ),
        (None, (), ""),
    ],
)
def test_whether_the_gate_holds_is_told_with_what_is_missing(
    gate: GateSettings | None, scores: tuple[float, ...], told: str
) -> None:
    gated = replace(prompt(), gate=gate)
    assert gate_outlook(gated, cases(*scores), "the new prompt") == told
