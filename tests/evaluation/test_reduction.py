from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_promptopt.errors import ScorerError
from pytest_promptopt.evaluation.evaluation import (
    Evaluation,
    GoldenResult,
    Mark,
    Outcome,
    score_golden,
)
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.providers.request import Completion, FinishReason, Request, Usage
from pytest_promptopt.scoring.score import Evaluator, Score


class Fixed:
    """Gives each answer the score that stands under its text."""

    def __init__(self, scores: Mapping[str, float | None]) -> None:
        self._scores = scores

    def score(self, golden: Golden, completion: Completion) -> Score:
        value = self._scores[completion.text]
        return Score.unscored("unclear") if value is None else Score(value=value, reason="so")


class Judge:
    """Scores by the judge's own words."""

    def question(self, golden: Golden, completion: Completion) -> Request:
        raise AssertionError("scoring asks nothing")

    def read(self, answer: Completion) -> Score:
        return Score(value=float(answer.text))


GOLDEN = Golden(id="g", variables={}, path="a", line=1, weight=2.0, required=True)


def subject(*evaluators: Evaluator) -> Subject:
    spec = EvaluatorSpec(name="x", kind="x", options=None, path="a", line=1)
    prompt = Prompt(path=Path("a"), location="a", name="a", messages=(), evaluators=(spec,))
    return Subject(
        prompt=prompt, model=None, samples=1, evaluators=evaluators, golden_evaluators={}
    )


def trial(text: str, **more: object) -> Trial:
    return Trial(completion=Completion(text=text, **more), judgements={})  # type: ignore[arg-type]


def evaluator(name: str, scores: Mapping[str, float | None], threshold: float = 1.0) -> Evaluator:
    return Evaluator(name=name, scorer=Fixed(scores), threshold=threshold)


def test_a_golden_passes_if_all_evaluators_do_and_scores_their_mean() -> None:
    both = subject(evaluator("a", {"x": 1.0}), evaluator("b", {"x": 0.5}, threshold=0.5))
    result = score_golden(both, GOLDEN, [trial("x")])
    assert (result.outcome, result.score) == (Outcome.PASSED, 0.75)
    assert (result.weight, result.required) == (2.0, True)


def test_samples_are_averaged_before_the_threshold_decides() -> None:
    half = subject(evaluator("a", {"x": 1.0, "y": 0.0}, threshold=0.5))
    result = score_golden(half, GOLDEN, [trial("x"), trial("y")])
    assert (result.outcome, result.score) == (Outcome.PASSED, 0.5)
    strict = subject(evaluator("a", {"x": 1.0, "y": 0.0}))
    assert score_golden(strict, GOLDEN, [trial("x"), trial("y")]).outcome is Outcome.MISSED


def test_unscored_is_neither_a_pass_nor_a_miss_nor_a_number() -> None:
    result = score_golden(subject(evaluator("a", {"x": None})), GOLDEN, [trial("x")])
    assert (result.outcome, result.score) == (Outcome.UNSCORED, None)
    assert result.reason == "a: unclear"


def test_a_miss_counts_whatever_could_not_be_scored() -> None:
    mixed = subject(evaluator("a", {"x": None}), evaluator("b", {"x": 0.0}))
    result = score_golden(mixed, GOLDEN, [trial("x")])
    assert (result.outcome, result.score) == (Outcome.MISSED, 0.0)


def test_a_pass_beside_something_unscored_is_not_scored() -> None:
    mixed = subject(evaluator("a", {"x": None}), evaluator("b", {"x": 1.0}))
    assert score_golden(mixed, GOLDEN, [trial("x")]).outcome is Outcome.UNSCORED


def test_a_judge_is_scored_by_its_own_answer() -> None:
    judged = subject(Evaluator(name="j", scorer=Judge(), threshold=0.0, strictly_above=True))
    answered = Trial(
        completion=Completion(text="x", usage=Usage(input_tokens=1, output_tokens=2)),
        judgements={0: Completion(text="0.4", usage=Usage(input_tokens=10, output_tokens=20))},
    )
    result = score_golden(judged, GOLDEN, [answered])
    assert (result.outcome, result.score) == (Outcome.PASSED, 0.4)
    assert (result.input_tokens, result.output_tokens) == (11, 22)


def test_costs_are_unknown_where_one_is() -> None:
    scored = subject(evaluator("a", {"x": 1.0}))
    known = score_golden(scored, GOLDEN, [trial("x", cost_usd=0.5), trial("x", cost_usd=0.25)])
    assert known.cost_usd == 0.75
    assert score_golden(scored, GOLDEN, [trial("x", cost_usd=0.5), trial("x")]).cost_usd is None


def test_answers_that_are_cut_refused_or_empty_are_noted() -> None:
    scored = subject(evaluator("a", {"": 0.0, "x": 0.0}))
    trials = [
        trial("x", finish_reason=FinishReason.LENGTH),
        trial("", finish_reason=FinishReason.REFUSAL, notes=("temperature left out",)),
    ]
    assert score_golden(scored, GOLDEN, trials).notes == (
        "temperature left out",
        "the answer was cut off at the token limit (maxTokens)",
        "the model refused to answer",
        "the answer is empty",
    )


def test_what_a_scorer_raises_comes_through() -> None:
    class Raising:
        def score(self, golden: Golden, completion: Completion) -> Score:
            raise ScorerError("broken")

    with pytest.raises(ScorerError, match="broken"):
        score_golden(subject(Evaluator(name="r", scorer=Raising())), GOLDEN, [trial("x")])


def test_results_survive_json() -> None:
    mark = Mark(evaluator="a", value=0.5, passed=False, reason="so")
    result = GoldenResult(
        golden_id="g", outcome=Outcome.MISSED, score=0.5, marks=(mark,), notes=("n",), cost_usd=None
    )
    assert GoldenResult.from_json(result.to_json()) == result


def test_a_prompts_score_is_the_weighted_mean_of_what_was_scored() -> None:
    results = (
        GoldenResult(golden_id="a", outcome=Outcome.PASSED, score=1.0, weight=3.0),
        GoldenResult(golden_id="b", outcome=Outcome.MISSED, score=0.0),
        GoldenResult(golden_id="c", outcome=Outcome.ERROR),
    )
    assert Evaluation(location="a", results=results).score == 0.75
    assert Evaluation(location="a", results=results[2:]).score is None
