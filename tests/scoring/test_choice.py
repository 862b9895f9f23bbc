from typing import Any

import pytest

from tests.scoring.entries import complaint, flaw, score

TEAMS = ["billing", "shipping", "return", "returns"]


@pytest.mark.parametrize(
    ("labels", "expected", "answer"),
    [
        (TEAMS, "billing", "Billing."),
        (TEAMS, "billing", "The team is **BILLING**, that is, billing"),
        (TEAMS, "returns", "returns"),
        (TEAMS, "billing", "_billing_"),
        (TEAMS, "returns", "Not billing. The correct answer is returns: a return of goods."),
        (TEAMS, "returns", "The right team? Shipping or billing. The best choice is returns."),
        (["good", "not good"], "not good", "This is not\n good."),
        (["c", "c++", "c#"], "c++", "C++, I think"),
        (["très bon", "bon"], "très bon", "TRE\u0300S BON"),
        (TEAMS, "returns", "Returns.\n\nBilling sends invoices only."),
        (TEAMS, "returns", "Shipping sends, billing is paid.\n \nreturns"),
        (["yes", "no"], "no", "No\n\nYes would need a receipt.\n\nNo"),
        (["straße", "haus"], "straße", "Die STRASSE!"),
        (["退款", "换货"], "退款", "答案是退款。"),
        (["OK", "NG"], "OK", "答案是OK吗"),
        ([1, 2, 3], 2, "2"),
        ([True, False], True, "True"),
    ],
)
def test_the_one_label_that_is_named_is_the_expected_one(
    labels: list[Any], expected: Any, answer: str
) -> None:
    assert score({"choice": labels}, answer, expected=expected).value == 1


@pytest.mark.parametrize(
    "answer",
    [
        "billing\nreturns",
        "billing\n\nreturns",
        "billing\n\nWait, it is returns.",
        "billing\n\nOr returns?\n\nreturns",
    ],
)
def test_two_labels_alone_or_one_that_is_taken_back_are_no_answer(answer: str) -> None:
    for expected in ("billing", "returns"):
        assert score({"choice": TEAMS}, answer, expected=expected).value == 0


@pytest.mark.parametrize("answer", ["A B", "A, B", "Answer: A B.", "**A** **B**", "B A"])
@pytest.mark.parametrize("expected", ["A", "B"])
def test_two_letters_side_by_side_are_two_labels(expected: str, answer: str) -> None:
    assert score({"choice": ["A", "B", "C"]}, answer, expected=expected).value == 0


@pytest.mark.parametrize(
    ("labels", "expected", "answer", "reason"),
    [
        (TEAMS, "return", "returns", 'expected "return", got "returns": "returns"'),
        (TEAMS, "billing", "Mars", 'expected "billing", got none of the labels: "Mars"'),
        (
            TEAMS,
            "billing",
            "billing or shipping",
            'expected "billing", got 2 labels: "billing", "shipping": "billing or shipping"',
        ),
        (
            ["good", "not good"],
            "good",
            "not good",
            'expected "good", got "not good": "not good"',
        ),
        (["c", "java"], "c", "C++", 'expected "c", got none of the labels: "C++"'),
        (["spam"], "spam", "non-spam", 'expected "spam", got none of the labels: "non-spam"'),
        (["1", "0"], "1", "-1", 'expected "1", got none of the labels: "-1"'),
        (["4", "5"], "4", "4.5", 'expected "4", got none of the labels: "4.5"'),
        (["वापस", "अन्य"], "वापस", "वापसी", 'expected "वापस", got none of the labels: "वापसी"'),
    ],
)  # fmt: skip
def test_another_answer_says_what_was_named(
    labels: list[str], expected: str, answer: str, reason: str
) -> None:
    result = score({"choice": labels}, answer, expected=expected)
    assert (result.value, result.reason) == (0, reason)


def test_a_label_that_is_not_among_the_labels_is_not_scored() -> None:
    result = score({"choice": TEAMS}, "billing", expected="legal")
    assert result.value is None
    assert result.reason == (
        'expected "legal" is not among the labels (known: billing, shipping, return, returns)'
    )


def test_a_label_that_is_empty_for_a_golden_is_never_named() -> None:
    assert score({"choice": ["{{a}}", "b"]}, "b", a="", expected="b").value == 1
    assert score({"choice": ["{{a}}", "b"]}, "", a="", expected="").value is None


def test_the_expected_label_may_be_named() -> None:
    entry = {"choice": {"labels": TEAMS, "expected": "{{team}}"}}
    assert score(entry, "billing", team="Billing").value == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("billing", "`choice` must be a list of labels, found text"),
        ([], "`choice` must be a list of labels, found a list"),
        (["a", " "], 'a label of `choice` must be text, found " "'),
        (["a", ["b"]], 'a label of `choice` must be text, found ["b"]'),
        ({"label": ["a"]}, "`label` is not understood (known: labels, expected, by); "
                           "did you mean `labels`?"),
    ],
)  # fmt: skip
def test_a_choice_that_cannot_be_meant_is_a_problem(options: Any, message: str) -> None:
    assert complaint({"choice": options}) == f"evaluator `choice`: {message}"


LETTERS = ["A", "B", "C", "D"]
STATES = ["in-progress", "done"]


@pytest.mark.parametrize(
    ("labels", "expected", "answer"),
    [
        (LETTERS, "C", "The answer is C, a vitamin."),
        (LETTERS, "C", "C: because a dog barks"),
        (LETTERS, "B", "I think a dog is B"),
        (LETTERS, "A", "A. The dog"),
        (LETTERS, "A", "(a)"),
        (LETTERS, "A", "I'd go with A."),
        (LETTERS, "A", "**A**, because D is wrong"),
        (LETTERS, "B", "D is wrong, B is right"),
        (["know", "don't know"], "don't know", "I don\u2019t know"),
        (["toxic", "non-toxic"], "non-toxic", "Non toxic."),
        (STATES, "in-progress", "in\u2011progress"),
        (["refund_request", "sales"], "refund_request", "Refund request"),
        (range(1, 6), 4, "4/5"),
        (range(1, 6), 4, "4 out of 5"),
        (range(1, 6), 4, "4.0"),
        (["-1", "0", "1"], "-1", "The sentiment is \u22121"),
        (["positive", "negative"], "positive", "\uff50\uff4f\uff53\uff49\uff54\uff49\uff56\uff45"),
        (["spam", "ham"], "ham", "It isn't spam, it is ham"),
        (["spam", "ham"], "ham", "not spam but ham"),
        (["spam", "ham"], "spam", "I'm not sure, but I think it is spam"),
        (["spam", "ham"], "spam", "There is no doubt that this is spam"),
        (["yes", "no"], "no", "No, it is not"),
        (["yes", "no"], "no", "I would say no."),
        (["en", "it", "de"], "de", "I think it is de"),
        (["billing", "shipping"], "billing", "Category: billing (it is late in shipping)"),
        (["other", "billing"], "billing", "I see no other option than billing"),
    ],
)  # fmt: skip
def test_a_label_is_told_from_an_ordinary_word_a_denial_and_a_spelling(
    labels: list[Any], expected: Any, answer: str
) -> None:
    assert score({"choice": list(labels)}, answer, expected=expected).value == 1


@pytest.mark.parametrize(
    ("labels", "expected", "answer"),
    [
        (LETTERS, "A", "This is a hard question, I am not sure."),
        (["nb", "no"], "no", "There is no language here"),
        (["yes", "no"], "no", "There is no evidence"),
        (["en", "it", "de"], "it", "It is English"),
        (["spam", "ham"], "spam", "This is not spam."),
        (["spam", "ham"], "spam", "I don't think that this is spam"),
        (["spam", "ham"], "spam", "Spam is not the case"),
        (["relevant", "irrelevant"], "relevant", "not relevant"),
        (["positive", "negative"], "positive", "This is anything but positive"),
        (["hot", "cold"], "hot", "It is neither hot nor cold"),
    ],
)
def test_an_ordinary_word_or_a_denial_names_no_label(
    labels: list[str], expected: str, answer: str
) -> None:
    result = score({"choice": labels}, answer, expected=expected)
    assert result.value == 0
    assert "got none of the labels" in result.reason


@pytest.mark.parametrize(
    ("labels", "expected", "answer", "named"),
    [
        (["know", "don't know"], "know", "I don\u2019t know", '"don\'t know"'),
        (["toxic", "non-toxic"], "toxic", "non\u2011toxic", '"non-toxic"'),
        (["toxic", "non-toxic"], "toxic", "non\u2013toxic", '"non-toxic"'),
        (["toxic", "non-toxic"], "toxic", "non\u00adtoxic", '"non-toxic"'),
        (["billing", "shipping"], "billing", "Answer: billing, shipping", "2 labels"),
    ],
)
def test_a_longer_or_a_second_label_is_a_miss(
    labels: list[str], expected: str, answer: str, named: str
) -> None:
    result = score({"choice": labels}, answer, expected=expected)
    assert result.value == 0
    assert f"got {named}" in result.reason


def test_a_denied_label_is_told_in_the_reason() -> None:
    assert score({"choice": ["spam", "ham"]}, "This is not spam.", expected="spam").reason == (
        'expected "spam", got none of the labels, only that it is not "spam": "This is not spam."'
    )


SPAM = ["spam", "ham"]
OTHER = ["billing", "shipping", "other"]


@pytest.mark.parametrize(
    ("labels", "expected", "answer"),
    [
        (OTHER, "other", "The category is other"),
        (OTHER, "other", "This is classified as other because it mentions HR"),
        (OTHER, "shipping", "On the other hand, this is shipping"),
        (["a", "none"], "none", "None of the above"),
        (["new", "used"], "new", "Condition: new (never used)"),
        (SPAM, "ham", "Is it spam? No, ham."),
        (SPAM, "ham", "spam: no\nham: yes"),
        (SPAM, "ham", '{"spam": false, "ham": true}'),
        (["neutral", "positive"], "neutral", "It is neutral: there is nothing positive in it"),
        (LETTERS, "A", "Paris (A)"),
        (LETTERS, "A", "C'est A"),
        (LETTERS, "B", "정답은 B입니다"),
        (range(1, 6), 4, "4 von 5"),
        (range(1, 6), 4, "4 (max. 5)"),
        (range(1, 6), 4, "4 \u2b50"),
        (range(1, 6), 3, "٣"),
        (["正面", "负面", "中性"], "中性", "既不是正面也不是负面，而是中性"),
        (["正面", "负面", "中性"], "中性", "没有负面情绪，中性"),
        (["positiv", "negativ"], "negativ", "Sie ist nicht positiv, sondern negativ."),
        (["\U0001f600", "\U0001f621"], "\U0001f621", "The mood is \U0001f621."),
    ],
)
def test_a_label_is_found_among_marks_and_in_other_languages(
    labels: list[Any], expected: Any, answer: str
) -> None:
    assert score({"choice": list(labels)}, answer, expected=expected).value == 1


@pytest.mark.parametrize(
    ("labels", "expected", "answer"),
    [
        (SPAM, "spam", "Spam? No."),
        (SPAM, "spam", '{"spam": false}'),
        (SPAM, "spam", "I doubt that it is spam"),
        (SPAM, "spam", "unlikely to be spam"),
        (SPAM, "spam", "To nie jest spam"),
        (SPAM, "spam", "Dit is geen spam"),
        (SPAM, "spam", "Det är inte spam"),
        (SPAM, "spam", "これはspamではありません"),
        (SPAM, "spam", "Bu spam değil"),
        (SPAM, "spam", "هذا ليس spam"),
        (SPAM, "spam", "यह spam नहीं है"),
        (["正面", "负面"], "正面", "并非正面"),
        (["긍정", "부정"], "긍정", "긍정이 아닙니다"),
        (OTHER, "other", "The customer has other questions"),
        (["one", "two"], "two", "one or two"),
        (["yes", "no"], "yes", "yes and no"),
        (["yes", "no"], "yes", "Yes... no"),
        (LETTERS, "B", "A and B"),
        (["v1.0", "v2"], "v1.0", "v1.0.0"),
        (["toxic", "non-toxic"], "toxic", "non\u2014toxic"),
    ],
)
def test_what_is_denied_or_stands_beside_another_label_does_not_pass(
    labels: list[str], expected: str, answer: str
) -> None:
    assert score({"choice": labels}, answer, expected=expected).value == 0


def test_of_several_expected_labels_any_is_right_and_all_are_told() -> None:
    entry = {"choice": ["a1", "b1", "c1"]}
    assert score(entry, "b1", expected=["a1", "b1"]).value == 1
    assert score(entry, "a1, b1", expected=["a1", "b1"]).value == 0
    missed = score(entry, "c1", expected=["a1", "b1"])
    assert missed.reason == 'expected "a1" or "b1", got "c1": "c1"'
    assert flaw(entry, expected=["a1", "d1"]).startswith('expected "d1" is not among the labels')
    assert flaw(entry, expected=[]) == "`expected` holds no label"
