from typing import Any

import pytest

from pytest_promptopt.scoring.options import OptionsError
from pytest_promptopt.scoring.schema import SchemaCheck, UncheckableError


@pytest.mark.parametrize(
    ("schema", "value", "violations"),
    [
        ({"pattern": "^a+$"}, "aaa", ""),
        ({"pattern": "^a+$"}, "b", "'b' does not match '^a+$'"),
        ({"pattern": "^a+$"}, 5, ""),
        ({"patternProperties": {"^n": {"type": "number"}}}, {"n1": 1, "x": ""}, ""),
        (
            {"patternProperties": {"^n": {"type": "number"}}},
            {"n1": ""},
            "n1: '' is not of type 'number'",
        ),
        (
            {
                "properties": {"id": True},
                "patternProperties": {"^n": True},
                "additionalProperties": False,
            },
            {"id": 1, "n1": 1, "x": 1},
            "Additional properties are not allowed ('x' was unexpected)",
        ),
        ({"uniqueItems": True}, [1, True, "1", [1], {"a": 1}], ""),
        ({"uniqueItems": True}, [{"a": 1}, {"a": 1.0}], "has entries that are not unique"),
        ({"uniqueItems": False}, [1, 1], ""),
        ({"$defs": {"n": {"type": "number"}}, "$ref": "#/$defs/n"}, 1, ""),
        ({"prefixItems": [{"const": 1}]}, [2], "0: 1 was expected"),
        ({"type": "integer"}, 1.0, ""),
        ({"type": "integer"}, True, "True is not of type 'integer'"),
    ],
)
def test_a_value_is_held_against_a_schema(schema: Any, value: Any, violations: str) -> None:
    assert SchemaCheck(schema).violations(value) == violations


def test_violations_come_in_the_order_of_their_paths() -> None:
    schema = {"additionalProperties": {"type": "number"}}
    check = SchemaCheck(schema)
    assert check.violations({"d": "", "a": "", "c": "", "b": ""}) == (
        "a: '' is not of type 'number'; b: '' is not of type 'number'; "
        "c: '' is not of type 'number'; and more"
    )


def test_a_schema_is_never_fetched() -> None:
    check = SchemaCheck({"$ref": "https://example.com/order.json"})
    with pytest.raises(UncheckableError) as raised:
        check.violations({})
    assert str(raised.value) == (
        "the schema refers to 'https://example.com/order.json', not found in it"
    )


@pytest.mark.parametrize(
    ("schema", "value", "reason"),
    [
        ({"pattern": "((a{999}){999}){999}"}, "a", "a pattern of the schema cannot be used: "
         "repeats of repeats add up to more than 100,000"),
        ({"pattern": "(a+)+$"}, "a" * 5000 + "!",
         "a pattern of the schema cannot be used: it took longer than 1 s to search"),
        ({"items": {"type": "number"}}, [1] * 200_000,
         "the answer is too large to hold against the schema"),
        ({"$ref": "#"}, 1, "schema and answer are nested too deeply"),
        (
            {"allOf": [{"$ref": "#/$defs/a0"}], "$defs": {
                f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)
            } | {"a40": {"type": "number"}}},
            1,
            "the answer is too large to hold against the schema",
        ),
    ],
)  # fmt: skip
def test_a_check_has_limits(
    schema: Any, value: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_promptopt.scoring.schema.TIMEOUT_SECONDS", 0.2)
    check = SchemaCheck(schema)
    with pytest.raises(UncheckableError) as raised:
        check.violations(value)
    assert str(raised.value) == reason


def test_a_pattern_that_does_not_compile_is_no_schema() -> None:
    with pytest.raises(
        OptionsError, match="the schema is not a JSON Schema: '\\(' is not a 'regex'"
    ):
        SchemaCheck({"pattern": "("})


def test_limits_are_those_of_one_check() -> None:
    check = SchemaCheck({"items": {"type": "number"}})
    assert [check.violations([1] * 60_000) for _ in range(3)] == ["", "", ""]


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("date", "2026-11-28", "28.11.2026"),
        ("date-time", "2026-11-28T10:00:00Z", "2026-11-28"),
        ("date-time", "2026-11-28T10:00:00.5+01:00", "2026-13-28T10:00:00Z"),
        ("email", "a@b.example", "a"),
        ("ipv4", "127.0.0.1", "127.0.0"),
        ("uuid", "2fd4e1c6-7a2d-4b1e-9d5c-1b2a3c4d5e6f", "x"),
    ],
)
def test_formats_are_checked(name: str, right: str, wrong: str) -> None:
    check = SchemaCheck({"type": "string", "format": name})
    assert check.violations(right) == ""
    assert f"is not a '{name}'" in check.violations(wrong)
    assert SchemaCheck({"format": name}).violations(5) == ""


def test_all_comparisons_and_searches_of_a_check_share_its_limits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pytest_promptopt.scoring.schema.TIMEOUT_SECONDS", 0.2)
    listed = SchemaCheck({"type": "array", "items": {"enum": list(range(20_000))}})
    with pytest.raises(UncheckableError, match="too large to hold against the schema"):
        listed.violations([-1] * 20_000)
    searched = SchemaCheck({"type": "array", "items": {"pattern": "(a|aa)+$"}})
    with pytest.raises(UncheckableError, match="it took longer than 1 s to search"):
        searched.violations(["a" * 26 + "!"] * 10_000)
