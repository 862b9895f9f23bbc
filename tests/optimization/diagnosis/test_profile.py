from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.optimization.diagnosis.profile import (
    AnswerKind,
    Key,
    Profile,
    Spread,
    profile_of,
)
from tests.optimization.answers import goldens


def profile(*expected: Any) -> Profile:
    return profile_of(goldens(*expected))


def test_few_short_values_that_come_back_are_labels() -> None:
    found = profile("returns", "billing", "returns", "billing ", "returns")
    assert found.kind is AnswerKind.LABEL
    assert found.labels == {"returns": 3, "billing": 2}
    assert found.sentences() == (
        'All 5 expected answers are one of 2 labels: "returns" (3), "billing" (2). '
        "They are in lower case.",
    )


@pytest.mark.parametrize(
    ("expected", "labels"),
    [
        ((True, False, True, False), {"true": 2, "false": 2}),
        ((1, 5, 1, 5), {"1": 2, "5": 2}),
        (("1", "5", "5", "1"), {"1": 2, "5": 2}),
    ],
)
def test_labels_need_not_be_text(expected: tuple[Any, ...], labels: dict[str, int]) -> None:
    assert profile(*expected).labels == labels


@pytest.mark.parametrize(
    "expected",
    [
        ("a", "a", "a", "a"),
        ("a", "b", "c", "a"),
        ("a", *"bbccdef", *"aaaaaaaaaa"),
        ("x" * 41, "y" * 41) * 4,
        ("two\nlines", "one") * 4,
        tuple(f"label {number}" for number in range(21)) * 5,
    ],
    ids=["one value", "hardly any twice", "many once", "long", "lines", "more than 20"],
)
def test_other_values_are_no_closed_set(expected: tuple[str, ...]) -> None:
    found = profile(*expected)
    assert (found.kind, found.labels) == (AnswerKind.TEXT, {})


def test_many_different_numbers_are_numbers() -> None:
    found = profile(*["2", "18", 7, 4, 5, 6, 8, 9] * 3)
    assert (found.kind, found.numbers, found.is_whole) == (
        AnswerKind.NUMBER,
        (Decimal(2), Decimal(18)),
        True,
    )
    assert found.sentences() == ("All 24 expected answers are whole numbers from 2 to 18.",)
    assert profile(1.5, 2).sentences() == ("All 2 expected answers are numbers from 1.5 to 2.",)


def test_objects_have_keys_with_types_and_forms() -> None:
    found = profile(
        {"total": 1, "due": "2024-05-31", "note": None},
        {"total": 2.5, "due": "2024-06-01"},
        '{"total": 3, "due": "2023-06-02", "note": "late"}',
    )
    assert found.kind is AnswerKind.OBJECT
    assert found.keys == (
        Key(name="total", types=("number",), is_always_there=True),
        Key(name="due", types=("text",), is_always_there=True, form="9999-99-99"),
        Key(name="note", types=("null", "text"), is_always_there=False),
    )
    assert found.sentences() == (
        'All 3 expected answers are JSON objects with the keys "total" (number), '
        '"due" (text, YYYY-MM-DD), "note" (null or text, not always there).',
    )


def test_lists_have_types_of_items() -> None:
    assert profile([1, True], [["x"], {}]).sentences() == (
        "All 2 expected answers are JSON lists of number or true or false or list or object.",
    )


def test_texts_have_lengths_casing_and_what_they_share() -> None:
    found = profile("Fix: the footer.", "Fix: a typo in it.", "Fix: all.")
    assert (found.words, found.characters) == (
        Spread(least=2, median=3, most=5),
        Spread(least=9, median=16, most=18),
    )
    assert (found.casing, found.prefix, found.suffix) == ("capitalised", "Fix: ", ".")
    assert found.sentences() == (
        "All 3 expected answers are texts of 2 to 5 words (median 3), 9 to 18 characters. "
        'They are capitalised. They all begin with "Fix: ". They all end with ".".',
    )


def test_a_form_and_an_answer_that_comes_back_are_told() -> None:
    dates = [f"19{year}-01-02" for year in range(50, 60)]
    assert profile(*dates, "none", "none", "none").sentences() == (
        "All 13 expected answers are texts of one word, 4 to 10 characters. "
        'Most have the form YYYY-MM-DD. Answers that come back: "none".',
    )


def test_a_shared_beginning_ends_with_a_word_and_holds_no_figures() -> None:
    assert profile("billboard", "billing", "bill").prefix == ""
    assert profile("2024-01 a", "2024-02 b", "2024-03 c").prefix == ""


def test_writing_systems_are_told_where_they_are_not_latin() -> None:
    assert profile("привет", "мир", "дом").scripts == ("CYRILLIC",)
    assert profile("привет", "мир", "дом").sentences()[0].endswith("Their letters are Cyrillic.")


def test_goldens_that_expect_nothing_give_no_profile() -> None:
    assert profile(None, None) == Profile(silent=2)
    assert profile(None, None).sentences() == (
        "No golden says what it expects: the form of a good answer is not known.",
    )
    assert profile(None, "a", "b").silent == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.lists(JSON, max_size=12))
def test_any_expected_values_can_be_told_of(expected: list[Any]) -> None:
    found = profile(*expected)
    assert found.count + found.silent == len(expected)
    assert all(sentence.isprintable() for sentence in found.sentences())
