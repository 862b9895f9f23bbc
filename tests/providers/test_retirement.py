import json
from datetime import date
from pathlib import Path

import pytest

from pytest_promptopt.providers import retirement
from pytest_promptopt.providers.request import Model
from pytest_promptopt.providers.retirement import retirement_notice

OCTOBER = (
    "(source: https://dev.to/importstatic/every-openai-model-shutdown-date-until-january-2027-and-"
    "what-replaces-it-1dfk, read on 2026-11-28); `promptopt migrate` moves a prompt to another "
    "model"
)


def notice(name: str, today: date, base_url: str | None = None) -> str:
    provider, _, rest = name.partition("/")
    return retirement_notice(Model(provider=provider, name=rest, base_url=base_url), today)


@pytest.mark.parametrize(
    ("name", "today", "told"),
    [
        ("openai/gpt-4o-2024-05-13", date(2026, 10, 24), "was retired on 2026-10-23"),
        ("openai/gpt-4o-2024-05-13", date(2026, 10, 23), "is retired on 2026-10-23, today"),
        ("openai/o1-2024-12-17", date(2026, 10, 22), "is retired on 2026-10-23, in 1 day"),
        ("openai/o1", date(2026, 7, 25), "is retired on 2026-10-23, in 90 days"),
    ],
)
def test_a_model_that_ends_soon_or_has_ended_is_told_with_its_source(
    name: str, today: date, told: str
) -> None:
    assert notice(name, today) == f"{name} {told} {OCTOBER}"


@pytest.mark.parametrize(
    ("name", "today"),
    [
        ("openai/o1", date(2026, 7, 24)),
        ("openai/gpt-99", date(2030, 1, 1)),
        ("openai/gpt-4o", date(2026, 12, 1)),
        ("scripted/gpt-4", date(2030, 1, 1)),
    ],
)
def test_nothing_is_told_long_before_or_of_what_is_not_known(name: str, today: date) -> None:
    assert notice(name, today) == ""


def test_the_same_name_at_another_address_is_not_told() -> None:
    assert notice("openai/gpt-4", date(2027, 1, 1))
    assert notice("openai/gpt-4", date(2027, 1, 1), "http://127.0.0.1:8000/v1") == ""


def test_every_day_has_a_source_with_the_day_on_which_it_was_read() -> None:
    path = Path(retirement.__file__).with_name("retirements.json")
    table = json.loads(path.read_text(encoding="utf-8"))
    assert {entry["source"] for entry in table["models"].values()} == set(table["sources"])
    assert all(date.fromisoformat(entry["day"]) for entry in table["models"].values())
    assert all(date.fromisoformat(source["as_of"]) for source in table["sources"].values())
    assert all(source["url"].startswith("https://") for source in table["sources"].values())
