import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.scoring.builtin_judges import _CRITERIA
from tests.scoring.entries import complaint, evaluator, question, verdict

NAMES = [f"github/{name}" for name in _CRITERIA]


def test_the_judges_are_those_of_github_models() -> None:
    assert NAMES == [
        "github/similarity",
        "github/coherence",
        "github/fluency",
        "github/relevance",
        "github/groundedness",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_grades_score_and_pass_as_in_gh_models(name: str) -> None:
    said = [f'{{"reason": "Not a 5.", "score": {grade}}}' for grade in range(1, 6)]
    scores = [verdict({"uses": name}, answer).value for answer in said]
    assert scores == [0, 0.25, 0.5, 0.75, 1]
    assert verdict({"uses": name}, "So: <score>4</score>").value == 0.75
    built = evaluator({"uses": name})
    assert [built.passes(score) for score in scores if score is not None] == [
        False,
        True,
        True,
        True,
        True,
    ]


@pytest.mark.parametrize("name", NAMES)
def test_the_judge_sees_the_answer_once_and_unexpanded(name: str) -> None:
    request = question({"uses": name}, "{{expected}}!", input="Why?", expected="Because")
    assert "<answer>\n{{expected}}!\n</answer>" in request.messages[1].content
    assert request.parameters == {"temperature": 0}
    assert request.response_format == "json_schema"
    assert not request.is_format_needed


def test_similarity_is_shown_question_and_reference() -> None:
    text = question({"uses": "github/similarity"}, "a", input="Why?", expected="Because")
    assert "<question>\nWhy?\n</question>" in text.messages[1].content
    assert "<reference>\nBecause\n</reference>" in text.messages[1].content


def test_the_question_is_the_first_variable_where_none_is_named_input() -> None:
    request = question({"uses": "github/relevance"}, "a", id="one", ticket="Where is it?")
    assert "<question>\nWhere is it?\n</question>" in request.messages[1].content


def test_groundedness_has_a_context_or_what_is_expected_or_the_inputs() -> None:
    def context(**variables: str) -> str:
        content = question({"uses": "github/groundedness"}, "a", **variables).messages[1].content
        return content.partition("<context>\n")[2].partition("\n</context>")[0]

    assert context(input="q", context="c", expected="e") == "c"
    assert context(input="q", expected="e") == "e"
    assert context(input="q", text="t") == "input: q\ntext: t"


def test_similarity_needs_an_expected_answer() -> None:
    with pytest.raises(PromptFileError) as raised:
        question({"uses": "github/similarity"}, "a", input="q")
    assert str(raised.value) == (
        "answer.prompt.yml:7: `uses` needs `expected`; golden one has none"
    )


def test_an_unknown_judge_is_a_problem() -> None:
    assert complaint({"uses": "github/similarty"}) == (
        "evaluator `uses`: `uses: github/similarty` is not known (known: github/similarity, "
        "github/coherence, github/fluency, github/relevance, github/groundedness); "
        "did you mean `github/similarity`?"
    )
    assert "`uses: acme/judge` is not known" in complaint({"uses": "acme/judge"})
    assert "is not known" in complaint({"uses": ["github/similarity"]})
