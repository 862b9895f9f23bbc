"""The day on which a hosted model ends, where that is known."""

import functools
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pytest_promptopt.providers.pricing import without_snapshot
from pytest_promptopt.providers.request import Model

TOLD_DAYS = 90

_TABLE = Path(__file__).with_name("retirements.json")


def utc_today() -> date:
    """The day, in UTC."""
    return datetime.now(UTC).date()


def retirement_notice(model: Model, today: date) -> str:
    """A sentence where the model ends within 90 days of ``today``, or has ended; else empty.

    The dates of this package (``retirements.json``) are those of the providers' own addresses;
    they say nothing about the same name elsewhere.
    """
    name = str(model)
    day = retirement_day(name)
    if day is None or model.base_url is not None:
        return ""
    left = (day - today).days
    if left > TOLD_DAYS:
        return ""
    source = _table()["sources"][_entry(name)["source"]]
    when = f"was retired on {day}" if left < 0 else f"is retired on {day}, {_ahead(left)}"
    return (
        f"{name} {when} (source: {source['url']}, read on {source['as_of']}); "
        "`promptopt migrate` moves a prompt to another model"
    )


def retirement_day(name: str) -> date | None:
    """The day on which the model ``provider/name`` ends; None where it is not known."""
    day = _entry(name).get("day")
    return None if day is None else date.fromisoformat(day)


def retiring() -> tuple[str, ...]:
    """The models that end on a day that is known, as ``provider/name``."""
    return tuple(_table()["models"])


def _entry(name: str) -> Mapping[str, str]:
    models = _table()["models"]
    entry: Mapping[str, str] = models.get(name) or models.get(without_snapshot(name)) or {}
    return entry


def _ahead(days: int) -> str:
    match days:
        case 0:
            return "today"
        case 1:
            return "in 1 day"
        case _:
            return f"in {days} days"


@functools.cache
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return table
