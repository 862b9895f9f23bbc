from typing import Any

import pytest

from pytest_promptopt.scoring.score import FULL, Threshold
from tests.scoring.entries import complaint, evaluator, flaw, score


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ({"equals": "{{expected}}"}, "Refund"),
        ({"equals": "Refund"}, "  Refund\n"),
        ({"contains": "REF"}, "a refund"),
        ({"startsWith": "summary -"}, "Summary - of it"),
        ({"starts_with": "summary"}, "Summary - of it"),
        ({"endsWith": "DONE."}, "all done.\n"),
        ({"notContains": "sorry"}, "Fine"),
        ({"does_not_contain": "sorry"}, "Fine"),
        ({"startsWith": "re", "endsWith": "nd"}, "Refund"),
        ({"equals": 5}, "5"),
        ({"equals": ""}, " \n"),
        ({"contains": "{{{{x}}"}, "a {{X}} b"),
    ],
)
def test_a_string_that_holds_scores_1(options: dict[str, Any], answer: str) -> None:
    assert score({"string": options}, answer, expected="Refund").value == 1


@pytest.mark.parametrize(
    ("options", "answer", "reason"),
    [
        (
            {"equals": "Refund"},
            "refund",
            'expected exactly "Refund" (only upper and lower case differ), got "refund"',
        ),
        ({"equals": "Refund"}, "Refund.", 'expected exactly "Refund", got "Refund."'),
        ({"contains": "tax"}, "vat", 'does not contain "tax", got "vat"'),
        (
            {"startsWith": "a", "endsWith": "z"},
            "b",
            'does not start with "a"; does not end with "z", got "b"',
        ),
        ({"notContains": "SORRY"}, "Sorry!", 'contains "SORRY", got "Sorry!"'),
    ],
)
def test_a_string_that_does_not_hold_says_why(
    options: dict[str, Any], answer: str, reason: str
) -> None:
    result = score({"string": options}, answer)
    assert (result.value, result.reason) == (0, reason)


def test_what_fills_a_placeholder_is_not_expanded_again() -> None:
    entry = {"string": {"equals": "{{a}}"}}
    assert score(entry, "{{b}}", a="{{b}}", b="secret").value == 1


def test_a_placeholder_without_value_is_not_scored() -> None:
    result = score({"string": {"equals": "{{expected}}"}}, "x")
    assert (result.value, result.reason) == (None, "{{expected}} has no value in golden one")


def test_a_text_that_is_empty_for_a_golden_is_not_scored() -> None:
    result = score({"string": {"contains": "{{a}}"}}, "x", a="")
    assert (result.value, result.reason) == (None, "`contains` is empty")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"contians": "x"},
            "evaluator `string`: `contians` is not understood (known: equals, contains, "
            "startsWith, endsWith, notContains); did you mean `contains`?",
        ),
        (
            "x",
            "evaluator `string`: `string` must be a mapping of equals, contains, startsWith, "
            "endsWith, notContains, found text",
        ),
        (
            {},
            "evaluator `string`: `string` is empty; it needs one of equals, contains, startsWith, "
            "endsWith, notContains",
        ),
        ({"contains": ["a"]}, "evaluator `string`: `contains` must be text, found a list"),
        (
            {"contains": ""},
            "evaluator `string`: `contains` is empty, which every answer would satisfy",
        ),
    ],
)
def test_a_string_that_cannot_be_meant_is_a_problem(options: Any, message: str) -> None:
    assert complaint({"string": options}) == message


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        (" billing\n", "billing  "),
        (5, "5.0"),
        (True, "true"),
        ([1, {"a": None}], '```json\n[1.0, {"a": null}]\n```'),
        ({"b": 1, "a": 2}, 'Here you are:\n```\n{"a": 2, "b": 1}\n```\n'),
    ],
)
def test_equals_compares_trimmed_text_or_json_by_value(expected: Any, answer: str) -> None:
    assert score({"equals": "{{expected}}"}, answer, expected=expected).value == 1


@pytest.mark.parametrize(
    ("expected", "answer", "reason"),
    [
        ("a", "b", 'expected "a", got "b"'),
        (True, "1", "expected true, got 1"),
        (1, "true", "expected 1, got true"),
        (
            {"total": 12.5},
            "none",
            'expected {"total": 12.5}, got "none" (not JSON at line 1, column 1 (Expecting value))',
        ),
        ({"total": 12.5}, '{"total": "12.50"}', 'total: expected 12.5, got "12.50"'),
    ],
)
def test_an_answer_that_is_not_equal_says_what_differs(
    expected: Any, answer: str, reason: str
) -> None:
    result = score({"equals": "{{expected}}"}, answer, expected=expected)
    assert (result.value, result.reason) == (0, reason)


@pytest.mark.parametrize(
    ("options", "answer", "reason"),
    [
        ("Sorry", "SORRY!", ""),
        (["a", "B"], "b a", ""),
        ({"any": ["x", "a"]}, "a", ""),
        ({"any": ["x"], "all": "a", "none": ["z"]}, "ax", ""),
        (["a", "b"], "a", 'does not contain "b", got "a"'),
        ({"any": ["x", "y"]}, "a", 'contains none of "x"; "y", got "a"'),
        (
            {"all": "b", "none": ["a"]},
            "a",
            'does not contain "b" and contains "a", got "a"',
        ),
        (
            ["1", "2", "3", "4"],
            "0",
            'does not contain "1"; "2"; "3"; and more, got "0"',
        ),
    ],
)
def test_contains_looks_for_all_any_and_none(options: Any, answer: str, reason: str) -> None:
    result = score({"contains": options}, answer)
    assert (result.value, result.reason) == (0 if reason else 1, reason)


def test_contains_takes_a_list_from_the_golden() -> None:
    assert score({"contains": "{{words}}"}, "a b", words=["a", "b"]).value == 1
    assert score({"contains": "{{words}}"}, "a b", words=["a", ""]).value is None
    assert score({"contains": {"any": "{{words}}"}}, "a b", words=[]).value is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "evaluator `contains`: `contains` is empty; it needs one of any, all, none"),
        ([], "evaluator `contains`: `all` of `contains` names no text"),
        (
            {"some": "a"},
            "evaluator `contains`: `some` is not understood "
            "(known: any, all, none, ignoreCase, ignorePunctuation)",
        ),
        (
            {"any": [["a"]]},
            "evaluator `contains`: `any` of `contains` must be text, found a list",
        ),
    ],
)
def test_a_contains_that_cannot_be_meant_is_a_problem(options: Any, message: str) -> None:
    assert complaint({"contains": options}) == message


def test_an_evaluator_of_text_passes_at_1_unless_it_has_a_threshold() -> None:
    assert evaluator({"equals": "a"}).threshold == FULL
    assert evaluator({"equals": "a", "threshold": 0.5}).threshold == Threshold(0.5)


@pytest.mark.parametrize(
    "answer", ["cafe\u0301", "\u200bcafé\ufeff", "ca\u00adfé", "café\r\n", "\u2060 café"]
)
@pytest.mark.parametrize(
    "entry",
    [
        {"equals": "café"},
        {"contains": "café"},
        {"contains": "cafe\u0301"},
        {"string": {"contains": "CAFÉ"}},
        {"string": {"startsWith": "café", "endsWith": "CAFE\u0301"}},
        {"similarity": {"to": "café"}, "threshold": 1},
    ],
)
def test_how_a_text_is_written_makes_no_difference(entry: dict[str, Any], answer: str) -> None:
    assert score(entry, answer).value == 1


def test_line_ends_make_no_difference() -> None:
    assert score({"equals": "a\nb"}, "a\r\nb").value == 1
    assert score({"contains": "a\r\nb"}, "x a\nb").value == 1


def test_equals_of_github_models_stays_exact_and_tells_what_is_hard_to_see() -> None:
    result = score({"string": {"equals": "café"}}, "cafe\u0301")
    assert result.value == 0
    assert "they look alike: accents, line ends or invisible characters differ" in result.reason


@pytest.mark.parametrize(
    "entry",
    [
        {"contains": "straße"},
        {"string": {"contains": "straße"}},
        {"string": {"startsWith": "die straße"}},
        {"string": {"endsWith": "straße"}},
        {"choice": ["straße", "haus"]},
    ],
)
def test_whatever_ignores_case_ignores_it_in_every_script(entry: dict[str, Any]) -> None:
    assert score(entry, "Die STRASSE", expected="straße").value == 1


def test_an_answer_that_is_too_long_for_its_texts_is_not_scored() -> None:
    result = score({"contains": {"all": [f"x{n}" for n in range(5_000)]}}, "a" * 1_000_000)
    assert (result.value, result.reason) == (
        None,
        "an answer of 1,000,000 characters is too long to search",
    )


IGNORING = {"equals": {"to": "{{expected}}", "ignoreCase": True, "ignorePunctuation": True}}


@pytest.mark.parametrize(
    ("options", "answer", "value"),
    [
        ({"ignoreCase": True}, "BERN ", 1),
        ({"ignoreCase": True}, "Bern.", 0),
        ({"ignorePunctuation": True}, "**Bern**.", 1),
        ({"ignorePunctuation": True}, "bern", 0),
        ({"to": "st. gallen", "ignoreCase": True, "ignorePunctuation": True}, "(St  Gallen)!", 1),
        ({"to": "東京", "ignorePunctuation": True}, "「東京」。", 1),
        ({"ignoreCase": False}, "bern", 0),
        ({"ignoreCase": True, "to": 4}, "4.0", 1),
    ],
)
def test_equals_ignores_what_it_is_told_to(options: Any, answer: str, value: float) -> None:
    assert score({"equals": options}, answer, expected="Bern").value == value


def test_any_other_mapping_is_what_equals_expects() -> None:
    assert score({"equals": {"to": "Bern"}}, '{"to": "Bern"}').value == 1
    assert score({"equals": {"to": 1, "from": 2}}, '{"from": 2, "to": 1}').value == 1
    assert "did you mean `ignoreCase`?" in complaint({"equals": {"ignorecase": True}})


@pytest.mark.parametrize(
    ("options", "answer", "value"),
    [
        ({"all": "Bern", "ignoreCase": False}, "in bern", 0),
        ({"all": "Bern", "ignoreCase": False}, "in Bern", 1),
        ({"all": "st gallen", "ignorePunctuation": True}, "In St. Gallen!", 1),
        ({"none": "no-one", "ignorePunctuation": True}, "noone", 0),
    ],
)
def test_contains_ignores_what_it_is_told_to(options: Any, answer: str, value: float) -> None:
    assert score({"contains": options}, answer).value == value


def test_texts_of_which_nothing_is_left_are_a_flaw() -> None:
    assert flaw(IGNORING, expected="?!") == 'nothing is left of "?!"'
    only_signs = {"contains": {"all": "{{expected}}", "ignorePunctuation": True}}
    assert flaw(only_signs, expected="?!") == "a text of `contains` is empty"
    wrong = {"equals": {"to": "a", "ignoreCase": "yes"}}
    assert "`ignoreCase` must be true or false, found text" in complaint(wrong)
