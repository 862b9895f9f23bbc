"""promptfoo's assertions mean here what they mean there."""

from typing import Any

import pytest

from pytest_promptopt.prompts.evaluators import read_evaluator
from pytest_promptopt.prompts.golden import EvaluatorSpec
from tests.scoring.entries import evaluator
from tests.scoring.entries import score as scored


def read(raw: Any) -> tuple[EvaluatorSpec, list[str]]:
    spec, problems = read_evaluator(raw, path="a.prompt.yml", line=3, position=1, from_golden=False)
    assert spec is not None
    return spec, [problem.message for problem in problems]


@pytest.mark.parametrize(
    ("raw", "kind", "options", "threshold", "negated"),
    [
        (
            {"type": "contains", "value": "a"},
            *("contains", {"all": "a", "ignoreCase": False}, None, False),
        ),
        (
            {"type": "not-contains", "value": "a"},
            *("contains", {"none": "a", "ignoreCase": False}, None, False),
        ),
        (
            {"type": "not-contains-any", "value": "a,b"},
            *("contains", {"any": ["a", "b"], "ignoreCase": False}, None, True),
        ),
        ({"type": "icontains", "value": "a"}, "contains", {"all": "a"}, None, False),
        ({"type": "starts-with", "value": "a."}, "regex", "\\Aa\\.", None, False),
        ({"type": "not-ends-with", "value": "a"}, "regex", "a\\Z", None, True),
        ({"type": "is-json"}, "json", {"strict": True}, None, False),
        (
            {"type": "is-json", "value": {"type": "object"}},
            *("json", {"schema": {"type": "object"}, "strict": True}, None, False),
        ),
        (
            {"type": "not-is-json", "value": '{"type": "object"}'},
            *("json", {"schema": {"type": "object"}, "strict": True}, None, True),
        ),
        ({"type": "levenshtein", "value": "a"}, "distance", {"to": "a", "max": 5}, None, False),
        (
            {"type": "levenshtein", "value": "a", "threshold": 2},
            *("distance", {"to": "a", "max": 2}, None, False),
        ),
        (
            {"type": "rouge-n", "value": "a", "threshold": 0.6},
            *("rouge", {"to": "a", "variant": 1}, 0.6, False),
        ),
        ({"type": "bleu", "value": ["a", "b"]}, "bleu", {"to": ["a", "b"]}, 0.5, False),
        (
            {"type": "word-count", "value": 5},
            *("length", {"minWords": 5, "maxWords": 5}, None, False),
        ),
        (
            {"type": "not-word-count", "value": {"max": 50}},
            *("length", {"maxWords": 50}, None, True),
        ),
        (
            {"type": "latency", "threshold": 2500},
            *("latency", {"maxSeconds": 2.5}, None, False),
        ),
        ({"type": "cost", "threshold": 0.002}, "cost", {"maxUsd": 0.002}, None, False),
        ({"type": "is-refusal"}, "refusal", True, None, False),
        ({"type": "not-is-refusal"}, "refusal", True, None, True),
        ({"type": "finish-reason", "value": "content_filter"}, "finish", "refusal", None, False),
        (
            {"type": "is-xml", "value": {"requiredElements": ["a.b"]}},
            *("xml", {"elements": ["a.b"]}, None, False),
        ),
        (
            {"type": "is-sql", "value": {"databaseType": "PostgreSQL"}},
            *("sql", {"dialect": "postgres"}, None, False),
        ),
        ({"type": "not-regex", "value": "a+"}, "regex", {"pattern": "a+"}, None, True),
        (
            {"type": "not-icontains-any", "value": "a,b"},
            *("contains", {"any": ["a", "b"]}, None, True),
        ),
    ],
)  # fmt: skip
def test_an_assertion_is_read(
    raw: dict[str, Any], kind: str, options: Any, threshold: float | None, negated: bool
) -> None:
    spec, problems = read(raw)
    assert (spec.kind, spec.options, problems) == (kind, options, [])
    assert (spec.threshold, spec.negated) == (threshold, negated)
    assert evaluator(raw).name == kind


@pytest.mark.parametrize(
    ("named", "value", "answer", "score"),
    [
        ("contains", "Bern", "It is Bern", 1),
        ("contains", "Bern", "It is bern", 0),
        ("icontains", "Bern", "It is bern", 1),
        ("contains-any", "Bern, Basel", "basel", 0),
        ("contains-all", ["Bern", "Basel"], "Basel, Bern", 1),
        ("not-contains-all", ["Bern", "Basel"], "Basel", 1),
        ("starts-with", "{{city}} is", "Bern is", 1),
        ("starts-with", "{{city}} is", "bern is", 0),
        ("not-starts-with", "It.", "It is", 1),
        ("ends-with", "{{city}}?", "Is it Bern?", 1),
    ],
)
def test_case_counts_as_it_does_there(named: str, value: Any, answer: str, score: float) -> None:
    assert scored({"type": named, "value": value}, answer, city="Bern").value == score


def test_not_of_an_assertion_that_is_negated_is_the_assertion() -> None:
    assert read({"type": "not-is-refusal", "not": True})[0].negated is False


def test_what_differs_from_promptfoo_is_said() -> None:
    spec, problems = read({"type": "similar", "value": "a"})
    assert (spec.kind, spec.options, spec.threshold) == ("embedding", {"to": "a"}, 0.75)
    assert problems == [
        "evaluator `embedding`: the encoder is another one than promptfoo's, and so are its figures"
    ]
    asking = {"type": "similar", "value": "a", "provider": "openai:embedding:e-3"}
    spec, problems = read(asking)
    assert (spec.options, problems) == ({"to": "a", "model": "openai/e-3"}, [])
    _, problems = read({"type": "is-refusal", "metric": "safe"})
    assert problems == ["evaluator `refusal`: the key `metric` is not understood and has no effect"]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"type": "is-json", "value": 5}, "needs a schema as mapping or JSON in `value`, found 5"),
        ({"type": "is-json", "value": "file://a.json"}, "found 'file://a.json'"),
        ({"type": "levenshtein"}, "needs a text as `value` and a whole `threshold`, found nothing"),
        ({"type": "word-count", "value": "many"}, "needs a number or {min, max} as `value`"),
        ({"type": "word-count", "value": {"least": 5}}, "needs a number or {min, max}"),
        ({"type": "latency"}, "needs a `threshold` in milliseconds, found nothing"),
        ({"type": "cost", "threshold": "cheap"}, "needs a `threshold` in US dollars"),
        ({"type": "similar", "value": {}}, "needs a text or texts as `value`, found {}"),
        (
            {"type": "similar", "value": "a", "provider": "voyage:e"},
            "needs a `provider` such as openai:embedding:NAME, found 'voyage:e'",
        ),
        ({"type": "finish-reason", "value": "tool_calls"}, "needs one of stop, length"),
        ({"type": "is-sql", "value": {"databaseType": "DB2"}}, "needs `databaseType` alone"),
        ({"type": "is-xml", "value": 5}, "needs elements as `value`, found 5"),
        ({"type": "is-refusal", "value": "a"}, "needs no `value`, found 'a'"),
        (
            {"type": "is-json", "transform": "output.a"},
            "`type: is-json` takes `value` and `threshold`, found `transform`",
        ),
        ({"type": "levenstein", "value": "a"}, "not known; did you mean `levenshtein`?"),
    ],
)
def test_what_an_assertion_cannot_take_is_told(raw: dict[str, Any], message: str) -> None:
    spec, [problem] = read(raw)
    assert spec.kind == ""
    assert message in problem
