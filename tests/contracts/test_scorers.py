"""What every kind of evaluator keeps to, whatever the answer."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.messages import Message
from pytest_promptopt.prompts.kinds import KINDS
from pytest_promptopt.prompts.lettered import Lettered
from pytest_promptopt.providers.request import Completion, Model, Request
from pytest_promptopt.scoring.score import Inquiry, Score
from tests.scoring.entries import context, evaluator, golden

SCHEMA = {"type": "object", "required": ["a"], "properties": {"a": {"pattern": "^x"}}}
CHOICES = [{"choice": "billing", "score": 1}, {"choice": "returns", "score": 0}]

ENTRIES: list[dict[str, Any]] = [
    {"multiple_choice": None},
    {"multiple_choice": {"by": "likelihood"}},
    {"likelihood": "{{expected}}", "threshold": 0.5},
    {"perplexity": 4},
    {"string": {"equals": "{{expected}}"}},
    {"string": {"contains": "x", "startsWith": "a", "endsWith": "b", "notContains": "c"}},
    {"equals": "{{expected}}"},
    {"equals": "{{data}}"},
    {"contains": {"any": ["{{expected}}", "x"], "all": ["y"], "none": ["z"]}},
    {"regex": r"^(?:\w+\s?)*x$"},
    {"regex": {"pattern": "{{expected}}", "flags": "i"}},
    {"choice": ["billing", "returns", "return", "c++", "退款"]},
    {"number": "{{amount}}"},
    {"number": {"expected": 5, "tolerance": 0.5, "relative": 0.1}},
    {"json": "valid"},
    {"json": {"schema": SCHEMA}},
    {"json": {"equals": "{{data}}", "strict": True}},
    {"json": {"fields": {"a": 1, "b.c": "x"}}},
    {"yaml": {"schema": SCHEMA}},
    {"similarity": {"to": "{{expected}}"}, "threshold": 0.8},
    {"distance": {"max": 3}},
    {"f1": "{{expected}}", "threshold": 0.8},
    {"rouge": {"to": ["{{expected}}", "退款"], "variant": 2}, "threshold": 0.8},
    {"rouge": {"to": "{{expected}}", "variant": "L"}, "threshold": 0.8},
    {"bleu": "{{expected}}", "threshold": 0.8},
    {"chrf": "{{expected}}", "threshold": 0.8},
    {"embedding": {"to": ["{{expected}}", "退款"]}, "threshold": 0.8},
    {"length": {"maxWords": 5, "minCharacters": 2, "maxSentences": 3, "maxTokens": 9}},
    {"finish": "stop"},
    {"refusal": True},
    {"latency": {"maxSeconds": 1}},
    {"cost": {"maxUsd": 0.01}},
    {"tokens": 10},
    {"language": ["de", "zh"]},
    {"xml": {"elements": ["a.b"]}},
    {"sql": "postgres"},
    {"python": "tests.contracts.test_scorers:share_of_letters"},
    {"rubric": ["Apologises", "Names the order"]},
    {"grounded": "{{data}}"},
    {"answers": "{{expected}}"},
    {"better": {"than": "{{expected}}"}},
    {"context": {"measure": "precision", "passages": "b", "question": "q"}, "threshold": 0.8},
    {"llm": {"prompt": "{{completion}}", "choices": CHOICES}},
    {"uses": "github/relevance"},
]
ANSWERS = {
    "empty": "",
    "blank": " \n\t",
    "long text": "a" * 125_000,
    "long words": "billing returns " * 8_125,
    "long lines": "a\n" * 62_500,
    "long punctuation": "-.,'" * 31_250,
    "long numbers": "1 " * 62_500,
    "long digits": "1" * 125_000,
    "long commas": "1," * 62_500,
    "long list": "[" + "1," * 62_499 + "1]",
    "long objects": "[" + "{}," * 41_250 + "{}]",
    "long fences": "```\n" * 31_250,
    "long tags": "<choice>" * 15_625,
    "surrogates": "\ud800\udfff\udc00",
    "nul": "\0a\0",
    "nested": "[" * 62_500,
    "closed": '{"a":' * 900 + "1" + "}" * 900,
    "long elements": "<a>" * 41_250,
    "entities": '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    "long sentences": "a. " * 41_250,
    "placeholder": "{{expected}} {{completion}} {{missing}}",
    "long marks": "a" + "\u0301\u0327" * 37_500,
    "marks": "\u202e\u2028\x85\ufeff\u0301",
}
GOLDEN = golden(
    expected="billing",
    data={"a": [1, None]},
    amount=12.5,
    options=Lettered.of(["billing", "returns", "A"], None),
)


CONTEXT = context(root=Path(__file__).parents[2])


def share_of_letters(answer: str, variables: dict[str, Any]) -> float:
    """A scorer of the project."""
    return sum(map(str.isalpha, answer)) / max(1, len(answer))


def names(entry: dict[str, Any]) -> str:
    return str(entry)[:60]


def score(entry: dict[str, Any], answer: str) -> Score:
    """The score of ``answer``; a judge is asked about it and says it back."""
    built = evaluator(entry, CONTEXT)
    completion = Completion(text=answer)
    if built.direct is not None:
        return built.direct.score(GOLDEN, completion)
    assert built.asking is not None
    asked = (Message(role="user", content="Which?"),)
    request = Request(model=Model(provider="scripted", name="m"), messages=asked)
    questions = built.asking.questions(Inquiry(GOLDEN, completion, request))
    if isinstance(questions, Score):
        return questions
    assert len(questions) <= built.asking.calls(GOLDEN)
    for question in questions:
        is_shown = answer in question.messages[-1].content
        assert is_shown or question.forced_answer is not None or "context" in entry
    return built.asking.read_all(GOLDEN, [completion] * len(questions))


def check(result: Score) -> None:
    assert result.value is None or 0 <= result.value <= 1
    assert result.value == 1 or result.reason
    assert len(result.reason) < 1000
    assert all(char.isprintable() for char in result.reason)


def test_every_kind_is_here() -> None:
    # `code` runs what it is given in a sandbox, which has its own tests.
    assert {key for entry in ENTRIES for key in entry} - {"threshold"} == {*KINDS} - {"code"}


@pytest.mark.parametrize("entry", ENTRIES, ids=names)
def test_hostile_answers_get_a_score_or_a_reason_in_time(entry: dict[str, Any]) -> None:
    score(entry, "a")  # what is loaded once
    # A regular expression may take its whole second.
    limit = 1.5 if "regex" in entry else 0.9
    for name, answer in ANSWERS.items():
        start = time.process_time()
        result = score(entry, answer)
        assert time.process_time() - start < limit, name
        check(result)


def work_of(entry: dict[str, Any], answer: str) -> int:
    """How many lines of Python scoring ``answer`` takes; no clock is asked."""
    scorer = evaluator(entry, CONTEXT).direct
    assert scorer is not None
    count = 0

    def trace(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        count += event in {"call", "line"}
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        scorer.score(GOLDEN, Completion(text=answer))
    finally:
        sys.settrace(before)
    return count


DIRECT = [entry for entry in ENTRIES if evaluator(entry, CONTEXT).direct is not None]
SHAPES = ("a", "billing, ", "1 ", "a\n", "<a>", "[", "```\n", "The contract ends. ", "退款。")


def works_of(entry: dict[str, Any], shape: str) -> list[int]:
    score(entry, shape)  # what is loaded once
    return [work_of(entry, shape * (size // len(shape))) for size in (300, 600)]


@pytest.fixture(scope="module")
def new_python() -> Iterator[Executor]:
    """A Python of its own: 3.11 may trace a call for ever where others left a request pending."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("entry", DIRECT, ids=names)
@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_answer_takes_at_most_twice_the_work(
    entry: dict[str, Any], shape: str, new_python: Executor
) -> None:
    if "yaml" in entry and shape == "[":
        pytest.skip("PyYAML's scanner looks back at 1,024 openings at most, each time")
    once, twice = new_python.submit(works_of, entry, shape).result(timeout=60)
    assert twice <= 2.2 * once + 100


@pytest.mark.parametrize("entry", ENTRIES, ids=names)
def test_the_same_answer_gets_the_same_score(entry: dict[str, Any]) -> None:
    answer = 'The answer is billing, 12.5\n```json\n{"a": "x", "b": {"d": 1}}\n```'
    assert score(entry, answer) == score(entry, answer)


@pytest.mark.parametrize("entry", ENTRIES, ids=names)
@given(answer=st.text(max_size=60))
def test_any_answer_gets_a_score_or_a_reason(entry: dict[str, Any], answer: str) -> None:
    check(score(entry, answer))
