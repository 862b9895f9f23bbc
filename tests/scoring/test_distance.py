from typing import Any

import pytest

from tests.scoring.entries import complaint, flaw, score


@pytest.mark.parametrize(
    ("expected", "answer", "most", "value"),
    [
        ("kitten", "sitting", 3, 1),
        ("kitten", "sitting", 2, 0),
        ("kitten", " kitten\n", 0, 1),
        (["Bern", "Berne"], "Berna", 1, 1),
        ("Bern", "", 4, 1),
        ("Bern", "", 3, 0),
    ],
)
def test_the_distance_is_levenshteins(expected: Any, answer: str, most: int, value: float) -> None:
    assert score({"distance": {"max": most}}, answer, expected=expected).value == value


def test_a_text_that_is_too_far_away_says_so() -> None:
    result = score({"distance": {"to": ["Bern", "Basel"], "max": 1}}, "Zürich")
    assert result.reason == 'more than 1 characters away: expected "Bern" or "Basel", got "Zürich"'


def test_two_long_texts_with_many_slips_are_not_compared() -> None:
    result = score({"distance": {"to": "a" * 1_000_000, "max": 10_000}}, "b" * 1_000_000)
    assert result.value is None
    assert result.reason == "an answer of 1,000,000 characters is too long to compare"


def test_the_most_must_be_named_and_the_reference_there() -> None:
    assert "object missing required field `max`" in complaint({"distance": "a"})
    assert flaw({"distance": {"to": "{{answer}}", "max": 1}}, answer=" ") == "a reference is empty"
