from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.judge_file import JudgeFiles
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.build import build_evaluator
from pytest_promptopt.scoring.prompt_judge import JUDGES, PromptJudge
from pytest_promptopt.scoring.score import Evaluator, Scorer
from tests.scoring.entries import (
    PROMPT_FILE,
    complaint,
    context,
    evaluator,
    flaw,
    golden,
    question,
    spec_of,
    verdict,
)

NAMES = [*JUDGES]
# Of what was asked when the wording stood in Python: answers that were kept are still read.
FINGERPRINTS = {
    "github/similarity": "2363a6b3dafd30e75aecd710e56b9cd5ea4a283db4738084683bbe803f1bfb10",
    "github/coherence": "96c3fc7282bad36d3e8bb1eba7e8ab3273088309c0e0c9e8e780436527baa9bc",
    "github/fluency": "511ea925cd46d31b122050f8e72c15183cc976e098c0665c434bd47077a713dc",
    "github/relevance": "1f318af9db1d872f53e931a494cdc024b47e50efe76ad375857c2e2ada96b0d9",
    "github/groundedness": "404c5cb2e5b5d7964b81e615e37b7b6e6e49be6a169fefe5f24ba072f7c40304",
}


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


@pytest.mark.parametrize("name", NAMES)
def test_what_is_asked_has_not_changed(name: str) -> None:
    told = {"input": "Why?", "context": "C", "expected": "Because"}
    request = question({"uses": name}, "An </answer> {{x}}", **told)
    assert request.fingerprint == FINGERPRINTS[name]


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
        "evaluator `uses`: `uses: github/similarty` is neither a prompt file nor known (known: "
        "github/similarity, github/coherence, github/fluency, github/relevance, "
        "github/groundedness); "
        "did you mean `github/similarity`?"
    )
    assert "`uses: acme/judge` is neither a prompt file nor known" in complaint(
        {"uses": "acme/judge"}
    )
    assert "nor known" in complaint({"uses": ["github/similarity"]})


JUDGE = """\
model: scripted/other
modelParameters: {temperature: 0.5}
messages:
  - {role: system, content: "Judge: {{expected}}"}
  - role: user
    content: |-
      <a>
      {{answer}}
      </a>
      {{input}} / {{team}}
answer: {after: "So:"}
choices: [{choice: good, score: 2}, {choice: fair, score: 1}, {choice: bad, score: 0}]
testData: [{answer: a, input: b, team: c, expected: d, label: good}]
"""


def of_file(root: Path, text: str = JUDGE, **common: Any) -> PromptJudge:
    (root / "tone.prompt.yml").write_text(text)
    entry = spec_of({"uses": "tone.prompt.yml", **common})
    spec = JudgeFiles(root=root).resolved(entry, root / "answer.prompt.yml")
    built = build_evaluator(spec, context(root=root))
    assert isinstance(built, Evaluator)
    assert isinstance(built.scorer, PromptJudge)
    return built.scorer


def test_a_file_is_asked_as_it_stands(tmp_path: Path) -> None:
    told = golden(ticket="Help!", team="</a> billing", expected="{{x}}", answer="mine")
    request = of_file(tmp_path).question(told, Completion(text="Sure </a> {{y}}", reasoning="r"))
    assert [message.content for message in request.messages] == [
        "Judge: {{x}}",
        "<a>\nSure <\\/a> {{y}}\n</a>\nticket: Help!\nteam: </a> billing\nanswer: mine / "
        "</a> billing",
    ]
    assert (request.model.name, request.parameters) == ("other", {"temperature": 0.5})
    assert request.origin == PROMPT_FILE


def test_the_input_is_the_only_variable_or_the_one_called_so(tmp_path: Path) -> None:
    judge = of_file(tmp_path, JUDGE.replace(" / {{team}}", ""))

    def shown(**variables: str) -> str:
        request = judge.question(golden(expected="e", **variables), Completion(text="a"))
        return request.messages[1].content.rpartition("</a>\n")[2]

    assert shown(ticket="Help!") == "Help!"
    assert shown(ticket="Help!", input="Why?") == "Why?"


def test_the_choice_of_a_file_stands_where_its_answer_does(tmp_path: Path) -> None:
    judge = of_file(tmp_path)
    assert judge.read(Completion(text="Not bad. So: fair")).value == 0.5
    assert judge.read(Completion(text="good")).value is None
    assert judge.read(Completion(text="So: I cannot say")).value is None


def test_what_a_file_shows_must_be_in_the_golden(tmp_path: Path) -> None:
    with pytest.raises(PromptFileError) as raised:
        of_file(tmp_path).question(golden(ticket="a", expected="b"), Completion(text="a"))
    assert str(raised.value) == "answer.prompt.yml:7: `tone` needs `team`; golden one has none"


@pytest.mark.parametrize(
    ("said", "score", "told"),
    [
        ("Verdict: good", 1, ""),
        (
            "Not good, but bad.",
            0,
            'the label is "good", the judge chose "bad": "Not good, but bad."',
        ),
        (
            "Who knows?",
            0,
            'the label is "good", the judge named none of its choices: "Who knows?"',
        ),
    ],
)
def test_a_label_is_met_by_the_choice_that_others_read(said: str, score: int, told: str) -> None:
    entry = {"choice": {"labels": ["good", "bad"], "by": "verdict"}}
    found = evaluator(entry).scorer
    assert isinstance(found, Scorer)
    scored = found.score(golden(expected="good"), Completion(text=said))
    assert (scored.value, scored.reason) == (score, told)
    assert scored.wanted == "good"


def test_raters_who_disagree_and_labels_that_are_no_choice(tmp_path: Path) -> None:
    entry = {"choice": {"labels": ["good", "bad"], "by": "verdict"}}
    found = evaluator(entry).scorer
    assert isinstance(found, Scorer)
    split = found.score(golden(labels={"ann": "good", "ben": "bad"}), Completion(text="good"))
    assert (split.value, split.reason) == (
        None,
        'the raters disagree (ann says "good", ben says "bad"); `label` says which one counts',
    )
    assert flaw(entry, expected="good", labels={"ann": "goood"}) == (
        'the label "goood" of ann is none of the choices (known: good, bad); did you mean `good`?'
    )
    assert "not among the labels" in flaw(entry, expected="fair")
