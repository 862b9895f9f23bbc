"""How a run with gaps is judged and told: nothing vanishes, and nothing is green by accident."""

import json
from typing import Any

import pytest

from tests.project import PROMPT, Project

JUDGE = """\
evaluators:
  - name: judge
    llm:
      prompt: "Judge {{completion}}"
      choices: [{choice: "yes", score: 1}, {choice: "no", score: 0}]
"""
REPORTS = ("--prompt-report=report.md", "--prompt-report=report.json")
XDIST = ("-p", "xdist.plugin", "-n", "1")


def reports(project: Project) -> tuple[str, dict[str, Any]]:
    text = (project.path / "report.md").read_text(encoding="utf-8")
    return text, json.loads((project.path / "report.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("gate", "code"),
    [
        ("min: 0.5", 1),
        ("min: 0.5, unscored: 1", 0),
        ("min: 0.5, unscored: 0.5", 0),
        ("min: 0.5, unscored: 0.4", 1),
        ("min: 0.5, inconclusive: pass", 1),
    ],
)
def test_a_gate_with_goldens_not_scored_fails_unless_it_allows_so_many(
    project: Project, gate: str, code: int
) -> None:
    project.answers({"one": "1", "two": "2", "Judge 1": "Yes.", "Judge 2": "I like it"})
    project.write("prompts/a.prompt.yml", f"{PROMPT}{JUDGE}gate: {{{gate}}}\n")
    result = project.run(*REPORTS)
    assert result.ret == code
    result.stdout.fnmatch_lines(["    1 not scored: judge: *(wrong)"])
    text, data = reports(project)
    assert ("**All good:**" in text) is (code == 0)
    assert "1 not scored: judge: " in text
    [cause] = data["prompts"][0]["causes"]
    assert (cause["outcome"], cause["count"], cause["goldens"]) == ("not scored", 1, ["wrong"])
    assert data["exit_code"] == code


@pytest.mark.parametrize("workers", [(), XDIST])
@pytest.mark.parametrize("evaluators", ["evaluators: [be nice]\n", JUDGE])
def test_a_prompt_of_which_nothing_was_scored_is_never_green(
    project: Project, evaluators: str, workers: tuple[str, ...]
) -> None:
    project.write("prompts/a.prompt.yml", PROMPT + evaluators)
    project.write("prompts/b.prompt.yml", PROMPT.replace('"2"', '"3"'))
    result = project.run(*REPORTS, *workers)
    assert result.ret == 1
    result.assert_outcomes(passed=2, skipped=2)
    text, data = reports(project)
    assert text.startswith("**1 of 2 prompts fails:**")
    assert data["exit_code"] == 1
    counts = {prompt["key"]: len(prompt["causes"]) for prompt in data["prompts"]}
    assert counts == {"prompts/a.prompt.yml": 1, "prompts/b.prompt.yml": 0}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return 1 / 0", "scoring:strict raised ZeroDivisionError"),
        ("return 7", "scoring:strict gave 7; a scorer gives"),
        ("return 'good'", 'scoring:strict gave "good"; a scorer gives'),
    ],
)
def test_a_golden_whose_scorer_breaks_stays_in_every_report(
    project: Project, body: str, reason: str
) -> None:
    scorer = f"def strict(text, variables):\n    if text == '3':\n        {body}\n    return 1\n"
    project.write("scoring.py", scorer)
    text = PROMPT + "evaluators: [{name: s, python: scoring:strict}]\n"
    project.write("prompts/a.prompt.yml", text)
    result = project.run(*REPORTS)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([f"    1 error: *{reason}*(wrong)"])
    markdown, data = reports(project)
    assert markdown.startswith("**1 of 1 prompt fails:** 1 prompt, goldens: 1 passed, 1 error.")
    assert "\n- 1 error: prompts/a.prompt.yml:&#8203;7: scoring:strict " in markdown
    result.stdout.fnmatch_lines(["FAILED prompts/a.prompt.yml::wrong - scoring:strict *"])
    result.stdout.no_fnmatch_line("*pytest_promptopt/scoring*")
    rows = {row["id"]: row for row in data["prompts"][0]["results"]}
    assert rows["wrong"]["outcome"] == "error"
    assert reason in rows["wrong"]["reason"]


def test_missed_goldens_of_a_gate_that_did_not_run_fail_nothing(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT + "gate: {min: 0.5}\n")
    result = project.run("-k", "wrong or right", *REPORTS)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["prompts/a.prompt.yml        –  0.500 *"])
    text, data = reports(project)
    assert text.startswith("**All good:** 1 prompt, goldens: 1 passed, 1 missed;")
    assert data["prompts"][0]["has_gate"] is True


def test_an_item_that_something_else_fails_stays_in_every_report(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.write(
        "conftest.py",
        """\
        def pytest_runtest_setup(item):
            if item.name == "right":
                raise OSError("the disk is full")
        """,
    )
    # Python 3.11 cannot parse the source for a traceback once something recursed too deeply.
    project.run(*REPORTS, "--tb=native").assert_outcomes(errors=1, failed=1)
    [prompt] = reports(project)[1]["prompts"]
    assert [row["outcome"] for row in prompt["results"]] == ["error", "missed"]
    assert prompt["causes"][0]["reason"] == "OSError: the disk is full"


@pytest.mark.parametrize("workers", [(), XDIST])
def test_what_fails_beside_the_goldens_is_never_told_as_all_good(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.write("prompts/a.prompt.yml", PROMPT.replace('"2"', '"3"'))
    project.write("prompts/b.prompt.yml", "messages: 1\n")
    project.write("test_unit.py", "def test_it():\n    assert False\n")
    result = project.run(*REPORTS, *workers)
    result.assert_outcomes(passed=2, failed=1, errors=1)
    text, data = reports(project)
    assert text.startswith("**The run fails, no prompt does:** 1 prompt, goldens: 2 passed.")
    assert "\n- not read: prompts/b.prompt.yml:&#8203;1: " in text
    assert "\n- test\\_unit.py:&#8203;:test\\_it failed\n" in text
    assert {failure["location"] for failure in data["failures"]} == {
        "prompts/b.prompt.yml",
        "test_unit.py::test_it",
    }
    result.stdout.fnmatch_lines(["not read: prompts/b.prompt.yml:1: *"])


def test_a_run_that_ends_otherwise_than_good_says_its_exit_code(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT.replace('"2"', '"3"'))
    project.write(
        "conftest.py",
        """\
        def pytest_sessionfinish(session):
            session.exitstatus = 9
        """,
    )
    project.run(*REPORTS)
    text, data = reports(project)
    assert "All good" not in text
    assert "\n- pytest ended with exit code 9\n" in text
    assert data["exit_code"] == 9
