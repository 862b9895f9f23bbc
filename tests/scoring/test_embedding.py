"""Meaning by the vectors of the encoder that comes with the extra `embeddings`."""

from collections.abc import Sequence
from typing import Any

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.providers.request import Completion, Model, Request
from pytest_promptopt.scoring.score import AskingScorer, Inquiry, Score
from tests.scoring.entries import complaint, evaluator, flaw, golden, score

BACK = "I want my money back"


def value(answer: str, expected: Any = BACK) -> float | None:
    return score({"embedding": "{{expected}}", "threshold": 0.5}, answer, expected=expected).value


@pytest.mark.parametrize(
    ("expected", "answer", "figure"),
    [
        # The figure of its README.
        ("gato preto correu", "o gato preto correu pelo jardim", 0.82),
        (BACK, "Please refund me", 0.65),
        (BACK, "Bitte erstatten Sie mir den Betrag", 0.46),
        (BACK, "The weather is nice", 0.17),
        ("今天天气很好", "The weather is nice today", 0.86),
        ([BACK, "The weather is fine"], "The weather is nice", 0.84),
    ],
)
def test_the_figures_are_those_of_the_encoder(expected: Any, answer: str, figure: float) -> None:
    assert value(answer, expected) == pytest.approx(figure, abs=0.006)


def test_the_same_text_is_wholly_alike_and_an_empty_one_not_at_all() -> None:
    assert value(f" {BACK}\n") == 1
    assert value("") == value(" \n") == 0


def test_half_a_surrogate_pair_is_no_trouble() -> None:
    assert value(f"{BACK}\ud83d") is not None


def test_a_long_answer_is_not_scored() -> None:
    result = score({"embedding": {"to": "b", "threshold": 0.5}}, "a" * 5_000)
    assert result.value is None
    assert result.reason.startswith("too long to compare: ")


ASKED = {"embedding": {"to": "{{expected}}", "model": "scripted/e", "threshold": 0.5}}


def asked_about(answer: str, **variables: Any) -> Sequence[Request] | Score:
    scorer = evaluator(ASKED).scorer
    assert isinstance(scorer, AskingScorer)
    request = Request(model=Model(provider="scripted", name="m"), messages=())
    return scorer.questions(Inquiry(golden(**variables), Completion(text=answer), request))


def test_a_model_is_asked_for_the_vectors_of_answer_and_references() -> None:
    asked = asked_about(" Refund me\n", expected=["money back", "refund"])
    assert not isinstance(asked, Score)
    [request] = asked
    contents = [message.content for message in request.messages]
    assert contents == ["Refund me", "money back", "refund"]
    assert (str(request.model), request.response_format) == ("scripted/e", "embedding")


def read(vectors: str, **variables: Any) -> Score:
    scorer = evaluator(ASKED).scorer
    assert isinstance(scorer, AskingScorer)
    return scorer.read_all(golden(**variables), [Completion(text=vectors)])


def test_nothing_is_asked_about_an_empty_answer() -> None:
    assert asked_about(" ", expected="a") == Score(value=0.0, reason="the answer is empty")


@pytest.mark.parametrize(
    ("vectors", "value", "reason"),
    [
        ("[[1, 0], [0.6, 0.8]]", 0.6, "0.60 alike in meaning"),
        ("[[2, 0], [5, 0]]", 1, ""),
        ("[[1, 0], [-1, 0]]", 0, "0.00 alike in meaning"),
        ("[[1, 0]]", None, "scripted/e gave 1 vectors of 2 texts"),
        ("[[1, 0], [1, 0], [0, 1]]", None, "scripted/e gave 3 vectors of 2 texts"),
        ("[]", None, "scripted/e gave 0 vectors of 2 texts"),
        ("[[1, 0], [1, 0, 0]]", None, "scripted/e gave no vectors that can be compared"),
        ("[[1, 0], [0, 0]]", None, "scripted/e gave a vector without a direction"),
        ("[[1, NaN], [1, 0]]", None, "scripted/e gave a vector without a direction"),
        ("[[1, 0], []]", None, "scripted/e gave no vectors: "),
        ("sorry", None, "scripted/e gave no vectors: "),
    ],
)
def test_vectors_are_compared_or_not_scored(vectors: str, value: float | None, reason: str) -> None:
    result = read(vectors, expected="a")
    assert (result.value, result.reason[: len(reason)]) == (value, reason)


def test_the_nearest_of_several_references_counts() -> None:
    assert read("[[2, 0], [0, 3], [5, 0]]", expected=["a", "b"]).value == 1


def test_a_model_that_cannot_be_asked_is_an_error() -> None:
    entry = {"embedding": {"model": "nowhere/e", "threshold": 0.5}}
    assert "the model cannot be asked: no provider `nowhere`" in complaint(entry)
    with pytest.raises(PromptFileError, match="a reference is empty in golden one"):
        asked_about("a", expected="")
    assert flaw(ASKED, expected="") == "a reference is empty"
