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
    table = _table()
    name = str(model)
    entry = table["models"].get(name) or table["models"].get(without_snapshot(name))
    if entry is None or model.base_url is not None:
        return ""
    day = date.fromisoformat(entry["day"])
    left = (day - today).days
    if left > TOLD_DAYS:
        return ""
    source = table["sources"][entry["source"]]
    when = f"was retired on {day}" if left < 0 else f"is retired on {day}, {_ahead(left)}"
    return (
        f"{name} {when} (source: {source['url']}, read on {source['as_of']}); "
        "`promptopt migrate` moves a prompt to another model"
    )


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
