"""Records to JSON and back, whatever numbers and texts they hold."""

import json
from dataclasses import dataclass

import pytest

from pytest_promptopt.codec import Share, encoded, from_json, to_json
from pytest_promptopt.prompts.written import WrittenFloat, WrittenInt


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    count: int
    text: str
    parts: tuple[Part, ...] = ()
    least: float | None = None


def test_numbers_that_remember_how_they_were_written_become_numbers() -> None:
    whole = Whole(
        count=WrittenInt("0x10"), text="\ud800", parts=(Part(share=WrittenFloat("1e-1")),)
    )
    plain = to_json(whole)
    assert json.loads(json.dumps(plain)) == {
        "count": 16,
        "text": "\ud800",
        "parts": [{"share": 0.1}],
        "least": None,
    }
    assert type(plain["count"]) is int
    assert from_json(Whole, plain) == whole


@pytest.mark.parametrize("text", ["straße 🙂\n", "half a pair: \ud800"])
def test_a_record_comes_back_from_its_text(text: str) -> None:
    whole = Whole(count=WrittenInt("0x10"), text=text, parts=(Part(share=WrittenFloat("1e-1")),))
    assert from_json(Whole, json.loads(encoded(whole))) == whole


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"count": "1", "text": ""}, "`count`: expected a whole number, got text"),
        ({"count": 1}, "object missing required field `text`"),
        (
            {"count": 1, "text": "", "parts": [{"share": 0}, {"share": 2}]},
            "`parts[1].share`: expected a number <= 1.0",
        ),
        ([], "expected an object, got a list"),
        ({"count": 1, "text": "", "least": []}, "`least`: expected a number, got a list"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=r"expected|missing") as caught:
        from_json(Whole, value)
    assert str(caught.value) == message
