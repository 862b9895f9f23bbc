"""Meaning by the vectors of the encoder that comes with the extra `embeddings`."""

from typing import Any

import pytest

from pytest_promptopt.errors import PromptFileError
from tests.scoring.entries import complaint, question, score, verdict

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


def test_a_model_is_asked_for_the_vectors_of_answer_and_references() -> None:
    asked = question(ASKED, " Refund me\n", expected=["money back", "refund"])
    assert [message.content for message in asked.messages] == ["Refund me", "money back", "refund"]
    assert (str(asked.model), asked.response_format) == ("scripted/e", "embedding")
    assert len(question(ASKED, " ", expected=["money back", "refund"]).messages) == 1


@pytest.mark.parametrize(
    ("vectors", "value", "reason"),
    [
        ("[[1, 0], [0.6, 0.8]]", 0.6, "0.60 alike in meaning"),
        ("[[2, 0], [0, 3], [5, 0]]", 1, ""),
        ("[[1, 0], [-1, 0]]", 0, "0.00 alike in meaning"),
        ("[[1, 0]]", 0, "the answer is empty"),
        ("[]", None, "scripted/e gave no vectors that can be compared"),
        ("[[1, 0], [1, 0, 0]]", None, "scripted/e gave no vectors that can be compared"),
        ("[[1, 0], [0, 0]]", None, "scripted/e gave a vector without a direction"),
        ("[[1, NaN], [1, 0]]", None, "scripted/e gave a vector without a direction"),
        ("[[1, 0], []]", None, "scripted/e gave no vectors: "),
        ("sorry", None, "scripted/e gave no vectors: "),
    ],
)
def test_vectors_are_compared_or_not_scored(vectors: str, value: float | None, reason: str) -> None:
    result = verdict(ASKED, vectors)
    assert (result.value, result.reason[: len(reason)]) == (value, reason)


def test_a_model_that_cannot_be_asked_is_an_error() -> None:
    entry = {"embedding": {"model": "nowhere/e", "threshold": 0.5}}
    assert "the model cannot be asked: no provider `nowhere`" in complaint(entry)
    with pytest.raises(PromptFileError, match="a reference is empty in golden one"):
        question(ASKED, "a", expected="")
