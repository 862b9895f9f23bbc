"""The outcome table of the product page, line by line."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.project import PROMPT, Project


def test_without_a_gate_each_golden_passes_or_fails(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    result = project.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            'expected "2", got "3"',
            "prompts/a.prompt.yml:6: golden wrong missed with scripted:answers.json",
            "input",
            "│ q: two",
            "expected",
            "│ 2",
            "answer",
            "│ 3",
            "missed  expected  0.00: *",
            'FAILED prompts/a.prompt.yml::wrong - expected "2", got "3"',
        ]
    )


def test_with_a_gate_a_golden_that_misses_is_missed_not_failed(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT + "gate: {min: 0.5}\n")
    result = project.run("-v", "--junitxml=junit.xml")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "prompts/a.prompt.yml::right PASSED*",
            "prompts/a.prompt.yml::wrong MISSED*",
            "prompts/a.prompt.yml::gate PASSED*",
            "*2 passed, 1 missed*",
        ]
    )
    tree = ElementTree.parse(project.path / "junit.xml")
    (case,) = (case for case in tree.iter("testcase") if case.get("name") == "wrong")
    properties = {item.get("name"): item.get("value") for item in case.iter("property")}
    assert properties["promptopt.outcome"] == "missed"
    assert properties["promptopt.score"] == "0.0"
    assert case.find("failure") is None


def test_null_false_nought_and_nothing_are_values_to_ask_with_and_to_expect(
    project: Project,
) -> None:
    project.answers({value: value for value in ("null", "false", "0", "", "[]")})
    project.write(
        "prompts/a.prompt.yml",
        """\
        model: scripted:answers.json
        messages: [{role: user, content: "{{expected}}"}]
        testData:
          - {id: a, expected: null}
          - {id: b, expected: false}
          - {id: c, expected: 0}
          - {id: d, expected: ""}
          - {id: e, expected: []}
        """,
    )
    project.run().assert_outcomes(passed=5)
    project.answers({"*": "x"})
    result = project.run("--prompt-no-cache", "-k", "d")
    result.stdout.fnmatch_lines(['expected "", got "x"', "expected", "│ ", "answer", "│ x"])


def test_the_letter_of_a_missed_golden_is_m(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT + "gate: {min: 0.5}\n")
    project.run().stdout.fnmatch_lines(["prompts/a.prompt.yml .m. *"])


def test_a_failed_gate_fails_and_keeps_its_missed_goldens_in_last_failed(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT + "gate: {min: 0.9}\n")
    result = project.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "prompts/a.prompt.yml does not hold its gate:",
            "  score 0.500 is under min 0.9 (2 goldens scored)",
            "FAILED prompts/a.prompt.yml::gate - score 0.500 < min 0.9, 1 missed: wrong",
        ]
    )
    again = project.run("--lf", "-v", "prompts")
    again.stdout.fnmatch_lines(
        ["prompts/a.prompt.yml::wrong MISSED*", "prompts/a.prompt.yml::gate FAILED*"]
    )
    again.stdout.no_fnmatch_line("*::right*")
    again.stdout.fnmatch_lines(["  score 0.500 is under min 0.9 (2 goldens scored)"])


def test_a_provider_that_does_not_answer_is_an_error_in_setup_on_one_line(project: Project) -> None:
    project.answers({"one": "1", "two": {"error": {"status": 404, "message": "no such model"}}})
    project.write("prompts/a.prompt.yml", PROMPT + "gate: {min: 0.5}\n")
    result = project.run("--prompt-max-retries", "0")
    result.assert_outcomes(passed=1, errors=1, failed=1)
    result.stdout.fnmatch_lines(["*ERROR at setup of wrong*", "*no such model*"])
    result.stdout.fnmatch_lines(["  1 of 2 goldens ended in an error: wrong"])
    result.stdout.fnmatch_lines(["    the score is over the 1 of 2 that were answered"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*site-packages*")


def test_what_cannot_be_scored_is_skipped_with_the_reason(project: Project) -> None:
    project.write(
        "prompts/a.prompt.yml",
        PROMPT + "evaluators: ['be nice', {name: code, python: \"len(x) > 1\"}]\n",
    )
    result = project.run("-rs", "-W", "ignore::pytest.PytestWarning")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED*prompts/a.prompt.yml:5: not scored: no evaluator*"])
    assert result.ret == 1


def test_a_judge_that_names_no_choice_leaves_the_golden_unscored(project: Project) -> None:
    project.answers({"one": "1", "two": "2", "Judge 1": "Yes.", "Judge 2": "I like it"})
    project.write(
        "prompts/a.prompt.yml",
        PROMPT
        + """\
evaluators:
  - name: judge
    llm:
      prompt: "Judge {{completion}}"
      choices: [{choice: "yes", score: 1}, {choice: "no", score: 0}]
""",
    )
    result = project.run("-rs")
    result.assert_outcomes(passed=1, skipped=1)


def test_a_judge_that_does_not_answer_is_an_error(project: Project) -> None:
    project.answers({"one": "1", "Judge": {"error": {"status": 401, "message": "bad key"}}})
    project.write(
        "prompts/a.prompt.yml",
        """\
        model: scripted:answers.json
        messages: [{role: user, content: "{{q}}"}]
        testData: [{id: a, q: one}]
        evaluators:
          - name: judge
            llm: {prompt: "Judge {{completion}}", choices: [{choice: ok, score: 1}]}
        """,
    )
    result = project.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*bad key*"])


def test_a_scorer_that_raises_fails_with_its_own_traceback(project: Project) -> None:
    project.write("scoring.py", "def strict(text, variables):\n    return 1 / 0\n")
    project.write(
        "prompts/a.prompt.yml", PROMPT + "evaluators: [{name: s, python: scoring:strict}]\n"
    )
    result = project.run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["scoring.py:2: in strict", "*ZeroDivisionError: division by zero"])
    result.stdout.no_fnmatch_line("*pytest_promptopt/scoring*")


@pytest.mark.parametrize("leaving", ["pytest.skip('no')", "pytest.xfail('no')", "sys.exit(0)"])
def test_a_scorer_cannot_take_its_golden_out_of_the_run(project: Project, leaving: str) -> None:
    project.write("scoring.py", f"import pytest, sys\ndef strict(text, _):\n    {leaving}\n")
    gated = "evaluators: [{name: s, python: scoring:strict}]\ngate: {min: 0.5}\n"
    project.write("prompts/a.prompt.yml", PROMPT + gated)
    result = project.run()
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["    gate: 2 of 2 goldens ended in an error: right, wrong"])


def test_a_prompt_without_goldens_says_so(project: Project) -> None:
    project.write(
        "prompts/a.prompt.yml",
        "model: scripted:answers.json\nmessages: [{role: user, content: hi}]\n",
    )
    result = project.run("-rs")
    result.assert_outcomes(skipped=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED, "nothing was judged"
    result.stdout.fnmatch_lines(
        [
            "no goldens, so nothing was scored: prompts/a.prompt.yml",
            "SKIPPED*no goldens: add some under `testData:`*",
        ]
    )
    project.answers({"one": "1", "two": "2"})
    project.write("prompts/b.prompt.yml", PROMPT)
    result = project.run()
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["no goldens, so nothing was scored: prompts/a.prompt.yml"])


def test_a_gate_without_goldens_fails(project: Project) -> None:
    project.write(
        "prompts/a.prompt.yml",
        "model: scripted:answers.json\nmessages: [{role: user, content: hi}]\ngate: {min: 0}\n",
    )
    result = project.run()
    result.assert_outcomes(skipped=1, failed=1)
    result.stdout.fnmatch_lines(["  no golden was scored, so there is nothing to pass on"])


def test_a_required_golden_that_misses_fails_the_gate(project: Project) -> None:
    text = PROMPT.replace("id: wrong,", "id: wrong, required: true,") + "gate: {min: 0.1}\n"
    project.write("prompts/a.prompt.yml", text)
    result = project.run()
    result.stdout.fnmatch_lines(["  required goldens that did not pass: wrong"])
    assert result.ret == 1


def test_the_gate_counts_every_golden_whatever_was_selected(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT + "gate: {min: 0.9}\n")
    result = project.run("-k", "right or gate")
    result.assert_outcomes(passed=1, failed=1, deselected=1)
    result.stdout.fnmatch_lines(["  score 0.500 is under min 0.9 (2 goldens scored)"])
    result.stdout.fnmatch_lines(["    over all goldens, which the gate counts: 0.500"])


def test_the_gate_may_run_first(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT + "gate: {min: 0.5}\n")
    project.write("conftest.py", "def pytest_collection_modifyitems(items):\n    items.reverse()\n")
    result = project.run("-v")
    result.stdout.fnmatch_lines(["*::gate PASSED*", "*::wrong MISSED*", "*::right PASSED*"])


def test_a_gate_asks_nothing_twice(project: Project) -> None:
    project.write(
        "answering.py",
        """\
        from pathlib import Path

        def answer(request):
            with Path("asked.txt").open("a") as file:
                file.write("x")
            return "1"
        """,
    )
    text = PROMPT.replace("scripted:answers.json", "scripted:answering:answer")
    project.write("prompts/a.prompt.yml", text + "gate: {min: 0.5}\n")
    project.run("--prompt-no-cache").assert_outcomes(passed=2)
    assert Path(project.path / "asked.txt").read_text() == "xx"


def test_a_chain_of_thought_is_scored_on_its_answer_and_shown_whole(project: Project) -> None:
    more = '  - {id: lost, q: three, expected: "3"}\nanswer: {after: "Answer:"}\n'
    judge = (
        "evaluators:\n  - equals: '{{expected}}'\n  - name: judge\n    llm:\n"
        "      modelId: scripted:answers.json\n      prompt: '{{answer}} of {{completion}}'\n"
        "      choices: [{choice: 'yes', score: 1}, {choice: 'no', score: 0}]\n"
    )
    project.answers(
        {
            "one": "Not 2, since half of it is asked for.\n**Answer:** 1",
            "two": "It is 2.\nAnswer: 3",
            "three": "It must be 3.",
            "1 of Not 2, since half of it is asked for.\n**Answer:** 1": "yes",
            "3 of It is 2.\nAnswer: 3": "no",
        },
    )
    project.write("prompts/a.prompt.yml", PROMPT + more + judge)
    result = project.run("--prompt-report=report.json", "-rA")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            'expected "2", got "3"',
            "answer",
            "│ 3",
            "all that was said",
            "│ It is 2.",
            'equals 0.00: no answer: "Answer:" does not stand in the text; the text ends *',
        ]
    )
    data = json.loads((project.path / "report.json").read_text(encoding="utf-8"))
    answers = [golden["answers"][0] for golden in data["prompts"][0]["results"]]
    assert [(a["text"], a["whole"]) for a in answers] == [
        ("1", "Not 2, since half of it is asked for.\n**Answer:** 1"),
        ("3", "It is 2.\nAnswer: 3"),
        ("It must be 3.", None),
    ]


def test_reasoning_is_shown_and_never_scored(project: Project) -> None:
    project.answers({"one": "<think>2, or 1?</think>1", "two": "<think>2?</think>3"})
    project.write("prompts/a.prompt.yml", PROMPT)
    result = project.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["answer", "│ 3", "reasoning", "│ 2[?]"])


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("builtins:exec", (), "`builtins` is no file of the project"),
        ("acme:score", ("--prompt-no-code",), "`acme:score` is not run: --prompt-no-code"),
    ],
)
def test_a_prompt_file_runs_no_code_but_the_projects(
    project: Project, name: str, arguments: tuple[str, ...], why: str
) -> None:
    project.answers({"*": "open('written', 'w')"})
    project.write("acme.py", "def score(answer, variables):\n    return 1\n")
    project.write("prompts/a.prompt.yml", PROMPT + f'evaluators: [{{python: "{name}"}}]\n')
    result = project.run(*arguments)
    assert result.ret != 0
    result.stdout.fnmatch_lines([f"*{why}*"])
    assert not (project.path / "written").exists()


ENDLESS = """\
def loop(answer, variables):
    while variables["q"] == "one":
        pass
    return 1

def keep(answer, variables):
    return sum(range(10**15))
"""


def test_scoring_that_takes_too_long_ends_its_golden_and_no_other(project: Project) -> None:
    project.write("acme.py", ENDLESS)
    slow = "evaluators: [{name: slow, python: acme:loop}]\n"
    project.write("prompts/a.prompt.yml", PROMPT + slow)
    project.write("prompts/b.prompt.yml", PROMPT + slow + "gate: {min: 0}\n")
    result = project.run("--prompt-timeout", "0.2")
    result.assert_outcomes(failed=3, passed=2)
    result.stdout.fnmatch_lines(
        [
            "evaluator `slow` took the scoring of golden right beyond 0.2 s; "
            "--prompt-timeout allows longer",
            "acme.py:?: in loop",
            "    gate: 1 of 2 goldens ended in an error: right",
        ]
    )


def test_scoring_that_keeps_the_interpreter_ends_the_process(project: Project) -> None:
    project.write("acme.py", ENDLESS)
    evaluators = "evaluators: [{name: slow, python: acme:keep}]\n"
    project.write("prompts/a.prompt.yml", PROMPT + evaluators)
    result = project.run_apart("--prompt-timeout", "0.2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stderr.fnmatch_lines(["Timeout (0:00:03.200000)!", '*acme.py", line 7 in keep'])
