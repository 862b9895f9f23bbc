from typing import Any

import pytest

from tests.scoring.entries import complaint, score

TEAMS = ["billing", "shipping", "return", "returns"]


@pytest.mark.parametrize(
    ("labels", "expected", "answer"),
    [
        (TEAMS, "billing", "Billing."),
        (TEAMS, "billing", "The team is **BILLING**, that is, billing"),
        (TEAMS, "returns", "returns"),
        (TEAMS, "billing", "_billing_"),
        (["good", "not good"], "not good", "This is not\n good."),
        (["c", "c++", "c#"], "c++", "C++, I think"),
        (["très bon", "bon"], "très bon", "TRE\u0300S BON"),
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
    assert (result.value, result.reason) == (None, 'expected "legal" is not among the labels')


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
        ({"label": ["a"]}, "`label` is not understood (known: labels, expected); "
                           "did you mean `labels`?"),
    ],
)  # fmt: skip
def test_a_choice_that_cannot_be_meant_is_a_problem(options: Any, message: str) -> None:
    assert complaint({"choice": options}) == f"evaluator `choice`: {message}"
