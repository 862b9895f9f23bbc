"""Goldens that no answer could be right to, by the evaluator that asks for it."""

from typing import Any

import pytest

from pytest_promptopt.scoring.score import Demanding
from tests.scoring.entries import context, evaluator, flaw

LABELS = ["refund_request", "Sales", "other"]
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "in": {"enum": ["DE"]}},
    "required": ["name", "age"],
}


@pytest.mark.parametrize(
    ("entry", "expected", "message"),
    [
        (
            {"choice": LABELS},
            "Sale",
            'expected "Sale" is not among the labels (known: refund_request, Sales, other); '
            "did you mean `Sales`?",
        ),
        ({"choice": LABELS}, "", 'expected "" is not among the labels (known: refund_request'),
        ({"choice": LABELS}, None, 'expected "null" is not among the labels'),
        ({"choice": {"labels": LABELS, "expected": "{{expected}}s"}}, "Other", 'expected "Others"'),
        ({"number": None}, "about ten", 'expected "about ten" is not one number'),
        ({"number": {"tolerance": 1}}, "10 to 20", 'expected "10 to 20" is not one number'),
        ({"number": "{{expected}}"}, True, "expected true is not one number"),
        ({"json": {"equals": "{{expected}}"}}, '{"a": 1', 'expected "{\\"a\\": 1" is not JSON'),
        ({"json": {"fields": ["a"]}}, "none", 'expected "none" is not JSON'),
        ({"json": {"fields": ["a", "b.c"]}}, {"a": 1, "b": 2}, "`expected` has no b.c"),
        (
            {"json": {"schema": PERSON, "equals": "{{expected}}"}},
            {"name": "Bo"},
            "the schema refuses what is expected: 'age' is a required property",
        ),
        (
            {"json": {"schema": PERSON, "fields": ["age"]}},
            {"age": "12"},
            "the schema refuses what is expected: age: '12' is not of type 'integer'",
        ),
        (
            {"json": {"schema": PERSON, "fields": {"in": "{{expected}}"}}},
            "FR",
            "the schema refuses what is expected: in: 'FR' is not one of ['DE']",
        ),
        ({"string": {"equals": "{{expected}}"}}, "yes\n", "`equals` has blanks around it, which"),
        ({"string": {"contains": "{{expected}}"}}, "", "`contains` is empty"),
        (
            {"string": {"equals": "{{expected}}", "startsWith": "Summary"}},
            "A summary",
            "`equals` and `startsWith` cannot all hold",
        ),
        (
            {"string": {"contains": "{{expected}}", "notContains": "a"}},
            "bar",
            "`contains` and `notContains` cannot all hold",
        ),
        ({"contains": {"all": "{{expected}}", "none": "b"}}, "abc", "`all` and `none` cannot all"),
        (
            {"contains": {"any": ["{{expected}}", "b"], "none": "b"}},
            "ab",
            "`any` and `none` cannot",
        ),
        ({"contains": {"any": ["a", "{{expected}}"]}}, "", "a text of `contains` is empty"),
        ({"regex": "{{expected}}"}, "(", "the pattern cannot be used: missing ) at position 1"),
    ],
)
def test_what_no_answer_can_give_is_told_as_it_stands(
    entry: Any, expected: Any, message: str
) -> None:
    assert flaw(entry, expected=expected).startswith(message)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"choice": LABELS}, "sales"),
        ({"choice": {"labels": ["1", "2"]}}, 2),
        ({"number": None}, "$1,200.50"),
        ({"number": None}, 0),
        ({"json": "valid"}, "whatever"),
        ({"json": {"equals": "{{expected}}"}}, "text"),
        ({"json": {"equals": "{{expected}}"}}, None),
        ({"json": {"schema": PERSON, "fields": ["name"]}}, {"name": "Bo"}),
        ({"json": {"schema": PERSON, "fields": ["name"]}}, {"name": "Bo", "age": "x"}),
        ({"json": {"schema": {"$ref": "#/nowhere"}, "equals": "{{expected}}"}}, {}),
        ({"string": {"equals": "{{expected}}"}}, ""),
        ({"string": {"startsWith": "a", "endsWith": "b", "contains": "{{expected}}"}}, "c"),
        ({"contains": {"any": ["{{expected}}", "b"], "none": "b"}}, "a"),
        ({"regex": "a{{expected}}"}, "("),
        ({"choice": ["{{expected}}"]}, "a"),
        ({"equals": "{{expected}}"}, " x "),
        ({"name": "s", "similarity": {"to": "{{expected}}"}, "threshold": 0.5}, "x"),
    ],
)
def test_what_an_answer_can_give_is_left_alone(entry: Any, expected: Any) -> None:
    assert flaw(entry, expected=expected) == ""


@pytest.mark.parametrize(
    "entry",
    [{"choice": LABELS}, {"number": None}, {"json": {"fields": ["a"]}}, {"choice": ["{{b}}"]}],
)
def test_a_golden_without_what_is_compared_is_told(entry: Any) -> None:
    name = "b" if entry == {"choice": ["{{b}}"]} else "expected"
    found = flaw(entry, expected="a") if name == "b" else flaw(entry)
    assert found == f"{{{{{name}}}}} has no value"


def test_the_prompts_own_schema_may_be_the_one_that_refuses() -> None:
    own = context(json_schema={"name": "answer", "schema": PERSON})
    entry = {"json": {"schema": True, "equals": "{{expected}}"}}
    assert "'age' is a required" in flaw(entry, own, expected='{"name": "Bo"}')


def test_judges_ask_nothing_of_goldens() -> None:
    assert not isinstance(evaluator({"uses": "github/fluency"}).scorer, Demanding)
