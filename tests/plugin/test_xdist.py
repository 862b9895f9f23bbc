"""Worker processes give the same outcomes, through one client."""

import json
import re

import pytest

from tests.project import PROMPT, Project

ANSWERING = """\
import os
from pathlib import Path

def answer(request):
    with Path("asked.txt").open("a") as file:
        file.write(f"{os.getpid()} {request.messages[-1].content}\\n")
    return request.messages[-1].content.replace("q", "")
"""


def many_goldens(count: int) -> str:
    goldens = "".join(f'  - {{id: g{n}, q: q{n}, expected: "{n % 9}"}}\n' for n in range(count))
    return (
        "model: scripted:answering:answer\n"
        'messages: [{role: user, content: "{{q}}"}]\n'
        f"gate: {{min: 0.1}}\ntestData:\n{goldens}"
    )


def outcomes(result: pytest.RunResult) -> dict[str, str]:
    found = {}
    for line in result.outlines:
        plain = re.match(r"(prompts/\S+::\S+)( <- \S+)? ([A-Z]+)", line)
        apart = re.match(r"\[gw\d\] \[ *\d+%\] ([A-Z]+) (prompts/\S+)", line)
        if plain:
            found[plain[1]] = plain[3]
        elif apart:
            found[apart[2]] = apart[1]
    return found


def test_outcomes_and_scores_are_the_same_with_workers(project: Project) -> None:
    project.write("answering.py", ANSWERING)
    project.write("prompts/a.prompt.yml", many_goldens(30))
    project.write("prompts/b.prompt.yml", PROMPT)
    alone = project.run("-v")
    asked_alone = sorted((project.path / "asked.txt").read_text().splitlines())
    (project.path / "asked.txt").unlink()
    together = project.run("-v", "-p", "xdist", "-n", "2", "--prompt-no-cache")
    asked_together = sorted((project.path / "asked.txt").read_text().splitlines())
    assert outcomes(alone) == outcomes(together)
    assert len(outcomes(alone)) == 33
    assert len({line.split()[0] for line in asked_together}) == 1
    assert [line.split()[1] for line in asked_alone] == [line.split()[1] for line in asked_together]
    [row] = [line for line in alone.outlines if line.startswith("prompts/a.prompt.yml  ")]
    assert row.split()[1:3] == ["PASS", "0.300"]
    assert row in together.outlines
    assert "from the cache" not in together.stdout.str()


def test_errors_reach_a_worker_whole(project: Project) -> None:
    project.answers({"one": "1", "two": {"error": {"status": 404, "message": "no such model"}}})
    project.write("prompts/a.prompt.yml", PROMPT)
    result = project.run("-p", "xdist", "-n", "1")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*no such model*"])


def test_a_bad_prompt_file_is_told_once_per_run(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT + "colour: red\n")
    result = project.run("-p", "xdist", "-n", "2")
    assert result.stdout.str().count("the key `colour` is not understood") == 1


def test_a_defect_in_a_provider_does_not_leave_a_worker_waiting(project: Project) -> None:
    project.write("answering.py", "def answer(request):\n    raise ZeroDivisionError('oops')\n")
    project.write("prompts/a.prompt.yml", many_goldens(3))
    result = project.run("-p", "xdist", "-n", "1")
    assert result.parseoutcomes()["errors"] == 3
    result.stdout.fnmatch_lines(["*oops*"])


def test_nothing_is_left_running_when_workers_are_done(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    result = project.run_apart("-p", "xdist", "-n", "2")
    assert result.stderr.str() == ""


def test_half_a_surrogate_pair_anywhere_changes_nothing(project: Project) -> None:
    half = r"\ud83d"
    project.write(
        "prompts/g.jsonl",
        f'{{"id": "right {half}", "q": "one {half}", "expected": "1", "tags": ["t{half}"]}}\n'
        f'{{"id": "wrong", "q": "two", "expected": "2 {half}"}}\n'
        f'{{"id": "gone", "q": "three", "expected": "3", "note {half}": 1}}\n',
    )
    project.write(
        "prompts/a.prompt.yml",
        'model: scripted:answers.json\nmessages: [{role: user, content: "{{q}}"}]\n'
        "goldens: g.jsonl\n",
    )
    project.answers(
        {
            "one \ud83d": "1",
            "two": "cut off \ud83d",
            "three": {"error": {"status": 404, "message": "no \ud83d"}},
        }
    )
    found = []
    for arguments in ((), ("-p", "xdist", "-n", "1")):
        result = project.run(
            "-v", "--prompt-no-cache", "--prompt-report", "r.json", "--junitxml=r.xml", *arguments
        )
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines([r"*got *cut off \ud83d*"])
        report = json.loads((project.path / "r.json").read_text())
        rows = {row["id"]: row for row in report["prompts"][0]["results"]}
        for row in rows.values():
            del row["latency_seconds"], row["saved"]
        found.append((outcomes(result), rows))
    assert found[0] == found[1]
    assert list(found[0][0].values()).count("PASSED") == 1
    assert len(found[0][1]) == 3


def test_goldens_of_a_worker_that_died_are_errors_in_every_report(project: Project) -> None:
    project.write("answering.py", ANSWERING)
    project.write(
        "scoring.py",
        """\
        import os

        def score(answer, expected):
            return os._exit(0) if answer == "7" else 1.0
        """,
    )
    text = many_goldens(12) + "evaluators: [{python: 'scoring:score'}]\n"
    project.write("prompts/a.prompt.yml", text)
    result = project.run(
        "-p", "xdist", "-n", "2", "--max-worker-restart=0", "--prompt-report", "r.json"
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*no result: the worker process that had this golden ended*"])
    report = json.loads((project.path / "r.json").read_text())
    rows = {row["id"]: row["outcome"] for row in report["prompts"][0]["results"]}
    assert len(rows) == 12
    assert rows["g7"] == "error"
