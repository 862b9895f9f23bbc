"""Token F1 and ROUGE against the figures of SQuAD's evaluation and of rouge-score 0.1.2."""

from typing import Any

import pytest

from tests.scoring.entries import complaint, evaluator, flaw, score

FOX = "The quick brown fox jumps over the lazy dog"
LOG = "The quick brown dog jumps on the log."


def value(entry: dict[str, Any], answer: str, expected: Any) -> float | None:
    return score({**entry, "threshold": 0.5}, answer, expected=expected).value


@pytest.mark.parametrize(
    ("expected", "answer", "figure"),
    [
        ("Denver Broncos", "The Denver Broncos!", 1),
        ("Denver Broncos", "Broncos", 2 / 3),
        ("a cat and a dog", "the cat", 0.5),
        ("co-op", "coop", 1),
        ("in 1066", "1066 in the year 1066", 2 / 3),
        (["Santa Clara", "Levi's Stadium"], "levis stadium", 1),
        ("Denver Broncos", "", 0),
        ("the", "", 1),
        ("the", "Denver", 0),
        # MLQA's evaluation, which is the same in other languages.
        ("北京大学", "北京。", 2 / 3),
        ("¿Qué tal?", "qué tal", 1),
    ],
)
def test_f1_is_squads(expected: Any, answer: str, figure: float) -> None:
    assert value({"f1": "{{expected}}"}, answer, expected) == pytest.approx(figure)


@pytest.mark.parametrize(
    ("expected", "answer", "one", "two", "longest"),
    [
        (FOX, LOG, 12 / 17, 4 / 15, 10 / 17),
        ("testing one two", "testing", 0.5, 0, 0.5),
        ("testing one two three", "testing one two", 6 / 7, 0.8, 6 / 7),
        (
            ["police killed the gunman", "the gunman was shot by police"],
            "police kill the gunman",
            *(0.75, 1 / 3, 0.75),
        ),
        (FOX, "", 0, 0, 0),
        ("!", "!", 0, 0, 0),
        # Outside ASCII, where rouge-score sees no words.
        ("Müller kam", "müller ging", 0.5, 0, 0.5),
        ("北京大学", "北京", 2 / 3, 0.5, 2 / 3),
    ],
)
def test_rouge_is_that_of_rouge_score(
    expected: Any, answer: str, one: float, two: float, longest: float
) -> None:
    for variant, figure in {1: one, 2: two, "L": longest}.items():
        found = value({"rouge": {"variant": variant}}, answer, expected)
        assert found == pytest.approx(figure), variant


def test_the_reason_shows_the_references() -> None:
    result = score({"f1": None, "threshold": 1}, "Bern", expected=["Rome", "Paris", "Oslo", "Riga"])
    assert result.reason == 'expected "Rome" or "Paris" or "Oslo" or 1 more, got "Bern"'


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"f1": "a"}, "`f1` needs a `threshold`, such as `threshold: 0.5`"),
        ({"f1": {"to": {"a": 1}}, "threshold": 1}, "a reference must be text, found a mapping"),
        ({"f1": [], "threshold": 1}, "`to` holds no reference"),
        ({"f1": ["a", " "], "threshold": 1}, "a reference is empty"),
        ({"f1": {"of": "a"}, "threshold": 1}, "`of` is not understood (known: to)"),
        (
            {"rouge": {"variant": "M"}, "threshold": 1},
            "`variant` cannot be 'M' (known: 1, 2, L)",
        ),
        (
            {"rouge": {"varaint": 1}, "threshold": 1},
            "`varaint` is not understood (known: to, variant); did you mean `variant`?",
        ),
    ],
)
def test_options_that_cannot_be_meant_are_told(entry: dict[str, Any], message: str) -> None:
    [kind, *_] = entry
    assert complaint(entry).removeprefix(f"evaluator `{kind}`: ").endswith(message)


@pytest.mark.parametrize("kind", ["f1", "rouge", "bleu", "chrf"])
def test_a_reference_that_is_missing_or_empty_is_a_flaw_of_the_golden(kind: str) -> None:
    entry = {kind: {"to": "{{answer}}", "threshold": 0.5}}
    assert evaluator(entry).threshold.least == 0.5
    assert flaw(entry, answer="") == "a reference is empty"
    assert flaw(entry, answer=[]) == "`to` holds no reference"
    assert flaw(entry, other="a") == "{{answer}} has no value"
    assert flaw(entry, answer=["a", 5]) == ""


def test_the_longest_sequence_of_too_long_texts_is_not_looked_for() -> None:
    result = score({"rouge": "b", "threshold": 0.5}, "a" * 1_000_000)
    assert result.value is None
    assert result.reason == (
        "too long to compare: answer and references have 1,000,001 characters, "
        "at most 1,000,000 are looked at"
    )
