"""Reports arrive as they were sent, whatever text is in them."""

import json
from typing import Any

import pytest

from pytest_promptopt.session.transport import ReceivingReports, SendingReports

HALF = "an emoji \ud83d"


@pytest.mark.parametrize(
    "data",
    [
        {"longrepr": HALF, "promptopt": {"answers": [{"text": HALF}], "tags": [HALF], "n": 1.5}},
        {"sections": [["stdout", "\udc00 and 😀"]], "user_properties": [["a", None]]},
        {"longrepr": "plain", "promptopt": {"expected": "ü 😀"}},
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
