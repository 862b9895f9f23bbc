import pytest

from pytest_promptopt.evaluation.evaluation import Answer, GoldenResult, Mark, Outcome
from pytest_promptopt.reports.contrast import differences_of, sentence

LONG = (
    "The quick brown fox jumps over the lazy dog and runs away from the {} big house on the hill."
)


def row(expected: str, *answers: str, reason: str = "") -> GoldenResult:
    mark = Mark(name="polite", score=0.0, passed=False, reason=reason)
    return GoldenResult(
        id="a",
        outcome=Outcome.MISSED,
        score=0.0,
        evaluators=(mark,),
        expected=expected,
        answers=tuple(Answer(text=text, passed=text == expected) for text in answers),
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (row("a", "b"), 'expected "a", got "b"'),
        (row("a", "a", "b", "c"), 'expected "a", got "b" (2 of 3 answers missed)'),
        (row("a", "b\n\x1b[2J"), r'expected "a", got "b \x1b[2J"'),
        (
            row(LONG.format("very"), LONG.format("quite")),
            'expected "… runs away from the very big house on the hill.", '
            'got "… runs away from the quite big house on the hill."',
        ),
        (
            row('{"a": {"b": "DE"}, "c": 5}', '```json\n{"a": {"b": "Germany"}, "c": 4}\n```'),
            'a.b: expected "DE", got "Germany"; c: expected 5, got 4',
        ),
        (row('{"a": 1}', "no JSON"), 'expected "{"a": 1}", got "no JSON"'),
        (row("a", "b", reason="please\nis missing"), "polite 0.00: please is missing"),
        (row("", "b", reason="please is missing"), "polite 0.00: please is missing"),
    ],
)
def test_a_miss_is_told_by_where_it_differs(found: GoldenResult, said: str) -> None:
    assert sentence(found) == said


@pytest.mark.parametrize(
    ("expected", "answer", "lines"),
    [
        (LONG.format("very"), LONG.format("quite"), [LONG.replace(" {}", "[- very-]{+ quite+}")]),
        ("one\ntwo\nthree", "one\ntwo!\nthree", ["…", "two{+!+}", "…"]),
        ('{"a": [1, 2]}', '{"a": [1, 3], "b": 0}', ["b: not expected", "a.1: expected 2, got 3"]),
        ("yes", "no", []),
    ],
)
def test_differences_are_shown_where_they_are(expected: str, answer: str, lines: list[str]) -> None:
    assert [*differences_of(expected, answer)] == lines
