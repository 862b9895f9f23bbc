from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.scoring.number import last_number
from tests.scoring.entries import complaint, evaluator, score


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3 boxes of 4, so 12.", "12"),
        ("The total is $1,234.50.", "1234.50"),
        ("-$5", "-5"),
        ("$-5", "-5"),
        ("\u22127", "-7"),
        ("5-3", "3"),
        ("10\u201312", "12"),
        ("50 %", "50"),
        ("1.5E-3", "0.0015"),
        ("1.2 × 10^5", "120000"),
        ("x = .75", "0.75"),
        ("1.234,56 €", "1234.56"),
        ("1.234.567", "1234567"),
        ("1.234", "1.234"),
        ("1,234", "1234"),
        ("12,5", "12.5"),
        ("0,125", "0.125"),
        ("1'234.5", "1234.5"),
        ("1\u202f234,5", "1234.5"),
        ("1,23,456", "123456"),
        ("1,2,3", "3"),
        ("共12个", "12"),
        ("٤٢", "42"),
        ("3rd", "3"),
        (r"\boxed{42}", "42"),
        ("**42**", "42"),
        ("The answer is \u20135.", "-5"),
        ("\u20147", "-7"),
        ("\u20117", "-7"),
        ("the answer\u20147", "7"),
        ("12/05/2024", "2024"),
        ("- 5 apples", "5"),
        ("1{,}234", "1234"),
        (r"1\ 000", "1000"),
        (r"1\,234\,567", "1234567"),
        ("12 000", "12000"),
        ("1\u2007234", "1234"),
        ("1 234 567,89", "1234567.89"),
        ("5 11", "11"),
        ("3 × 10\u2075", "300000"),
        (r"$3 \times 10^{5}$", "300000"),
        ("10^-3", "0.001"),
        ("10\u207b\u00b3", "0.001"),
        ("½", "0.5"),
        ("\u2212½", "-0.5"),
        ("1½", "1.5"),
        ("2 1/2 cups", "2.5"),
        ("3/4", "0.75"),
        (r"\frac{1}{2}", "0.5"),
        (r"-\dfrac{3}{4}", "-0.75"),
        ("١٬٢٣٤٫٥", "1234.5"),
        ("５００", "500"),
        ("USD9.99", "9.99"),
        ("-USD 12", "-12"),
        ("１２．５", "12.5"),
        (r"\frac34", "0.75"),
        (r"$\frac{-3}{4}$", "-0.75"),
        ("5 3/4 inches", "5.75"),
        ("GPT-4 says 7", "7"),
        ("1 234", "1234"),
        ("1.5 × 10\u207b\u00b2", "0.015"),
        ("12 cm\u00b3", "12"),
    ],
)
def test_the_last_number_is_read(text: str, number: str) -> None:
    assert last_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "none",
        "gpt4",
        "v1.5",
        "4/0",
        "1.2.3",
        "1,000,00",
        "²",
        "9" * 500,
        "GPT-4",
        "COVID-19",
        "0x1F",
        "2h30m",
        "1920x1080",
    ],
)
def test_what_is_no_number_is_not_read(text: str) -> None:
    assert last_number(text) is None


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200))
def test_every_number_that_python_writes_is_read(number: float) -> None:
    found = last_number(f"It is {number!r}.")
    assert found is not None
    assert float(found) == number


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_thousands_separators_do_not_change_a_number(number: int) -> None:
    assert last_number(f"It is {number:,}.") == number


@given(st.text(alphabet="0123456789.,-eE$ ×10^'_", max_size=60))
def test_no_mix_of_signs_raises(text: str) -> None:
    last_number(text)


def test_a_number_must_be_the_expected_one() -> None:
    assert score({"number": "{{expected}}"}, "It is 12.50", expected=12.5).value == 1
    assert score({"number": "{{expected}}"}, "It is 12.50", expected="$12.5").value == 1
    result = score({"number": 12.5}, "It is 12.4")
    assert (result.value, result.reason) == (0, "expected 12.5, got 12.4")
    result = score({"number": 12.5}, "none")
    assert (result.value, result.reason) == (0, 'expected 12.5, got no number: "none"')


@pytest.mark.parametrize(
    ("answer", "expected", "value"),
    [
        ("100 200", 200, None),
        ("between 100 200", 200, None),
        ("100 200", 100200, 1),
        ("100 200", 5, 0),
        ("123 456 789", 789, None),
        ("1 234", 234, 0),
        ("1~000", 1000, 1),
        ("12~034 km", 12034, 1),
        ("5~100", 100, 1),
    ],
)
def test_two_numbers_are_told_from_one_with_a_blank(
    answer: str, expected: int, value: float | None
) -> None:
    assert score({"number": None}, answer, expected=expected).value == value


def test_an_expected_number_without_end_is_read() -> None:
    assert score({"number": None}, "1", expected=10**400).value == 0


def test_a_tolerance_is_exact() -> None:
    assert score({"number": {"expected": 1.0, "tolerance": 0.1}}, "1.1").value == 1
    result = score({"number": {"expected": 1.0, "tolerance": 0.1}}, "1.11")
    assert (result.value, result.reason) == (0, "expected 1.0 (± 0.1), got 1.11")
    assert score({"number": {"expected": -200, "relative": 0.01}}, "-202").value == 1
    assert score({"number": {"expected": -200, "relative": 0.01}}, "-202.1").value == 0


@pytest.mark.parametrize("expected", ["soon", True, None, [1], float("nan")])
def test_an_expected_value_that_is_no_number_is_not_scored(expected: Any) -> None:
    result = score({"number": "{{expected}}"}, "5", expected=expected)
    assert result.value is None
    assert result.reason.endswith("is not one number")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([1, 2], "`number` must be one number or a mapping, found a list"),
        ({"tolerance": "a bit"}, "`tolerance` must be a number, found text"),
        ({"relative": -1}, "`relative` must be 0 or more, found -1"),
        ({"tol": 1}, "`tol` is not understood (known: expected, tolerance, relative, percent)"),
    ],
)
def test_a_number_that_cannot_be_meant_is_a_problem(options: Any, message: str) -> None:
    assert complaint({"number": options}) == f"evaluator `number`: {message}"


@pytest.mark.parametrize(
    "expected",
    [
        "12:30",
        "2024-05-12",
        "1331 and 1728",
        "between 10 and 20",
        "5 feet 11 inches",
        "$1,200 (approx. 3 %)",
        "+49 30 1234",
        "1,2,3",
        "10-12",
        "10\u201312",
        "2h30m",
        "0x1F",
        "192.168.0.1",
        "9:05",
        "5 \u00b1 0.1",
    ],
)
def test_an_expected_text_with_several_numbers_is_not_scored(expected: str) -> None:
    result = score({"number": "{{expected}}"}, expected, expected=expected)
    assert result.value is None
    assert "is not one number" in result.reason


@pytest.mark.parametrize(
    ("expected", "answer", "value"),
    [
        ("3/4", "0.75", 1),
        ("3/4", "1/4", 0),
        ("1/3", "2/6", 1),
        ("1/3", "0.333", 0),
        (-5, "(5)", 1),
        (5, "(5)", 1),
        (-1234.5, "($1,234.50)", 1),
        (-5, "5", 0),
    ],
)
def test_fractions_and_the_minus_of_accountants_are_read(
    expected: Any, answer: str, value: float
) -> None:
    assert score({"number": "{{expected}}"}, answer, expected=expected).value == value


def test_numbers_are_shown_as_they_stand_in_the_file() -> None:
    assert score({"number": "{{expected}}"}, "2/3", expected="$1,200").reason == (
        "expected $1,200, got 2/3"
    )


@pytest.mark.parametrize(
    ("expected", "answer", "value"),
    [
        (0.12, "It is 12 %.", 1),
        ("12%", "0.12", 1),
        ("12 percent", "12,0 %", 1),
        (0.12, r"12\\%", 1),
        (0.12, "12", 0),
        (12, "12 %", 0),
        (12, "12 points", 1),
    ],
)
def test_in_percent_a_hundredth_is_meant(expected: Any, answer: str, value: float) -> None:
    answer = answer.replace("\\\\", "\\")
    assert score({"number": {"percent": True}}, answer, expected=expected).value == value


def test_in_percent_the_votes_are_the_same_too() -> None:
    vote = evaluator({"number": {"expected": 0.5, "percent": True}}).vote
    assert vote is not None
    assert vote("50 %") == vote("0.5")
