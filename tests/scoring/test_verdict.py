import pytest

from pytest_promptopt.scoring.statements import searched
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


YES_NO = ("yes", "no")


@pytest.mark.parametrize(
    ("choices", "answer", "choice"),
    [
        (YES_NO, "No, the reference answer is yes.", "no"),
        (YES_NO, "No. The expected answer is yes", "no"),
        (YES_NO, "**No**. The answer says yes", "no"),
        (YES_NO, "I would say no as opposed to yes", "no"),
        (YES_NO, "Yes, though some would answer no", "yes"),
        (YES_NO, "No - the correct answer would be yes", "no"),
        (YES_NO, "Yes. Without it the answer would be no.", "yes"),
        (YES_NO, "The answer is: No (yes was expected)", "no"),
        (YES_NO, "Yes, there is no doubt.", "yes"),
        (YES_NO, "YES\u200b", "yes"),
        (("true", "false"), "False. The student said true.", "false"),
        (
            ("CORRECT", "INCORRECT"),
            "INCORRECT - the reference says the claim is correct",
            "INCORRECT",
        ),
        (("good", "bad"), "Bad. A polite reply would have been good.", "bad"),
        (("good", "bad"), "It is bad rather than good", "bad"),
        (("pass", "fail"), "FAIL: the answer does not pass", "fail"),
        (("pass", "fail"), "The answer should pass but does not. Fail.", "fail"),
        (("A", "B"), "I prefer B [[A]] no, [[B]]", "B"),
        (("A", "B"), r"\boxed{B}", "B"),
    ],
)
def test_what_is_told_of_another_answer_is_no_verdict(
    choices: tuple[str, ...], answer: str, choice: str
) -> None:
    assert read_verdict(answer, choices) == choice


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ("2. A better answer would get a 5", "2"),
        ("**2** out of 5.", "2"),
        ("2 of 5", "2"),
        ("2 points out of 5", "2"),
        ("Rating: 2\nMaximum: 5", "2"),
        ("Grade: 3\nConfidence: 5", "3"),
        ("Grade: 2. Maximum grade: 5", "2"),
        ("2 (the best possible is 5)", "2"),
        ("Rating: 2 (out of a maximum of 5)", "2"),
        ("2/5: could be 5/5 with sources", "2"),
        ("3 on a 1-5 scale", "3"),
        ("this **2**/5", "2"),
        ("2.0", "2"),
        ("2, since a 5 requires more", "2"),
        (r"\boxed{4}", "4"),
        ("\uff14", "4"),
        ("It covers all.\nIt is short.\n4", "4"),
        ("Accuracy: 5\nStyle: 2", None),
        ('The answer said "Score: 5". I rate it 1.', "1"),
    ],
)
def test_the_top_of_the_scale_is_not_what_was_given(answer: str, choice: str | None) -> None:
    assert read_verdict(answer, GRADES) == choice


def test_10_is_told_from_1() -> None:
    grades = tuple(str(grade) for grade in range(1, 11))
    assert [read_verdict(text, grades) for text in ("10", "1", "Score: 10/10")] == ["10", "1", "10"]


@pytest.mark.parametrize("answer", ["yes and no", "Yes/No", "Answer: yes or no", "no, maybe yes"])
def test_of_two_choices_side_by_side_none_is_the_verdict(answer: str) -> None:
    assert read_verdict(answer, YES_NO) is None


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ('The answer holds {"reason": "perfect", "score": 5}, which is its own praise.', None),
        ('It ends in {"verdict": "5"}, and I give no grade.', None),
        ('It grades itself with {"score": 5}.\n{"score": 5}', "5"),
        ('Here is my grade: {"reason": "short", "score": 4}', "4"),
        ('{"reason": "It says {\\"score\\": 5}", "score": 2}', "2"),
    ],
)
def test_json_within_a_sentence_tells_of_what_is_judged(answer: str, choice: str | None) -> None:
    assert read_verdict(answer, GRADES) == choice


def test_json_is_read_field_by_field() -> None:
    said = '{"reason": "a 5 needs more, the answer is 5", "score": 2, "max_score": 5}'
    assert read_verdict(said, GRADES) == "2"
    assert read_verdict(f"```json\n{said}\n```", GRADES) == "2"
    assert read_verdict('{"reason": "<score>5</score>", "score": 2}', GRADES) == "2"
    assert read_verdict('{"answer": "yes", "verdict": "no"}', YES_NO) == "no"
    assert read_verdict('{"score": 7, "reason": "5"}', GRADES) is None


AB = ("A", "B", "C")
GOOD_BAD = ("good", "bad")
RIGHT_WRONG = ("correct", "incorrect")


@pytest.mark.parametrize(
    ("choices", "answer", "choice"),
    [
        (YES_NO, "Is the answer relevant? No.", "no"),
        (YES_NO, "yes/no: no", "no"),
        (YES_NO, "Yes or no? No.", "no"),
        (YES_NO, "**Verdict:** Yes \u2705", "yes"),
        (YES_NO, "\u274c No", "no"),
        (YES_NO, "Yes, no doubt.", "yes"),
        (YES_NO, "I'd say yes, not no.", "yes"),
        (YES_NO, "No (reference: yes)", "no"),
        (YES_NO, "No\n\nThe correct answer: **yes**", "no"),
        (YES_NO, "No\nExpected: yes", "no"),
        (YES_NO, "- Polite: yes\n- Right: no\n\n**Overall: No**", "no"),
        (YES_NO, "The student's answer is yes, which is wrong. No", "no"),
        (YES_NO, "The answer is no, since nothing is said.", "no"),
        (RIGHT_WRONG, "Incorrect. The correct answer is Paris", "incorrect"),
        (RIGHT_WRONG, "The student's answer is correct", "correct"),
        (("pass", "fail"), "PASS/FAIL: FAIL", "fail"),
        (GOOD_BAD, "Good point, but the answer is bad.", "bad"),
        (("positive", "negative", "neutral"), "Not negative; neutral", "neutral"),
        (AB, "Winner: A. B was verbose.", "A"),
        (AB, "Choice: A\nB is not right", "A"),
        (AB, "I prefer B over A", "B"),
        (GRADES, "Feedback: good [RESULT] 3", "3"),
        (GRADES, "Rating: [[3]] out of [[5]]", "3"),
        (GRADES, "I would give it 2 points (of 5).", "2"),
        (GRADES, "3 von 5 Punkten", "3"),
        (GRADES, "评分：3（满分5）", "3"),
        (GRADES, "النتيجة: ٣", "3"),
        (GRADES, "3\ufe0f\u20e3", "3"),
        (GRADES, "$3.0/5.0$", "3"),
        (GRADES, "4. Good. 1 is missing.", "4"),
        (GRADES, "Relevance: 4\nFluency: 5\nOverall: 4", "4"),
        (GRADES, "Score (1-5): 3", "3"),
        (GRADES, "Score: 3\nMaximum: 5", "3"),
    ],
)
def test_a_verdict_is_told_from_what_stands_around_it(
    choices: tuple[str, ...], answer: str, choice: str
) -> None:
    assert read_verdict(answer, choices) == choice


@pytest.mark.parametrize(
    ("choices", "answer"),
    [
        (YES_NO, 'The submitted answer is "yes". The expert answer is "no". They disagree.'),
        (YES_NO, "The answer is yes, which contradicts the reference."),
        (YES_NO, "The answer is yes. This is wrong."),
        (YES_NO, "Answer: yes. Reference: no. Not a match."),
        (YES_NO, "The model's answer is yes."),
        (YES_NO, "The candidate's answer is yes, the reference's answer is no"),
        (YES_NO, "The answer given is yes"),
        (YES_NO, "1. Is it polite? Yes\n2. Is it right? No"),
        (YES_NO, "1. yes\n2. no"),
        (YES_NO, '{"reference_answer": "yes"}'),
        (YES_NO, "<answer>yes</answer> is what the student wrote."),
        (YES_NO, "Yes and no."),
        (("true", "false"), '{"result": false, "label": "true"}'),
        (("true", "false"), "It's false that the answer is true"),
        (RIGHT_WRONG, "partially correct"),
        (RIGHT_WRONG, "Het antwoord is niet correct"),
        (RIGHT_WRONG, "Svaret är inte correct"),
        (RIGHT_WRONG, "この回答は correct ではありません"),
        (GOOD_BAD, "The tone is good.\nThe facts are bad."),
        (GOOD_BAD, "The poem is good, yet one line is bad"),
        (GOOD_BAD, "good/bad"),
        (GOOD_BAD, "Tone: good\nFacts: bad"),
        (("pass", "fail"), "| 1 | pass |\n| 2 | fail |"),
        (("positive", "negative", "neutral"), "neutral to positive"),
        (AB, "It's a tie between A and B."),
        (AB, "I prefer A to B"),
        (AB, "A wins against B"),
        (AB, "The submitted answer is A."),
        (GRADES, "4/10"),
        (GRADES, "4 out of 10"),
        (GRADES, "Score: 4 of 4"),
        (GRADES, "3/4"),
        (GRADES, "-4"),
        (GRADES, ">3"),
        (GRADES, "3 to 4"),
        (GRADES, "Tone: 3\nFacts: 5"),
        (("0", "0.5", "1"), "1/2"),
    ],
)
def test_where_a_reader_would_be_unsure_there_is_no_verdict(
    choices: tuple[str, ...], answer: str
) -> None:
    assert read_verdict(answer, choices) is None


@pytest.mark.parametrize(
    ("choices", "answer"),
    [
        (GRADES, "<score>1</score> but the answer says <score>5</score>"),
        (GRADES, "<score>1</score>\n\n<verdict>5</verdict>"),
        (GRADES, "<score>1</score>\n\nThe final line is:\n<score>5</score>"),
        (GRADES, r"\boxed{1} whereas the text has \boxed{5}"),
        (GRADES, "[[1]] although it claims [[5]]"),
        (GRADES, '{"score": 1}\n\nThe answer contains {"score": 5}'),
        (GRADES, '{"score": 1, "score": 5}'),
        (GRADES, "Verdict: 1\nVerdict: 5"),
        (GRADES, "Verdict: 1. It said: Verdict: 5"),
        (GRADES, "Score: 1\n\nThe answer said Verdict: 5"),
        (GRADES, "Score: 5\n<score>1</score>"),
        (GRADES, 'Final: 1\n\n```json\n{"score": 5}\n```'),
        (GRADES, "1\n\n5"),
        (GRADES, "<score>1</score>, and its final line reads <score>5</score>"),
        (GRADES, "<score>1</score>. The verdict in the text is <score>5</score>"),
        (GRADES, "[[1]], so says the text, or [[5]]"),
        (YES_NO, "<verdict>no</verdict>\nIt wrote <verdict>yes</verdict> at its end."),
    ],
)
def test_grades_that_contradict_each_other_are_none(choices: tuple[str, ...], answer: str) -> None:
    assert read_verdict(answer, choices) is None


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ("Draft: <score>3</score>\n\nFinal: <score>4</score>", "4"),
        ("First <score>3</score>, on reflection <score>4</score>", "4"),
        ("I see <score>3</score> in it.\n\n<score>4</score>", "4"),
        ("Score: 3\nFinal score: 4", "4"),
        ("<score>4</score>\nIt is short.\n<score>4</score>", "4"),
        ("**Score: 4**\nIt is short.\n**Score: 4**", "4"),
    ],
)
def test_a_conclusion_wins_over_what_it_concludes_from(answer: str, choice: str) -> None:
    assert read_verdict(answer, GRADES) == choice


@pytest.mark.parametrize(
    "quoted",
    [
        "```\nScore: 5\n```",
        "~~~text\n<score>5</score>\n~~~",
        "> <score>5</score>",
        "> It ends in\n> Score: 5",
        '"Score: 5"',
        '"<score>5</score>"',
        "'Score: 5'",
        "\u201cScore: 5\u201d",
        "\u201eScore: 5\u201c",
        "\u00abScore: 5\u00bb",
        "\u300cScore: 5\u300d",
        "`Score: 5`",
        "<answer>\nScore: 5\n</answer>",
        "<quote><score>5</score></quote>",
    ],
)
def test_what_is_quoted_is_no_verdict(quoted: str) -> None:
    assert read_verdict(f"{quoted}\n\nFinal: 1", GRADES) == "1"
    assert read_verdict(f"Score: 1\n\n{quoted}", GRADES) == "1"
    assert read_verdict(f"It said\n{quoted}\n\n<score>1</score>", GRADES) == "1"


def test_an_answer_that_is_one_quotation_is_read() -> None:
    assert read_verdict("```\n<score>3</score>\n```", GRADES) == "3"
    assert read_verdict('"Score: 3"', GRADES) == "3"
    assert read_verdict('Here it is:\n```json\n{"score": 2}\n```', GRADES) == "2"


@pytest.mark.parametrize("part", ["<pre>", "```", "`", "<score>", "Score: 1\n", '"', "[[", "> "])
def test_what_is_searched_is_bounded(part: str) -> None:
    assert len(searched(part * 1_000_000)) <= 20_001
    read_verdict(part * 1_000_000, GRADES)
