from collections.abc import Mapping
from typing import Any

import pytest

from pytest_promptopt.codec import from_json, to_json
from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import judge
from pytest_promptopt.evaluation.together import judged_together
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.prompts.prompt import GateSettings

BASE = BaseRecord(label="main")
WEAK = "score 0.700 is under min 0.85 with 95 % confidence: at most 0.817 (40 goldens scored)"


def results(passed: int, *, required: bool = False) -> Evaluation:
    """Forty goldens of one tag, of which so many passed."""
    return Evaluation(
        location="a.prompt.yml",
        results=tuple(
            GoldenResult(
                id=f"g{number}",
                outcome=Outcome.PASSED if number < passed else Outcome.MISSED,
                score=float(number < passed),
                tags=("t",),
                required=required,
            )
            for number in range(40)
        ),
    )


def on_min(passed: int, *, required: bool = False, **settings: Any) -> Verdict:
    gate = GateSettings(line=1, **{"minimum": 0.85, "confidence": 0.95, **settings})
    return judge(gate, results(passed, required=required), is_alone=False)


def on_drop(passed: int, **settings: Any) -> Verdict:
    gate = GateSettings(line=1, max_drop=0.02, **settings)
    return judge(gate, results(passed), BASE, results(40), is_alone=False)


def holding(count: int, verdict: Verdict) -> dict[str, Verdict]:
    return {f"holding {number}": verdict for number in range(count)}


def told(verdicts: Mapping[str, Verdict], method: str = "holm") -> Verdict:
    return judged_together(verdicts, method)["it"]


@pytest.mark.parametrize(("inconclusive_passes", "passed"), [(False, False), (True, True)])
def test_a_weak_fail_on_min_is_inconclusive_among_many(
    inconclusive_passes: bool, passed: bool
) -> None:
    weak = on_min(28, inconclusive_passes=inconclusive_passes)
    assert (weak.decision, weak.reasons) == ("FAIL", (WEAK,))
    verdict = told({"it": weak, **holding(19, on_min(39))})
    assert (verdict.decision, verdict.passed) == ("INCONCLUSIVE", passed)
    text = (
        f"was FAIL by itself: {WEAK}; with 20 limits on min judged together (holm) that takes "
        "99.75 % confidence"
    )
    assert (verdict.remarks if passed else verdict.reasons) == (text,)


def test_a_strong_fail_stays_and_says_so() -> None:
    verdict = told({"it": on_min(20), **holding(19, on_min(39))})
    assert (verdict.decision, verdict.passed) == ("FAIL", False)
    assert verdict.headline == "score 0.500 < min 0.85"
    [reason] = verdict.reasons
    assert reason.endswith("; FAIL also with 20 limits on min judged together (holm)")


def test_a_drop_that_is_not_shown_among_many_holds() -> None:
    weak = on_drop(34)
    assert weak.decision == "FAIL"
    verdict = told({"it": weak, **holding(19, on_drop(40))})
    assert (verdict.decision, verdict.passed, verdict.headline) == ("PASS", True, "")
    [remark] = verdict.remarks
    assert remark.startswith("was FAIL by itself: a drop of more than maxDrop 0.02 is shown")
    assert remark.endswith(
        "with 20 limits on maxDrop judged together (holm) that takes 99.75 % confidence"
    )


def test_fails_that_are_many_count_by_the_share_of_false_ones() -> None:
    verdicts = {f"weak {n}": on_min(28) for n in range(9)} | {"it": on_min(28)}
    assert told(verdicts, "bh").decision == "FAIL"
    assert told(verdicts, "holm").decision == "INCONCLUSIVE"
    assert told({**verdicts, **holding(90, on_min(39))}, "bh").decision == "INCONCLUSIVE"


@pytest.mark.parametrize("method", ["holm", "bh"])
@pytest.mark.parametrize(
    "others",
    [
        {},
        {"no confidence": on_min(20, confidence=None)},
        {"another kind of limit": on_drop(34)},
    ],
)
def test_one_test_of_a_kind_stays_as_it_is(method: str, others: Mapping[str, Verdict]) -> None:
    for weak in (on_min(28), on_min(28, tags={"t": GateSettings(line=2, minimum=0.9)})):
        assert told({"it": weak, **others}, method) == weak


def test_nothing_is_judged_together_unless_asked_for() -> None:
    verdicts = {"it": on_min(28), **holding(19, on_min(39))}
    assert judged_together(verdicts, "none") == verdicts


def test_what_fails_besides_fails_still() -> None:
    verdict = told({"it": on_min(28, required=True), **holding(19, on_min(39))})
    assert (verdict.decision, verdict.passed) == ("FAIL", False)
    first, second = verdict.reasons
    assert first.startswith("required goldens that did not pass")
    assert second.startswith("was FAIL by itself")


def test_parts_share_the_error_that_is_left_to_their_prompt() -> None:
    part = GateSettings(line=2, minimum=0.85, confidence=0.95)
    alone, parted = on_min(26), on_min(26, tags={"t": part})
    assert (alone.decision, parted.decision) == ("FAIL", "FAIL")
    others = holding(19, on_min(39))
    assert told({"it": alone, **others}).decision == "FAIL"
    verdict = told({"it": parted, **others})
    assert verdict.decision == "INCONCLUSIVE"
    assert [reason.partition(":")[0] for reason in verdict.reasons] == [
        "was FAIL by itself",
        "tag t",
    ]


def test_neither_order_nor_a_way_through_json_makes_a_difference() -> None:
    verdicts = {"it": on_min(26), "strong": on_min(20), **holding(5, on_min(39)), "d": on_drop(34)}
    expected = judged_together(verdicts, "holm")
    sent = {key: from_json(Verdict, to_json(verdicts[key])) for key in reversed([*verdicts])}
    assert judged_together(sent, "holm") == expected
    assert {*expected} == {*verdicts}
