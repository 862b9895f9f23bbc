from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.errors import Severity
from pytest_promptopt.prompts.evaluators import read_evaluator
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.kinds import KINDS
from pytest_promptopt.scoring.kinds import all_kinds


def read(raw: Any) -> tuple[EvaluatorSpec, list[str]]:
    spec, problems = read_evaluator(raw, path="a.prompt.yml", line=3, position=2, from_golden=False)
    assert spec is not None
    for problem in problems:
        assert (problem.path, problem.line) == ("a.prompt.yml", 3)
        assert problem.severity is Severity.WARNING
    return spec, [problem.message for problem in problems]


def test_the_kinds_are_those_that_can_be_built() -> None:
    assert set(KINDS) == set(all_kinds().names())


def test_an_entry_is_read_with_name_kind_options_and_threshold() -> None:
    raw = {"name": "close enough", "similarity": {"to": "{{expected}}"}, "threshold": 0.8}
    spec, problems = read_evaluator(raw, path="a.prompt.yml", line=3, position=2, from_golden=True)
    assert spec == EvaluatorSpec(
        name="close enough",
        kind="similarity",
        options={"to": "{{expected}}"},
        path="a.prompt.yml",
        line=3,
        threshold=0.8,
        from_golden=True,
    )
    assert problems == []


def test_the_name_defaults_to_the_kind() -> None:
    assert read({"json": "valid"})[0].name == "json"
    assert read({"rule": "be kind"})[0].name == "evaluator 2"


def test_a_kind_that_only_a_plugin_may_know_is_left_to_the_scoring() -> None:
    spec, problems = read({"rule": "be kind"})
    assert (spec.kind, spec.options, problems) == ("rule", "be kind", [])


@pytest.mark.parametrize(
    ("raw", "kind", "options"),
    [
        ({"type": "regex", "pattern": "a+"}, "regex", {"pattern": "a+"}),
        ({"type": "matches", "value": "a", "flags": "i"}, "regex", {"pattern": "a", "flags": "i"}),
        ({"type": "regex", "pattern": "a", "target": "message.content"}, "regex", {"pattern": "a"}),
        ({"evaluator": "regex_match", "pattern": "a"}, "regex", {"pattern": "a"}),
        ({"name": "n", "regex": "a"}, "regex", "a"),
        ({"type": "regex", "regex": {"pattern": "a"}}, "regex", {"pattern": "a"}),
        ({"regex": "a", "invert": True}, "regex", {"pattern": "a", "invert": True}),
        ({"string": {"regex": "a"}}, "regex", "a"),
        ({"type": "string", "string": {"matches": "a"}}, "regex", "a"),
        ({"type": "string", "string": {"contains": "a"}}, "string", {"contains": "a"}),
        ({"type": "icontains", "value": "a"}, "contains", {"all": "a"}),
        ({"type": "icontains-any", "value": "world, \"a,b\""}, "contains",
         {"any": ["world", "a,b"]}),
        ({"type": "includes", "target": "output", "pattern": "a"}, "contains", {"all": "a"}),
        ({"type": "contains_all", "values": ["a", "b"]}, "contains", {"all": ["a", "b"]}),
        ({"type": "contains_any", "values": ["a"]}, "contains", {"any": ["a"]}),
        ({"type": "not_contains", "text": "a"}, "contains", {"none": "a"}),
        ({"type": "startsWith", "value": "a"}, "string", {"startsWith": "a"}),
        ({"type": "exact_match", "expected": "a"}, "equals", "a"),
        ({"type": "valid_json"}, "json", "valid"),
        ({"type": "json_schema", "schema": {"type": "null"}}, "json", {"schema": {"type": "null"}}),
        ({"json": {}}, "json", {}),
        ({"uses": "github/fluency"}, "uses", "github/fluency"),
        (
            {"uses": "github/similarity"},
            "uses",
            {"judge": "github/similarity", "reference": "{{expected}}"},
        ),
    ],
)  # fmt: skip
def test_a_dialect_with_a_plain_meaning_is_read(
    raw: dict[str, Any], kind: str, options: Any
) -> None:
    spec, problems = read(raw)
    assert (spec.kind, spec.options, problems) == (kind, options, [])


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            {"name": "e", "contains": "a", "treshold": 1},
            "the key `treshold` is not understood; did",
        ),
        ({"name": "e", "chioce": ["a"], "treshold": 1}, "the kind `chioce` is not known; did you"),
        ({"name": "e", "type": "contians", "value": "a"}, "the type `contians` is not known; did"),
    ],
)
def test_what_is_misspelt_is_an_error(raw: dict[str, Any], message: str) -> None:
    _, [problem] = read_evaluator(raw, path="a", line=3, position=2, from_golden=False)
    assert problem.severity is Severity.ERROR
    assert problem.message.startswith(f"evaluator `e`: {message}")


def test_a_graded_prompt_gets_scores_and_the_answer_to_look_at() -> None:
    spec, problems = read({"type": "model_graded", "prompt": "Polite?", "choices": ["Yes", "No"]})
    assert problems == []
    assert spec.kind == "llm"
    assert spec.options == {
        "prompt": "Polite?\n\nAnswer with Yes or No.\n\nThe response:\n\n{{completion}}",
        "choices": [{"choice": "Yes", "score": 1}, {"choice": "No", "score": 0}],
    }


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            "Response mentions the refund policy",
            "evaluator `evaluator 2`: a sentence cannot be run; "
            "write `rubric: …`, which has a model judge by it",
        ),
        (17, "evaluator `evaluator 2`: expected a mapping such as `string: {contains: text}`"),
        (
            {"name": "both", "regex": "a", "contains": "b"},
            "evaluator `both`: more than one kind: `regex`, `contains`; make it one entry each",
        ),
        (
            {"name": "n"},
            "evaluator `n`: expected a kind of evaluator (such as `equals`, `contains` "
            "or `choice`), found none",
        ),
        (
            {"one": 1, "two": 2},
            "evaluator `evaluator 2`: expected a kind of evaluator (such as `equals`, `contains` "
            "or `choice`), found `one`, `two`",
        ),
        (
            {"": "a"},
            "evaluator `evaluator 2`: expected a kind of evaluator (such as `equals`, `contains` "
            "or `choice`), found ``",
        ),
        (
            {"type": "custom", "prompt": "p"},
            "evaluator `evaluator 2`: the type `custom` is not understood; name the kind as a "
            "key (such as `equals`, `contains` or `choice`)",
        ),
        (
            {"type": "regex_match", "property": "Title", "pattern": "a"},
            "evaluator `evaluator 2`: `property` must be the answer (`output`), nothing else",
        ),
        (
            {"type": "includes", "value": "a", "when": "x"},
            "evaluator `evaluator 2`: `type: includes` needs `value` and nothing else, "
            "found `value`, `when`",
        ),
        (
            {"type": "model_graded", "description": "Is it polite?"},
            "evaluator `evaluator 2`: `type: model_graded` needs `prompt` and `choices`; "
            "write an `llm` evaluator with choices and their scores",
        ),
        (
            {"type": "model_graded", "prompt": "p", "choices": ["red", "blue"]},
            "evaluator `evaluator 2`: the choices have no scores; write `{choice: …, score: …}`",
        ),
        (
            {"equals": "a", "threshold": 80},
            "evaluator `evaluator 2`: `threshold` must be a number from 0 to 1, found 80",
        ),
        (
            {"equals": "a", "threshold": True},
            "evaluator `evaluator 2`: `threshold` must be a number from 0 to 1, found True",
        ),
    ],
)
def test_an_entry_that_cannot_be_told_is_kept_without_a_kind(raw: Any, message: str) -> None:
    spec, problems = read(raw)
    assert problems == [message]
    assert (spec.kind, spec.options) == ("", message)


def test_a_key_without_effect_is_said_and_the_evaluator_still_runs() -> None:
    spec, problems = read({"string": {"contains": "a"}, "metric": 2})
    assert spec.kind == "string"
    assert problems == ["evaluator `string`: the key `metric` is not understood and has no effect"]


def test_parameters_of_a_judge_have_no_effect_and_that_is_said() -> None:
    spec, problems = read(
        {"llm": {"prompt": "{{completion}}", "modelParameters": {"temperature": 0.1}}}
    )
    assert spec.options == {"prompt": "{{completion}}"}
    assert problems == [
        "evaluator `llm`: the key `modelParameters` is not understood and has no effect"
    ]


def test_a_threshold_may_stand_inside_a_similarity() -> None:
    spec, problems = read({"similarity": {"to": "a", "threshold": 0.7}})
    assert (spec.options, spec.threshold, problems) == ({"to": "a"}, 0.7, [])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
_KEYS = st.sampled_from([*KINDS, "type", "name", "threshold", "target", "value", "prompt"])


@given(_JSON | st.dictionaries(_KEYS, _JSON, max_size=4))
def test_no_entry_raises(raw: Any) -> None:
    spec, problems = read(raw)
    assert spec.kind or problems


@pytest.mark.parametrize(
    ("raw", "remark"),
    [
        (
            {"type": "equals", "value": "a"},
            "blanks around the answer do not count here; where they must, write a `regex`",
        ),
        (
            {"string": {"contains": "a"}, "llm": {"prompt": "p"}},
            "`llm` has no effect beside `string`, as in gh-models",
        ),
        (
            {"llm": {"prompt": "p", "choices": [{"choice": "a", "score": 1}]}},
            "the judge does not see the answer; put {{completion}} into the `prompt`",
        ),
        (
            {"llm": {"prompt": "{{completion}}", "choices": [{"choice": "a"}]}},
            "a choice without `score` scores 0, as in gh-models",
        ),
        (
            {"llm": {"prompt": "{{completion}}",
                     "choices": [{"choice": "a", "score": 1}, {"choice": "A", "score": 0}]}},
            "of choices that differ in case only the first one counts",
        ),
    ],
)  # fmt: skip
def test_what_means_something_else_elsewhere_runs_and_is_said(
    raw: dict[str, Any], remark: str
) -> None:
    spec, problems = read(raw)
    assert spec.kind
    assert problems == [f"evaluator `{spec.name}`: {remark}"]


def test_a_name_may_be_a_number() -> None:
    assert read({"name": 1, "equals": "a"})[0].name == "1"


def test_a_list_with_commas_is_one_as_in_promptfoo() -> None:
    spec, _ = read({"type": "contains-any", "value": "world,universe"})
    assert spec.options == {"any": ["world", "universe"], "ignoreCase": False}
