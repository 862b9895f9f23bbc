"""BLEU and chrF as sacrebleu has them."""

from importlib import import_module
from typing import Any

import pytest

from pytest_promptopt.errors import Severity
from tests.scoring.entries import problem, score

BITTEN = ["The man bit him first.", "The man had bitten the dog."]


@pytest.mark.parametrize(
    ("expected", "answer", "bleu", "chrf"),
    [
        # The sentences of sacrebleu's README, scored by its release 2.6.0.
        (["The dog bit the man.", "The dog had bit the man."], "The dog bit the man.", 1, 1),
        (
            ["It was not unexpected.", "No one was surprised."],
            "It wasn't surprising.",
            *(0.14794015674776452, 0.35346353014252910),
        ),
        (BITTEN, "The man had just bitten him.", 0.29071536848410968, 0.51877407995047790),
        ("The dog bit the man.", "the", 0.00673794699908547, 0.15826888899562896),
        ("The dog bit the man.", "", 0, 0),
    ],
)
def test_bleu_and_chrf_are_sacrebleus(expected: Any, answer: str, bleu: float, chrf: float) -> None:
    for kind, figure in {"bleu": bleu, "chrf": chrf}.items():
        result = score({kind: {"threshold": 0.5}}, answer, expected=expected)
        assert result.value == pytest.approx(figure, abs=1e-8)


def test_a_very_long_answer_is_not_scored() -> None:
    result = score({"bleu": "b", "threshold": 0.5}, "a" * 200_000)
    assert result.value is None
    assert result.reason.startswith("too long to compare: ")


@pytest.mark.parametrize("kind", ["bleu", "chrf"])
def test_without_the_extra_the_error_says_what_to_install(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> Any:
        if name.startswith("sacrebleu"):
            raise ModuleNotFoundError("No module named 'sacrebleu'", name="sacrebleu")
        return import_module(name)

    monkeypatch.setattr("pytest_promptopt.scoring.extras.import_module", absent)
    told = problem({kind: "a", "threshold": 0.5})
    assert told.severity is Severity.ERROR
    assert told.message == (
        f"evaluator `{kind}`: `{kind}` needs a library that is not installed: "
        'pip install "pytest-promptopt[text]"'
    )
