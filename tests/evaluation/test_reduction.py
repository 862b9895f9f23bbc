import functools
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_promptopt.errors import ScorerError
from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.reduction import score_golden
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.answer_place import AnswerPlace
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.prompt import Prompt, Reducer
from pytest_promptopt.providers.request import Completion, FinishReason, Request, Usage
from pytest_promptopt.scoring.choice import CHOICE
from pytest_promptopt.scoring.negation import negated
from pytest_promptopt.scoring.score import ABOVE_NOTHING, Evaluator, Score, Threshold


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


MAJORITY = Reducer("majority")


SPEC = EvaluatorSpec(name="x", kind="x", options=None, path="a", line=1)


def subject(
    *evaluators: Evaluator,
    reducer: Reducer = Reducer(),  # noqa: B008
) -> Subject:
    prompt = Prompt(
        path=Path("a"), location="a", name="a", messages=(), evaluators=(SPEC,), reducer=reducer
    )
    return Subject(
        prompt=prompt, model=None, samples=1, evaluators=evaluators, golden_evaluators={}
    )


def trial(text: str, **more: object) -> Trial:
    return Trial(completion=Completion(text=text, **more), judgements={})  # type: ignore[arg-type]


def evaluator(name: str, scores: Mapping[str, float | None], threshold: float = 1.0) -> Evaluator:
    return Evaluator(name=name, scorer=Fixed(scores), threshold=Threshold(threshold))


def test_a_golden_passes_if_all_evaluators_do_and_scores_their_mean() -> None:
    both = subject(evaluator("a", {"x": 1.0}), evaluator("b", {"x": 0.5}, threshold=0.5))
    result = score_golden(both, GOLDEN, [trial("x")])
    assert (result.outcome, result.score) == (Outcome.PASSED, 0.75)
    assert (result.weight, result.required) == (2.0, True)


def test_evaluators_count_by_their_weights() -> None:
    heavy = Evaluator(name="h", scorer=Fixed({"x": 1.0}), weight=3)
    light = evaluator("l", {"x": 0.0})
    result = score_golden(subject(heavy, light), GOLDEN, [trial("x")])
    assert (result.outcome, result.score) == (Outcome.MISSED, 0.75)


@pytest.mark.parametrize("value", [0.0, None])
def test_an_optional_evaluator_is_shown_and_counts_for_nothing(value: float | None) -> None:
    shown = Evaluator(name="o", scorer=Fixed({"x": value}), optional=True)
    for reducer in (Reducer(), MAJORITY, Reducer("at-least", 2)):
        both = subject(evaluator("a", {"x": 1.0}), shown, reducer=reducer)
        result = score_golden(both, GOLDEN, [trial("x"), trial("x")])
        assert (result.outcome, result.score, result.reason) == (Outcome.PASSED, 1.0, "")
        assert [answer.passed for answer in result.answers] == [True, True]
        assert [(m.name, m.score, m.optional) for m in result.evaluators][1] == ("o", value, True)


def said(text: str) -> Trial:
    place = AnswerPlace(mark="after", value="Answer:")
    return Trial(completion=Completion(text=text), judgements={}, place=place)


def test_only_the_answer_is_scored_and_the_rest_is_kept() -> None:
    result = score_golden(subject(evaluator("a", {"B": 1.0})), GOLDEN, [said("So.\nAnswer: B")])
    assert (result.outcome, result.score) == (Outcome.PASSED, 1.0)
    assert [(a.text, a.whole) for a in result.answers] == [("B", "So.\nAnswer: B")]


def test_where_no_answer_stands_every_evaluator_misses_and_says_why() -> None:
    everyone = (
        evaluator("a", {}),
        Evaluator(name="j", scorer=Judge(), threshold=ABOVE_NOTHING),
        Evaluator(name="n", scorer=negated(Fixed({})), threshold=Threshold().negated),
    )
    for reducer in (Reducer(), MAJORITY, Reducer("at-least", 1)):
        result = score_golden(subject(*everyone, reducer=reducer), GOLDEN, [said("B."), said("B.")])
        assert (result.outcome, result.score) == (Outcome.MISSED, 0.0)
        why = 'no answer: "Answer:" does not stand in the text; the text ends "B."'
        assert [(mark.passed, mark.reason) for mark in result.evaluators] == [(False, why)] * 3
        assert result.notes == ("no answer where `answer:` says that it stands",)
        assert [answer.text for answer in result.answers] == ["B.", "B."]


def test_the_majority_is_that_of_the_answers_and_what_holds_none_is_no_vote() -> None:
    texts = ["Well.\nAnswer: B", "Hm.", "First A.\nAnswer: B", "Hm.", "Hm."]
    result = score_golden(
        subject(evaluator("a", {"B": 1.0}), reducer=MAJORITY), GOLDEN, [said(t) for t in texts]
    )
    assert (result.outcome, result.agreement) == (Outcome.PASSED, 0.4)


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
    judged = subject(Evaluator(name="j", scorer=Judge(), threshold=ABOVE_NOTHING))
    answered = Trial(
        completion=Completion(text="x", usage=Usage(input_tokens=1, output_tokens=2)),
        judgements={0: (Completion(text="0.4", usage=Usage(input_tokens=10, output_tokens=20)),)},
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
        "the answer was cut off at the token limit (maxTokens)",
        "temperature left out",
        "the model refused to answer",
        "the answer is empty",
    )


def test_what_a_scorer_raises_comes_through() -> None:
    class Raising:
        def score(self, golden: Golden, completion: Completion) -> Score:
            raise ScorerError("broken")

    with pytest.raises(ScorerError, match="broken"):
        score_golden(subject(Evaluator(name="r", scorer=Raising())), GOLDEN, [trial("x")])


def test_agreement_is_the_share_of_samples_that_come_out_alike() -> None:
    scored = subject(evaluator("a", {"x": 1.0, "y": 0.0}))
    trials = [trial("x"), trial("y"), trial("x")]
    result = score_golden(scored, GOLDEN, trials)
    assert result.agreement == pytest.approx(2 / 3)
    assert result.score == pytest.approx(2 / 3)
    assert score_golden(scored, GOLDEN, trials[:1]).agreement is None


def test_the_majority_scores_the_answer_that_most_gave_and_counts_the_cost_of_all() -> None:
    voted = subject(evaluator("a", {"Yes": 1.0, "no": 0.0, "yes ": 1.0}), reducer=MAJORITY)
    trials = [trial("no", cost_usd=1.0), trial("Yes", cost_usd=1.0), trial("yes ", cost_usd=1.0)]
    result = score_golden(voted, GOLDEN, trials)
    assert (result.outcome, result.score) == (Outcome.PASSED, 1.0)
    assert result.agreement == pytest.approx(2 / 3)
    assert result.cost_usd == 3.0


def test_of_answers_with_as_many_votes_the_earliest_wins() -> None:
    voted = subject(evaluator("a", {"x": 0.0, "y": 1.0}), reducer=MAJORITY)
    assert score_golden(voted, GOLDEN, [trial("x"), trial("y")]).outcome is Outcome.MISSED


def test_answers_vote_for_the_label_that_they_name() -> None:
    assert CHOICE.vote is not None
    vote = functools.partial(CHOICE.vote, ["billing", "returns"])
    scores = {"Billing.": 1.0, "It is billing": 1.0, "returns": 0.0}
    voting = Evaluator(name="c", scorer=Fixed(scores), vote=vote)
    voted = subject(voting, reducer=MAJORITY)
    trials = [trial("returns"), trial("Billing."), trial("It is billing")]
    assert score_golden(voted, GOLDEN, trials).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("answers", "outcome", "score"),
    [
        ("xxy", Outcome.PASSED, 1.0),
        ("xyy", Outcome.MISSED, 0.0),
        ("xyu", Outcome.UNSCORED, None),
        ("yyu", Outcome.MISSED, 0.0),
        ("xxu", Outcome.PASSED, 1.0),
    ],
)
def test_at_least_two_answers_must_pass_all_evaluators(
    answers: str, outcome: Outcome, score: float | None
) -> None:
    scores = {"x": 1.0, "y": 0.0, "u": None}
    both = subject(evaluator("a", scores), evaluator("b", scores), reducer=Reducer("at-least", 2))
    result = score_golden(both, GOLDEN, [trial(answer) for answer in answers])
    assert (result.outcome, result.score) == (outcome, score)


# Ten answers, and the figures of the estimator in Chen et al. (2021): 1 - prod(1 - k / i).
@pytest.mark.parametrize(
    ("passing", "count", "outcome", "score"),
    [
        (3, 1, Outcome.MISSED, 0.3),
        (3, 5, Outcome.MISSED, 1 - 21 / 252),
        (3, 7, Outcome.MISSED, 1 - 1 / 120),
        (3, 8, Outcome.PASSED, 1.0),
        (0, 5, Outcome.MISSED, 0.0),
        (10, 1, Outcome.PASSED, 1.0),
    ],
)
def test_pass_at_k_is_the_unbiased_estimate(
    passing: int, count: int, outcome: Outcome, score: float
) -> None:
    scores = {"x": 1.0, "y": 0.0}
    one = subject(evaluator("a", scores), reducer=Reducer("pass@", count))
    answers = "x" * passing + "y" * (10 - passing)
    result = score_golden(one, GOLDEN, [trial(answer) for answer in answers])
    assert result.outcome is outcome
    assert result.score == pytest.approx(score)
    assert result.evaluators[0].passed is (outcome is Outcome.PASSED)


@pytest.mark.parametrize(("answers", "reason"), [("xxu", "a: "), ("xx", "pass@3 needs 3 samples")])
def test_pass_at_k_is_not_scored_from_too_few_answers(answers: str, reason: str) -> None:
    one = subject(evaluator("a", {"x": 1.0, "u": None}), reducer=Reducer("pass@", 3))
    result = score_golden(one, GOLDEN, [trial(answer) for answer in answers])
    assert (result.outcome, result.score) == (Outcome.UNSCORED, None)
    assert result.reason.startswith(reason)
