from typing import Any

import pytest

from pytest_promptopt.scoring.build import default_evaluators
from pytest_promptopt.scoring.score import FULL
from tests.scoring.entries import complaint, context, evaluator, golden, score

SCHEMA = {
    "type": "object",
    "properties": {"total": {"type": "number"}, "items": {"type": "array"}},
    "required": ["total"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("options", ["valid", {}, None, True])
def test_valid_json_scores_1(options: Any) -> None:
    assert score({"json": options}, ' {"a": [1]}\n').value == 1


@pytest.mark.parametrize(
    "answer",
    [
        '```json\n{"a": 1}\n```',
        'Here it is:\n\n```\n{"a": 1}\n```\nAnything else?',
        '~~~json\n{"a": "```"}\n~~~',
        '```json\r\n{"a": 1}\r\n```\r\n',
        '```json\n{"a": 1}',
        '```json {"a": 1}```',
        'Here: ```{"a": 1}```',
        '1. The data:\n\n     ```json\n     {"a": 1}\n     ```',
        '- ```json\n  {"a": 1}\n  ```',
        '```json\n{"a": 1}```',
        '```json{"a": 1}\n```',
        '```json\n{"a": 1}\n``` That is all.',
        '```json\n{"a": 1}\n```\n\n```',
        '{"a": 1}\n```',
    ],
)
def test_one_code_block_is_allowed_unless_strict(answer: str) -> None:
    assert score({"json": {}}, answer).value == 1
    assert score({"json": {"strict": True}}, answer).value == 0


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", "the answer is empty"),
        ("{'a': 1}", "not JSON at line 1, column 2 (Expecting property name enclosed in double"),
        ('So: {"a": 1}', "not JSON at line 1, column 1 (Expecting value)"),
        ('{"a": 1, "a": 2}', 'the key "a" stands twice'),
        ('{"a": NaN}', "NaN is not JSON"),
        ("-Infinity", "-Infinity is not JSON"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ("1" * 5000, "a number of too many digits"),
        ("```\n1\n```\n```\n2\n```", "more than one code block"),
        ("```json\n{", "not JSON at line 1, column 2 (Expecting property name"),
    ],
)
def test_what_is_not_json_is_a_miss_that_says_why(answer: str, why: str) -> None:
    result = score({"json": "valid"}, answer)
    assert result.value == 0
    assert result.reason.startswith(f"not the JSON expected: {why}")


def test_the_answer_is_held_against_the_schema_of_the_prompt() -> None:
    prompt = context(json_schema={"name": "order", "schema": SCHEMA})
    assert score({"json": {"schema": True}}, '{"total": 1}', prompt).value == 1
    result = score({"json": {"schema": True}}, '{"total": "1", "tax": 2}', prompt)
    assert result.value == 0
    assert result.reason == (
        "Additional properties are not allowed ('tax' was unexpected); "
        "total: '1' is not of type 'number'"
    )


@pytest.mark.parametrize("schema", [SCHEMA, {"name": "order", "schema": SCHEMA}])
def test_a_schema_may_stand_in_the_evaluator(schema: Any) -> None:
    result = score({"json": {"schema": schema}}, "{}")
    assert (result.value, result.reason) == (0, "'total' is a required property")


def test_schema_and_value_must_both_hold() -> None:
    entry = {"json": {"schema": SCHEMA, "equals": "{{expected}}"}}
    assert score(entry, '{"total": 1.0}', expected={"total": 1}).value == 1
    assert score(entry, '{"total": 2}', expected={"total": 1}).value == 0
    assert score(entry, "{}", expected={}).value == 0


@pytest.mark.parametrize("expected", [{"a": 1, "b": [True, None]}, '{"b": [true, null], "a": 1.0}'])
def test_json_is_compared_by_value_with_data_or_json_text(expected: Any) -> None:
    entry = {"json": {"equals": "{{expected}}"}}
    assert score(entry, '{"b": [true, null], "a": 1}', expected=expected).value == 1


def test_a_miss_names_the_first_differences() -> None:
    expected = {"total": 12.5, "paid": True, "items": [{"name": "pen"}], "note": "", "tax": 1}
    answer = '{"total": "12.50", "paid": 1, "items": [{"name": "Pen"}], "extra": 0, "tax": 1}'
    result = score({"json": {"equals": expected}}, answer)
    assert result.value == 0
    assert result.reason == (
        'note: missing; extra: not expected; total: expected 12.5, got "12.50"; and more'
    )
    result = score({"json": {"equals": [[1, 2]]}}, "[[1]]")
    assert result.reason == "0: expected 2 entries, got 1"
    result = score({"json": {"equals": {"items": [{"name": "pen"}]}}}, '{"items": [{"name": 1}]}')
    assert result.reason == 'items.0.name: expected "pen", got 1'


def test_fields_give_partial_credit() -> None:
    expected = {"total": 12.5, "customer": {"name": "Ada"}, "items": [{"n": 1}, {"n": 2}], "x.y": 1}
    entry = {"json": {"fields": ["total", "customer.name", "items.1.n", "x.y"]}}
    answer = '{"total": "12.50", "customer": {}, "items": [{}, {"n": 2.0}], "x.y": 1}'
    result = score(entry, answer, expected=expected)
    assert result.value == 0.5
    assert result.reason == (
        'total: expected 12.5, got "12.50"; customer.name: missing, expected "Ada"'
    )


def test_fields_may_name_their_values() -> None:
    entry = {"json": {"fields": {"a": 1, "b.c": "{{name}}"}}}
    result = score(entry, '{"a": 1, "b": {"c": "Ada"}}', name="Ada")
    assert (result.value, result.reason) == (1, "")


def test_a_field_that_the_golden_lacks_is_not_scored() -> None:
    result = score({"json": {"fields": ["a", "b"]}}, '{"a": 1}', expected='{"a": 1}')
    assert (result.value, result.reason) == (None, "`expected` has no b")


def test_deeply_nested_answers_are_a_miss_or_compared_but_never_crash() -> None:
    deep = "[" * 900 + "]" * 900
    assert score({"json": {"equals": "{{expected}}"}}, deep, expected=deep).value in (0, 1)
    assert score({"json": {"schema": {"items": {"$ref": "#"}}}}, deep).value in (None, 0)


def test_expected_without_evaluators_is_equality() -> None:
    [built] = default_evaluators(golden(expected={"a": 1}))
    assert (built.name, built.threshold) == ("expected", FULL)
    assert evaluator({"equals": "x"}).passes(1)
    assert default_evaluators(golden()) == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schema": True}, "`schema: true` means the prompt's jsonSchema, which is not there"),
        ({"schema": "order"}, "`schema` must be true or a schema, found text"),
        (
            {"schema": {"type": "objekt"}},
            "the schema is not a JSON Schema: 'objekt' is not valid under any of the given schemas",
        ),
        (
            {"schema": {"patternProperties": {"a": True}, "unevaluatedProperties": False}},
            "a schema with both patternProperties and unevaluatedProperties is not supported",
        ),
        ({"equals": 1, "fields": ["a"]}, "`json` has both `equals` and `fields`; "
                                         "one of them says it all"),
        ({"fields": []}, "`fields` must be names or a mapping of names to values, found []"),
        ({"fields": [1]}, "`fields` must be names or a mapping of names to values, found [1]"),
        ({"strict": 1}, "`strict` must be true or false, found a number"),
        ("invalid", '`json` must be `valid` or a mapping, found "invalid"'),
        ({"contains": "a"}, "`contains` is not understood (known: schema, equals, fields, strict, "
         "anywhere, lenient)"),
    ],
)  # fmt: skip
def test_a_json_that_cannot_be_meant_is_a_problem(options: Any, message: str) -> None:
    assert complaint({"json": options}) == f"evaluator `json`: {message}"


def test_how_a_key_is_written_makes_no_difference() -> None:
    answer = '{"cafe\u0301": {"the\u0301": 1}}'
    expected = {"caf\u00e9": {"th\u00e9": 1}}
    assert score({"json": {"equals": expected}}, answer).value == 1
    decomposed = {"cafe\u0301": {"the\u0301": 1}}
    assert score({"json": {"equals": decomposed}}, '{"caf\u00e9": {"th\u00e9": 1}}').value == 1
    assert score({"json": {"fields": ["caf\u00e9.th\u00e9"]}}, answer, expected=expected).value == 1
    fields = {"cafe\u0301.th\u00e9": 1}
    assert score({"json": {"fields": fields}}, answer).value == 1


def test_how_a_character_is_written_makes_no_difference() -> None:
    answer = '\ufeff{"a": "cafe\u0301", "b": ["x\\r\\ny\u200b"]}'
    expected = {"a": "café", "b": ["x\ny"]}
    assert score({"json": {"equals": "{{expected}}"}}, answer, expected=expected).value == 1
    assert score({"equals": "{{expected}}"}, answer, expected=expected).value == 1
    assert score({"equals": "{{expected}}"}, '["a "]', expected=["a"]).value == 0


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ('So {x}: {"a": 1} it is.', 1),
        ('See [so] and [1, {"b": 2}, x], so\n{"a": 1}', 1),
        ('```\nprint("x")\n```\n{"a": 1}', 1),
        ('{"a": 1} or {"a": 1}', 0),
        ('{"b": {"a": 1},} is no JSON', 0),
        ("none", 0),
    ],
)
def test_json_is_found_anywhere_if_it_is_the_only_one(answer: str, value: float) -> None:
    entry = {"json": {"equals": {"a": 1}, "anywhere": True}}
    assert score(entry, answer).value == value
    assert score({"json": {"equals": {"a": 1}}}, answer).value == 0


@pytest.mark.parametrize(
    "answer",
    [
        '{"a": "x, // ]", "b": [1, 2,], }',
        '{"a": "x, // ]", // first\n "b": [1, /* two, */ 2]}',
        '```json\n{"a": "x, // ]", "b": [1, 2],\n}\n```',
    ],
)
def test_lenient_json_has_comments_and_a_comma_too_many(answer: str) -> None:
    wanted = {"a": "x, // ]", "b": [1, 2]}
    assert score({"json": {"equals": wanted, "lenient": True}}, answer).value == 1
    assert score({"json": {"equals": wanted}}, answer).value == 0
    everything = {"json": {"equals": wanted, "lenient": True, "anywhere": True}}
    assert score(everything, f"See http://a.b: {answer}").value == 1


@pytest.mark.parametrize("answer", ["{'a': 1}", "{a: 1}", '{"a": 1,,}', '{"a": NaN}', '{"a'])
def test_lenient_json_is_json_otherwise(answer: str) -> None:
    assert score({"json": {"lenient": True}}, answer).value == 0


def test_strict_and_anywhere_say_the_contrary() -> None:
    told = complaint({"json": {"strict": True, "anywhere": True}})
    assert told.endswith("`json` has both `strict` and `anywhere`, which say the contrary")
