import pytest

from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import judge
from pytest_promptopt.evaluation.mutation_minimum import with_mutation
from pytest_promptopt.evaluation.mutation_record import (
    Fate,
    MutantRecord,
    MutationRecord,
    SentenceRecord,
)
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.prompts.prompt import GateSettings


def record(noticed: int, unnoticed: int, *, left: int = 0, remark: str = "") -> MutationRecord:
    fates = [Fate.NOTICED] * noticed + [Fate.UNNOTICED] * unnoticed + [Fate.OPEN] * left
    return MutationRecord(
        sentences=(SentenceRecord(message=0, start=0, end=1, line=1, text="a"),),
        mutants=tuple(
            MutantRecord(sentence=0, kind="dropped", before="a", after="", fate=fate)
            for fate in fates
        ),
        remark=remark,
    )


@pytest.mark.parametrize(
    ("confidence", "inconclusive", "found", "decision", "passed", "told"),
    [
        (None, "fail", record(6, 4), "PASS", True, "0.600 reaches minMutation 0.6 (10 mutants)"),
        (None, "fail", record(5, 4), "FAIL", False, "0.556 is under minMutation 0.6 (9 mutants)"),
        (0.95, "fail", record(40, 10), "PASS", True, "reaches minMutation 0.6 with 95 % conf"),
        (0.95, "fail", record(6, 4), "INCONCLUSIVE", False, "could lie on either side"),
        (0.95, "pass", record(6, 4), "INCONCLUSIVE", True, "could lie on either side"),
        (0.95, "fail", record(2, 30), "FAIL", False, "is under minMutation 0.6 with 95 %"),
        (None, "fail", record(6, 2, left=1), "PASS", True, "reaches"),
        (None, "fail", record(6, 2, left=9), "INCONCLUSIVE", False, "9 more not decided"),
        (None, "fail", record(0, 0, remark="too noisy"), "INCONCLUSIVE", False, "too noisy"),
        (None, "fail", record(0, 0), "INCONCLUSIVE", False, "no mutant changed an answer"),
    ],
)
def test_the_mutation_score_is_held_to_its_minimum(
    confidence: float | None,
    inconclusive: str,
    found: MutationRecord,
    decision: str,
    passed: bool,
    told: str,
) -> None:
    gate = GateSettings(
        line=1,
        min_mutation=0.6,
        confidence=confidence,
        inconclusive_passes=inconclusive == "pass",
    )
    results = (GoldenResult(id="a", outcome=Outcome.PASSED, score=1.0),)
    before = judge(gate, Evaluation(location="a", results=results))
    assert before.decision is Decision.PASS
    assert "minMutation was not applied: --prompt-mutate asks the mutants" in before.remarks
    verdict = with_mutation(before, gate, found)
    assert (verdict.decision, verdict.passed) == (decision, passed)
    [text] = verdict.remarks if passed else verdict.reasons
    assert told in text
    assert bool(verdict.headline) is not passed
