import pytest

from pytest_promptopt.scoring.verdict import read_verdict

GRADES = ("1", "2", "3", "4", "5")


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ("good", "good"),
        (" **Good**. ", "good"),
        ("<choice>good</choice>", "good"),
        ("good? <choice>bad</choice> Well, <choice> Good </choice>, not bad", "good"),
        ("I first thought good, but: bad", "bad"),
        ("It is polite and complete.\n\nbad", "bad"),
        ("Answer: good", "good"),
        ("**Answer:** good, because it is not bad", "good"),
        ('{"choice": "good"}', "good"),
        ('{"choice": "good", "why": "nothing is bad"}', "good"),
        ("Answer: good\nOn reflection the answer is bad", "bad"),
        ("Final answer:\n\ngood", "good"),
        ("My verdict is good since it says it all", "good"),
        ("I would call it good", "good"),
        ("good\n\nIt says what was asked.", "good"),
        ("Good. It says what was asked.", "good"),
        ("Not bad at all. Good", "good"),
        ("<answer>Paris</answer> is right.\n\ngood", "good"),
        ("It has no errors and is good", "good"),
    ],
)
def test_the_choice_is_read(answer: str, choice: str) -> None:
    assert read_verdict(answer, ("good", "bad")) == choice


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "\n\n",
        "not good",
        "The answer is not good.",
        "Answer: not good",
        "It isn't good",
        "Far from good",
        "It is no good",
        "I would not say that this is good",
        "Das ist nicht good",
        "goodness",
        "good answers would mention the price",
        "It is good that it is polite, but the answer is wrong",
        "<choice>maybe</choice> good",
        "good, although some of it is bad, and some is not",
        "I cannot say.",
    ],
)
def test_what_names_no_choice_plainly_is_none(answer: str) -> None:
    assert read_verdict(answer, ("good", "bad")) is None


def test_of_an_answer_that_is_cut_off_only_a_plain_choice_counts() -> None:
    choices = ("good", "bad")
    assert read_verdict("It looks good", choices) == "good"
    assert read_verdict("It looks good", choices, is_cut=True) is None
    assert read_verdict("good", choices, is_cut=True) == "good"
    assert read_verdict("<choice>bad</choice> as it", choices, is_cut=True) == "bad"


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ("4", "4"),
        ("4/5", "4"),
        ("Score: 4 out of 5", "4"),
        ("I rate it 4 on a scale of 1 to 5.", "4"),
        ("4 stars", "4"),
        ("Let's think step by step: it has 3 flaws.\n\n2", "2"),
        ("4\n\nReason: it covers step 5", "4"),
        ("I would give this a 4.", "4"),
        ("<score>3</score>", "3"),
        ("4.5", None),
        ("It covers steps 1 to 5.", None),
        ("14", None),
    ],
)
def test_grades_are_told_from_other_numbers(answer: str, choice: str | None) -> None:
    assert read_verdict(answer, GRADES) == choice


@pytest.mark.parametrize(
    ("choices", "answer", "choice"),
    [
        (("good", "not good"), "This is not good.", "not good"),
        (("correct", "partly correct"), "Verdict - partly correct", "partly correct"),
        (("correct", "incorrect"), "incorrect", "incorrect"),
        (("yes", "no"), "The answer is no", "no"),
        (("yes", "no"), "No, it is not.", "no"),
        (("yes", "no"), "Yes\n\nThere is no doubt about it", "yes"),
        (("yes", "no"), "Answer: no answer is given", None),
        (("a", "b"), "A) because it fits", "a"),
        (("c", "c++"), "It is c++", "c++"),
        (("好", "不好"), "答案：不好", "不好"),
    ],
)
def test_longer_choices_win_over_those_they_contain(
    choices: tuple[str, ...], answer: str, choice: str | None
) -> None:
    assert read_verdict(answer, choices) == choice
