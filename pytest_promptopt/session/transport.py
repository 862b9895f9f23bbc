"""Reports on their way between processes: records as plain data, and any text as it is.

xdist sends strings as UTF-8, which half a surrogate pair cannot be. Models send such halves where
an emoji is cut off, and JSON files may hold them.
"""

import json
from typing import Any

import pytest

from pytest_promptopt.codec import from_json, to_json
from pytest_promptopt.evaluation.record import PromptRecord

_MARK = "promptopt_json"
_RECORD = "promptopt"


class SendingReports:
    """Writes the record as plain data, and such text as JSON, in which it is ASCII.

    In workers, and wherever another plugin writes reports down.
    """

    @pytest.hookimpl(wrapper=True)
    def pytest_report_to_serializable(self) -> Any:
        """The report's data, ready to be sent."""
        data = yield
        if data is not None and data.get(_RECORD) is not None:
            data = {**data, _RECORD: to_json(data[_RECORD])}
        return _sendable(data)


class ReceivingReports:
    """In the controller: the inverse."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_from_serializable(self, data: dict[str, Any]) -> None:
        """Restore the data in place, for pytest to make the report of."""
        data.update(_restored(data))
        if data.get(_RECORD) is not None:
            data[_RECORD] = from_json(PromptRecord, data[_RECORD])


def _sendable(value: Any) -> Any:
    if isinstance(value, str):
        return value if _is_valid(value) else {_MARK: json.dumps(value)}
    if isinstance(value, dict):
        return {_sendable_key(key): _sendable(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_sendable(held) for held in value]
    return value


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_MARK}:
            return json.loads(value[_MARK])
        return {key: _restored(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_restored(held) for held in value]
    return value


def _sendable_key(key: Any) -> Any:
    return key.encode("utf-8", "backslashreplace").decode() if isinstance(key, str) else key


def _is_valid(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
