import pytest

from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.score import Scorer
from tests.scoring.entries import complaint, evaluator, flaw, golden, question, verdict

JUDGE = {
    "llm": {"prompt": "Rude?\n{{completion}}", "choices": [{"choice": "yes", "score": 1}, "no"]},
    "not": True,
}
JUDGE["llm"]["choices"][1] = {"choice": "no", "score": 0}  # type: ignore[index]


def verdict_on(entry: dict[str, object], answer: str, **variables: object) -> tuple[float, bool]:
    """The score and whether it passes."""
    made = evaluator(entry)
    assert isinstance(made.scorer, Scorer)
    value = made.scorer.score(golden(**variables), Completion(text=answer)).value
    assert value is not None
    return value, made.passes(value)


@pytest.mark.parametrize(
    ("entry", "good", "bad"),
    [
        ({"contains": "sorry"}, "Done.", "Sorry, no."),
        ({"regex": "^#"}, "Text", "# Title"),
        ({"equals": "{{expected}}"}, "other", "right"),
        ({"choice": ["right", "wrong"]}, "wrong", "right"),
        ({"json": "valid"}, "no json", "{}"),
        ({"number": 4}, "5", "It is 4."),
    ],
)
def test_not_passes_exactly_where_the_evaluator_would_not(
    entry: dict[str, object], good: str, bad: str
) -> None:
    assert verdict_on({**entry, "not": True}, good, expected="right") == (1.0, True)
    assert verdict_on({**entry, "not": True}, bad, expected="right") == (0.0, False)


def test_the_threshold_beside_not_is_that_of_what_is_not_wanted() -> None:
    entry = {"similarity": {"to": "abcde"}, "threshold": 0.8, "not": True}
    assert verdict_on(entry, "abcdX")[1] is False
    assert verdict_on(entry, "abcXX") == (0.4, True)


def test_not_of_what_every_answer_reaches_is_an_error() -> None:
    told = complaint({"similarity": {"to": "abcde"}, "threshold": 0, "not": True})
    assert told.endswith("`threshold: 0` is reached by all, so that beside `not` nothing passes")


def test_not_says_what_there_must_not_be() -> None:
    made = evaluator({"contains": "sorry", "not": True})
    assert isinstance(made.scorer, Scorer)
    found = made.scorer.score(golden(), Completion(text="Sorry, no."))
    assert found.reason == 'must not be so, and is: got "Sorry, no."'


def test_a_judge_is_asked_the_same_and_its_score_turned_round() -> None:
    assert question(JUDGE, "Go away.").messages[-1].content == "Rude?\nGo away."
    rude, polite = verdict(JUDGE, "yes"), verdict(JUDGE, "no")
    assert (rude.value, polite.value) == (0.0, 1.0)
    assert rude.reason == 'the judge chose "yes", which is not wanted'
    passes = evaluator(JUDGE).passes
    assert [passes(value) for value in (0.0, 0.5, 1.0)] == [False, False, True]


def test_what_cannot_be_scored_stays_so_and_a_flaw_a_flaw() -> None:
    assert verdict(JUDGE, "maybe").value is None
    made = evaluator({"number": "{{expected}}", "not": True})
    assert isinstance(made.scorer, Scorer)
    assert made.scorer.score(golden(expected="x"), Completion(text="4")).value is None
    assert flaw({"number": "{{expected}}", "not": True}, expected="x") == (
        'expected "x" is not one number'
    )
