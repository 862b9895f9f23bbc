"""What a run may spend, and what it would."""

import pytest

from tests.project import PROMPT, Project

MANY = "".join(f'  - {{id: g{n}, q: q{n}, expected: "1"}}\n' for n in range(10))


def test_goldens_beyond_the_budget_are_not_run_and_the_run_fails(project: Project) -> None:
    project.answers({"*": "1"})
    project.write("prompts/a.prompt.yml", PROMPT + MANY)
    result = project.run("--prompt-budget", "4 calls")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    outcomes = result.parseoutcomes()
    assert outcomes["errors"] == 8
    result.stdout.fnmatch_lines(
        [
            "the same for 7 more goldens: *",
            "prompt  *not run*",
            "*4 of 12 that were answered*",
            "    8 not run: golden not asked: the budget is 4 calls*",
            "ERROR prompts/a.prompt.yml::g9 - as *",
        ]
    )
    assert result.stdout.str().count("the budget is") == 3


def test_a_gate_with_goldens_not_run_does_not_pass(project: Project) -> None:
    project.answers({"*": "1"})
    project.write("prompts/a.prompt.yml", PROMPT + MANY + "gate: {min: 0}\n")
    result = project.run("--prompt-budget", "4 calls")
    result.stdout.fnmatch_lines(["  8 of 12 goldens not run (the budget): *"])


def test_what_the_cache_holds_costs_nothing(project: Project) -> None:
    project.answers({"*": "1"})
    project.write("prompts/a.prompt.yml", PROMPT.replace('"2"', '"1"') + MANY)
    project.run().assert_outcomes(passed=12)
    project.run("--prompt-budget", "1 calls").assert_outcomes(passed=12)


def test_one_budget_holds_for_all_workers(project: Project) -> None:
    project.answers({"*": "1"})
    project.write("prompts/a.prompt.yml", PROMPT.replace('"2"', '"1"') + MANY)
    result = project.run("-p", "xdist", "-n", "2", "--prompt-budget", "5 calls")
    result.assert_outcomes(passed=5, errors=7)


def test_a_plan_sends_nothing_and_says_what_the_cache_holds(project: Project) -> None:
    asked = project.path / "asked.txt"
    project.write(
        "answering.py",
        f"""\
        def answer(request):
            with open({str(asked)!r}, "a") as file:
                file.write("asked\\n")
            return "1"
        """,
    )
    text = PROMPT.replace("scripted:answers.json", "scripted:answering:answer")
    project.write("prompts/a.prompt.yml", text)
    project.run("-k", "right")
    before = asked.read_text()
    result = project.run("--prompt-plan", "--prompt-samples", "2")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "prompts/a.prompt.yml (scripted:answering:answer)",
            "    2 goldens × 2 samples = 4 calls, 1 of them in the cache",
            "    about * tokens, $0.00",
            "in all 3 calls to send, about $0.00",
        ]
    )
    result.stdout.no_fnmatch_line("*passed*")
    assert before == asked.read_text() == "asked\n"


def test_a_plan_counts_judgements_and_tells_unknown_prices(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    text = PROMPT.replace("scripted:answers.json", "openai/nobody-knows-this")
    project.write("prompts/a.prompt.yml", text + "evaluators: [{uses: github/fluency}]\n")
    result = project.run("--prompt-plan", "-p", "xdist", "-n", "2")
    result.stdout.fnmatch_lines(
        [
            "    2 goldens × 1 sample + 2 by judges = 4 calls, 0 of them in the cache",
            "    about * tokens, cost unknown",
            "in all 4 calls to send, about $0.00 and 1 prompt whose price is unknown",
        ]
    )
