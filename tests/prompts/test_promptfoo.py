"""promptfoo's assertions mean here what they mean there."""

import json
from typing import Any

import pytest

from pytest_promptopt.prompts.document import parse_document
from pytest_promptopt.prompts.evaluators import read_evaluator
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.violations import evaluator_violations
from tests.scoring.entries import evaluator, question
from tests.scoring.entries import score as scored


def read(raw: Any) -> tuple[EvaluatorSpec, list[str]]:
    spec, problems = read_evaluator(raw, path="a.prompt.yml", line=3, position=1, from_golden=False)
    assert spec is not None
    return spec, [problem.message for problem in problems]


@pytest.mark.parametrize(
    ("kind", "is_refused"), [("latency", False), ("levenshtein", False), ("rouge", True)]
)
def test_a_threshold_in_other_units_is_no_score(kind: str, is_refused: bool) -> None:
    entry = {"rouge": "a"} if is_refused else {"type": kind, "value": "a"}
    document = parse_document(json.dumps([{**entry, "threshold": 2500}]), "tone.yml")
    told = [problem.message for problem in evaluator_violations(document, of_past=False)]
    assert told == (["`[0].threshold` must be at most 1, found 2500"] if is_refused else [])


def test_a_weight_of_nothing_says_what_does_not_count() -> None:
    document = parse_document("[{equals: a, weight: 0}]", "tone.yml")
    [problem] = evaluator_violations(document, of_past=False)
    assert problem.message.endswith("found 0; what is not to count is `optional: true`")


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
        ({"type": "perplexity", "threshold": 4}, "perplexity", {"max": 4.0}, None, False),
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
        ({"type": "llm-rubric", "value": "Kind"}, "rubric", {"criteria": "Kind"}, None, False),
        (
            {"type": "not-llm-rubric", "value": "Is rude", "threshold": 0.8},
            *("rubric", {"criteria": "Is rude", "graded": True}, 0.8, True),
        ),
        (
            {"type": "context-faithfulness", "threshold": 0.9},
            *("grounded", {"context": "{{context}}"}, 0.9, False),
        ),
        (
            {"type": "context-recall", "value": "E27", "threshold": 0.9},
            "context",
            {"measure": "recall", "passages": "{{context}}", "expected": "E27"},
            *(0.9, False),
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


@pytest.mark.parametrize(
    ("value", "answer", "score"),
    [
        (None, 'Here: {"a": 1,} // done', 1),
        (None, "None of it, see [1].", 0),
        (None, '{"a": 1} or {"a": 2}', 0),
        ({"required": ["a"]}, 'Here: {"a": 1}', 1),
        ('{"required": ["b"]}', 'Here: {"a": 1}', 0),
    ],
)
def test_json_in_prose_is_contained(value: Any, answer: str, score: float) -> None:
    assert scored({"type": "contains-json", "value": value}, answer).value == score


def test_not_of_an_assertion_that_is_negated_is_the_assertion() -> None:
    assert read({"type": "not-is-refusal", "not": True})[0].negated is False


def test_what_differs_from_promptfoo_is_said() -> None:
    spec, problems = read({"type": "similar", "value": "a"})
    assert (spec.kind, spec.options, spec.threshold) == ("embedding", {"to": "a"}, 0.75)
    assert problems == [
        "evaluator `embedding`: the encoder is another one than promptfoo's, and so are its figures"
    ]
    _, problems = read({"type": "contains-json"})
    assert "promptfoo takes any, and here none counts" in problems[0]
    asking = {"type": "similar", "value": "a", "provider": "openai:embedding:e-3"}
    spec, problems = read(asking)
    assert (spec.options, problems) == ({"to": "a", "model": "openai/e-3"}, [])
    _, problems = read({"type": "is-refusal", "metric": "safe"})
    assert problems == ["evaluator `refusal`: the key `metric` is not understood and has no effect"]


@pytest.mark.parametrize(
    ("raw", "kind", "threshold", "remarks"),
    [
        ({"type": "model-graded-closedqa", "value": "a"}, "rubric", None, ["not shown the prompt"]),
        ({"type": "factuality", "value": "a", "threshold": 0.5}, "rubric", None, []),
        ({"type": "g-eval", "value": ["a", "b"]}, "rubric", 0.7, ["no steps of evaluation"]),
        (
            {"type": "answer-relevance"},
            *("answers", 0.0, ["not a cosine as promptfoo", "every score passes"]),
        ),
        ({"type": "answer-relevance", "threshold": 0.8}, "answers", 0.8, ["not a cosine"]),
        ({"type": "context-faithfulness"}, "grounded", 0.0, ["every score passes"]),
        ({"type": "context-relevance", "threshold": 0.3}, "context", 0.3, ["as paragraphs"]),
        ({"type": "context-recall", "value": "a"}, "context", 0.0, ["every score passes"]),
    ],
)
def test_what_a_judge_means_there_is_kept_or_said(
    raw: dict[str, Any], kind: str, threshold: float | None, remarks: list[str]
) -> None:
    spec, problems = read(raw)
    assert (spec.kind, spec.threshold, len(problems)) == (kind, threshold, len(remarks))
    assert all(remark in told for remark, told in zip(remarks, problems, strict=True))
    assert evaluator(raw).name == kind


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai:gpt-5-mini", "openai/gpt-5-mini"),
        ("openai:chat:gpt-5", "openai/gpt-5"),
        ("anthropic:messages:claude-x", "anthropic/claude-x"),
    ],
)
def test_a_judge_of_promptfoos_is_asked_by_our_name(provider: str, model: str) -> None:
    spec, problems = read({"type": "llm-rubric", "value": "a", "provider": provider})
    assert (spec.options, problems) == ({"criteria": "a", "model": model}, [])


def test_factuality_asks_for_no_contradiction_of_the_reference() -> None:
    asked = question({"type": "factuality", "value": "{{city}} is the capital"}, "x", city="Bern")
    assert "1. Contradicts nothing in this reference" in asked.messages[1].content
    assert "Bern is the capital\n</criteria>" in asked.messages[1].content


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"type": "llm-rubric"}, "needs a text as `value`, found nothing"),
        ({"type": "llm-rubric", "value": {"a": 1}}, "needs a text as `value`, found {'a': 1}"),
        (
            {"type": "llm-rubric", "value": "a", "provider": "file://judge.py"},
            "needs a `provider` such as openai:chat:NAME, found 'file://judge.py'",
        ),
        (
            {"type": "llm-rubric", "value": "a", "rubricPrompt": "b"},
            "takes `value` and `threshold`, found `rubricPrompt`",
        ),
        ({"type": "context-faithfulness", "value": "a"}, "needs no `value`, found 'a'"),
        ({"type": "g-eval", "value": []}, "needs a text as `value`, found []"),
        ({"type": "select-best", "value": "a"}, "`better: {than: base}` compares with"),
        ({"type": "is-json", "value": 5}, "needs a schema as mapping or JSON in `value`, found 5"),
        ({"type": "is-json", "value": "file://a.json"}, "found 'file://a.json'"),
        ({"type": "contains-json", "value": "file://a.json"}, "found 'file://a.json'"),
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
        ({"type": "contains-xml"}, "the type `contains-xml` is not understood"),
        ({"type": "gleu", "value": "a"}, "the type `gleu` is not understood"),
        ({"type": "levenstein", "value": "a"}, "not known; did you mean `levenshtein`?"),
    ],
)
def test_what_an_assertion_cannot_take_is_told(raw: dict[str, Any], message: str) -> None:
    spec, [problem] = read(raw)
    assert spec.kind == ""
    assert message in problem


@pytest.mark.parametrize(
    ("raw", "long"),
    [
        ({"icontains": "a"}, {"type": "icontains", "value": "a"}),
        ({"contains-all": "a", "weight": 2}, {"type": "contains-all", "value": "a", "weight": 2}),
        ({"g-eval": "k", "threshold": 0.5}, {"type": "g-eval", "value": "k", "threshold": 0.5}),
        ({"is-json": None}, {"type": "is-json"}),
        ({"not-is-json": True}, {"type": "not-is-json"}),
        ({"not-equals": "a", "name": "b"}, {"type": "not-equals", "value": "a", "name": "b"}),
        (
            {"levenshtein": "a", "threshold": 2},
            {"type": "levenshtein", "value": "a", "threshold": 2},
        ),
    ],
)  # fmt: skip
def test_promptfoos_names_are_keys_too(raw: dict[str, Any], long: dict[str, Any]) -> None:
    assert read(raw) == read(long)
    document = parse_document(json.dumps([raw]), "tone.yml")
    assert evaluator_violations(document, of_past=False) == []
    kind = read({"latency": {"maxSeconds": 2}})[0].kind
    assert kind == "latency"
