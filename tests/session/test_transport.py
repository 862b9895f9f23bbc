"""Reports arrive as they were sent, whatever text is in them."""

import json
from typing import Any

import pytest

from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.evaluation import Answer, GoldenResult, Mark, Outcome
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.session.transport import ReceivingReports, SendingReports

HALF = "an emoji \ud83d"
RESULT = GoldenResult(
    id=HALF,
    outcome=Outcome.MISSED,
    score=0.5,
    evaluators=(Mark(name="a", score=None, passed=False, reason="so"),),
    cost_usd=None,
    answers=(Answer(text=HALF),),
)
RECORD = PromptRecord(
    key="a",
    location="a",
    model=HALF,
    goldens=2,
    base=BaseRecord(label="main", loosened=(HALF,)),
    results=(RESULT.against(RESULT),),
    verdict=Verdict(decision=Decision.FAIL, passed=False, score=None, reasons=(HALF,)),
)


@pytest.mark.parametrize(
    "data",
    [
        {"longrepr": HALF, "promptopt": RECORD},
        {"sections": [["stdout", "\udc00 and 😀"]], "user_properties": [["a", None]]},
        {"longrepr": "ü 😀", "promptopt": None},
    ],
)
def test_data_is_sendable_on_the_way_and_the_same_in_the_end(data: dict[str, Any]) -> None:
    sending = SendingReports().pytest_report_to_serializable()
    next(sending)
    with pytest.raises(StopIteration) as ended:
        sending.send(data)
    sent = ended.value.value
    assert json.dumps(sent, ensure_ascii=False).encode()
    ReceivingReports().pytest_report_from_serializable(data=sent)
    assert sent == data
