"""Options by letter, by text and by place, shown in an order of their own."""

from collections import Counter
from typing import Any

import pytest

from pytest_promptopt.messages import Message
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.lettered import with_letters
from pytest_promptopt.prompts.template import Template
from pytest_promptopt.providers.request import Completion, Model, Request
from pytest_promptopt.scoring.score import AskingScorer, Demanding, Inquiry, Score, Scorer
from tests.scoring.entries import complaint, evaluator, golden, spec_of

CITIES = ["Rome", "Paris", "Bern", "Oslo"]


def lettered(options: Any, *, shuffle: bool = False, name: str = "one", **more: Any) -> Golden:
    made = Golden(id=name, variables={"options": options, **more}, path="a", line=1)
    [given] = with_letters([made], [spec_of({"multiple_choice": {"shuffle": shuffle}})])
    return given


def scored(answer: str, options: Any, expected: Any) -> Score:
    scorer = evaluator({"multiple_choice": None}).scorer
    assert isinstance(scorer, Scorer)
    return scorer.score(lettered(options, expected=expected), Completion(text=answer))


def flaw(options: Any, expected: Any) -> str:
    return flaw_of({"multiple_choice": None}, lettered(options, expected=expected))


def flaw_of(entry: Any, one: Golden) -> str:
    scorer = evaluator(entry).scorer
    assert isinstance(scorer, Demanding)
    return scorer.flaw(one)


@pytest.mark.parametrize("expected", ["C", "c", "Bern", " bern ", 2, "2"])
@pytest.mark.parametrize("options", [CITIES, dict(zip("ABCD", CITIES, strict=True))])
def test_the_right_option_is_given_by_letter_text_or_place(options: Any, expected: Any) -> None:
    assert scored("C", options, expected) == Score(value=1.0, named="C", wanted="C")
    result = scored("B", options, expected)
    assert (result.value, result.named, result.wanted) == (0.0, "B", "C")
    assert result.reason == 'expected C ("Bern"), got B: "B"'


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("(C)", 1),
        ("C) Bern", 1),
        ("The answer is C.", 1),
        ("Bern", 1),
        ("It is not Rome but Bern.", 1),
        ("A capital is asked for: Bern.", 1),
        ("B or C", 0),
        ("Zürich", 0),
        ("", 0),
    ],
)
def test_answers_name_a_letter_or_else_a_text(answer: str, value: float) -> None:
    assert scored(answer, CITIES, "C").value == value


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ("It must be Vitamin C.", "B"),
        ("Answer: Vitamin A", "C"),
        ("C. Vitamin A", "C"),
        ("The correct answer is B: Vitamin C", "B"),
        ("Not Vitamin C, so A", "A"),
    ],
)
def test_a_letter_in_an_options_text_is_no_answer(answer: str, named: str) -> None:
    assert scored(answer, ["Iron", "Vitamin C", "Vitamin A"], "A").named == named


@pytest.mark.parametrize(
    ("options", "expected", "letter"),
    [
        ({"1": "Rome", "2": "Bern"}, 1, "A"),
        ({"1": "Rome", "2": "Bern"}, "2", "B"),
        ({"x": "Rome", "y": "Bern"}, 1, "B"),
        ([0, 1, 2], 1, "B"),
        (["4", "1", "0"], 1, "B"),
        ([3, 2, 1], "1", "C"),
    ],
)
def test_a_number_is_a_key_of_the_options_or_else_a_place(
    options: Any, expected: Any, letter: str
) -> None:
    assert scored(letter, options, expected) == Score(value=1.0, named=letter, wanted=letter)


def test_options_are_lines_in_a_message() -> None:
    shown = Template("{{options}}").fill(lettered([1.5, "b"]).variables)
    assert shown == "A) 1.5\nB) b"


def test_shuffling_hangs_on_the_id_and_is_even() -> None:
    entry = {"multiple_choice": {"shuffle": True}}
    scorer = evaluator(entry).scorer
    assert isinstance(scorer, Scorer)
    right = Counter[str]()
    for number in range(200):
        one = lettered(CITIES, shuffle=True, name=f"g{number}", expected="A")
        assert one == lettered(CITIES, shuffle=True, name=f"g{number}", expected="A")
        result = scorer.score(one, Completion(text="Rome"))
        assert result.value == 1
        right[result.wanted] += 1
    assert min(right.values()) > 30


@pytest.mark.parametrize(
    ("options", "expected", "message"),
    [
        ("Rome, Paris", "A", "`options` must be a list of 2 to 26 texts"),
        (["Rome"], "A", "`options` must be a list of 2 to 26 texts"),
        (["x"] * 27, "A", "`options` must be a list of 2 to 26 texts"),
        (["Rome", "rome "], "A", 'two of the options are the same: "rome"'),
        ([3, 2, 1], 1, "expected 1 is an option and a place; write the letter"),
        (CITIES, 4, "expected 4: the options are counted from 0 to 3"),
        (CITIES, "E", 'expected "E" is none (known: A, B, C, D, Rome, Paris, Bern, Oslo)'),
        (CITIES, "Brn", "did you mean `Bern`?"),
        (["B", "A"], "A", 'expected "A" is a letter and another option\'s text'),
    ],
)
def test_options_that_cannot_be_meant_are_a_flaw(options: Any, expected: Any, message: str) -> None:
    assert message in flaw(options, expected)
    assert scored("A", options, expected).value is None


SAID = Completion(text="It is B")


def asked(
    entry: Any, one: Golden, chances: dict[str, float], *, answer: Completion = SAID
) -> Score:
    scorer = evaluator(entry).scorer
    assert isinstance(scorer, AskingScorer)
    request = Request(
        model=Model(provider="scripted", name="m"),
        messages=(Message(role="user", content="Which?"),),
    )
    questions = scorer.questions(Inquiry(one, answer, request))
    assert not isinstance(questions, Score)
    assert len(questions) == scorer.calls(one)
    assert {question.messages for question in questions} == {request.messages}
    told = [
        Completion(text=text, log_probability=chances[text])
        for question in questions
        if (text := question.forced_answer) is not None
    ]
    return scorer.read_all(one, told)


def test_by_likelihood_the_likeliest_letter_counts_and_no_text() -> None:
    entry = {"multiple_choice": {"by": "likelihood"}}
    one = lettered(CITIES, expected="C")
    chances = {"A": -3.0, "B": -1.0, "C": -0.5, "D": -2.0}
    assert asked(entry, one, chances) == Score(value=1.0, named="C", wanted="C")
    result = asked(entry, one, {**chances, "A": -0.1})
    assert (result.value, result.named) == (0.0, "A")
    assert result.reason == 'expected "C" (0.61), likeliest is "A" (0.9)'


def test_a_choice_by_likelihood_compares_the_labels() -> None:
    entry = {"choice": {"labels": ["spam", "no spam"], "by": "likelihood"}}
    one = golden(expected="Spam")
    assert asked(entry, one, {"spam": -0.1, "no spam": -1.0}).value == 1
    result = asked(entry, one, {"spam": -1.0, "no spam": -0.1})
    assert (result.value, result.named, result.wanted) == (0.0, "no spam", "spam")
    assert flaw_of(entry, golden(expected="ham")).startswith('expected "ham" is not among')
    assert "`by` cannot be" in complaint({"choice": {"labels": ["a"], "by": "likelyhood"}})


def test_likelihood_is_that_of_the_likeliest_reference() -> None:
    entry = {"likelihood": ["{{expected}}", "Berne"], "threshold": 0.5}
    result = asked(entry, golden(expected="Bern"), {"Bern": -2.0, "Berne": -0.5})
    assert result.value == pytest.approx(0.6065, abs=1e-4)


def test_perplexity_is_that_of_all_that_was_said() -> None:
    entry = {"perplexity": 4}
    assert asked(entry, golden(), {"It is B": -1.0}).value == 1
    result = asked(entry, golden(), {"It is B": -2.0})
    assert (result.value, result.reason) == (0.0, "perplexity 7.389, at most 4")
    found = Completion(text="B", whole="It is B")
    assert asked(entry, golden(), {"It is B": -1.0}, answer=found).value == 1


def test_a_model_that_tells_no_likelihood_scores_nothing() -> None:
    for entry in ({"perplexity": 4}, {"likelihood": None, "threshold": 0.5}):
        scorer = evaluator(entry).scorer
        assert isinstance(scorer, AskingScorer)
        found = scorer.read_all(golden(expected="a"), [Completion(text="a")])
        assert found == Score.unscored("the model told no log-probability")
