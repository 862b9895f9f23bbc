"""Meaning by the vectors of the encoder that comes with the extra `embeddings`."""

from typing import Any

import pytest

from tests.scoring.entries import score

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
