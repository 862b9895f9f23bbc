import re

import pytest

from pytest_promptopt.forge.fields import Fields, read_json


def test_values_come_out_as_what_they_have_to_be() -> None:
    entry = Fields.of({"a": "x", "n": 1, "f": False, "p": {"sha": "0" * 40}, "none": None})
    assert (entry.text("a"), entry.number("n"), entry.flag("f")) == ("x", 1, False)
    assert entry.part("p").commit("sha") == "0" * 40
    assert (entry.has("f"), entry.has("none"), entry.has("gone")) == (True, False, False)


@pytest.mark.parametrize(
    ("method", "value", "problem"),
    [
        ("text", 7, "`a[0].x` must be text"),
        ("text", None, "`a[0].x` must be text"),
        ("number", True, "`a[0].x` must be a whole number from 1"),
        ("number", 0, "`a[0].x` must be a whole number from 1"),
        ("number", 1.0, "`a[0].x` must be a whole number from 1"),
        ("flag", 0, "`a[0].x` must be true or false"),
        ("part", [], "`a[0].x` must be an object"),
        ("commit", "0" * 39, "`a[0].x` must be the full id of a commit"),
        ("commit", f"{'0' * 40}\n", "`a[0].x` must be the full id of a commit"),
    ],
)
def test_another_value_is_an_error_that_names_the_field(
    method: str, value: object, problem: str
) -> None:
    entry = Fields({"x": value}, "a[0]")
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}$"):
        getattr(entry, method)("x")


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert Fields.of(read_json(b'{"a": "x\\ud800y"}')).text("a") == "x\N{REPLACEMENT CHARACTER}y"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b"\xff", "invalid start byte"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_a_value_error(content: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_json(content)
