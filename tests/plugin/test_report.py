"""``--prompt-report``, and what GitHub Actions is told."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pytest_promptopt.reports.json import report_schema
from tests.plugin.test_optimize import weak
from tests.project import PROMPT, Project

GATED = PROMPT + "gate: {min: 0.9}\n"


@pytest.fixture(autouse=True)
def outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)


def read_json(project: Project, name: str = "report.json") -> dict[str, Any]:
    report: dict[str, Any] = json.loads((project.path / name).read_text(encoding="utf-8"))
    Draft202012Validator(report_schema()).validate(report)
    return report


@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n", "2")])
def test_every_report_is_written_once_at_the_end(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.write("prompts/a.prompt.yml", GATED)
    paths = ("report.json", "new/report.md", "report.html")
    result = project.run(*(f"--prompt-report={path}" for path in paths), *workers)
    result.stdout.fnmatch_lines([f"reports: {', '.join(paths)}"])
    page = (project.path / "report.html").read_text(encoding="utf-8")
    assert "<title>1 of 1 prompt fails · promptopt</title>" in page
    assert ', gate at 0.900"' in page
    assert '"h":[["user",["two"]]]' in page
    [prompt] = read_json(project)["prompts"]
    assert (prompt["score"], prompt["verdict"]["decision"]) == (0.5, "FAIL")
    outcomes = {result["id"]: result["outcome"] for result in prompt["results"]}
    assert outcomes == {"right": "passed", "wrong": "missed"}
    assert (project.path / "new/report.md").read_text(encoding="utf-8") == (
        "**1 of 1 prompt fails:** 1 prompt, goldens: 1 passed, 1 missed.\n"
        "\n"
        "| prompt | this PR | gate |\n"
        "| --- | ---: | --- |\n"
        "| prompts/a.prompt.yml | 0.500 (0.095 to 0.905) | **FAIL** |\n"
        "\n"
        "#### prompts/a.prompt.yml\n"
        "\n"
        "- score 0.500 is under min 0.9 (2 goldens scored)\n"
        "\n"
        "<details><summary>1 missed</summary>\n"
        "\n"
        '- wrong: 0.00, expected "2", got "3"\n'
        "\n"
        "</details>\n"
        "\n"
        "<details><summary>answers and reasons of 1 missed</summary>\n"
        "\n"
        "```text\n"
        'expected "2", got "3"\n'
        "prompts/a.prompt.yml:6: golden wrong missed with scripted:answers.json\n"
        "input\n"
        "│ q: two\n"
        "expected\n"
        "│ 2\n"
        "answer\n"
        "│ 3\n"
        'missed  expected  0.00: expected "2", got "3"\n'
        "```\n"
        "\n"
        "</details>\n"
        "\n"
        "scripted:answers.json, 0 tokens, $0.00\n"
    )
    assert [path.name for path in (project.path / "new").iterdir()] == ["report.md"]


def test_a_report_holds_what_a_search_proposes(project: Project) -> None:
    weak(project)
    paths = ("report.json", "report.md", "report.html")
    project.run("--prompt-optimize", *(f"--prompt-report={path}" for path in paths))
    page = (project.path / "report.html").read_text(encoding="utf-8")
    assert "something better is proposed" in page
    assert "★ chosen" in page
    assert "best so far on validation" in page
    [search] = read_json(project)["searches"]
    assert search["is_proven"] is True
    assert search["comparison"]["difference"] == 1.0
    assert search["patch"].startswith("diff --git a/prompts/a.prompt.yml b/prompts/a.prompt.yml\n")
    text = (project.path / "report.md").read_text(encoding="utf-8")
    assert "| 1.000, was 0.000 (12 unseen) | **FAIL** |" in text
    assert f"```sh\n{search['apply_command']}\n```" in text
    assert "\n-    content: 'Say who gets the ticket.'   # in a hurry\n" in text


@pytest.mark.parametrize("name", ["report.htm", "report"])
def test_a_report_of_an_unknown_kind_is_a_usage_error(project: Project, name: str) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    result = project.run("--prompt-report", name)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: --prompt-report {name}: * no report; known are .html, .json, .md"]
    )


def test_a_report_whose_code_breaks_fails_the_run_and_keeps_no_other_from_being_written(
    project: Project,
) -> None:
    project.write("prompts/a.prompt.yml", PROMPT.replace("q: two", "q: one").replace('"2"', '"1"'))
    project.write(
        "conftest.py",
        "def pytest_promptopt_reports():\n"
        "    return {'.csv': lambda run: run.gone, '.txt': lambda run: None}\n",
    )
    result = project.run(*(f"--prompt-report=r{end}" for end in (".csv", ".txt", ".json")))
    result.stdout.fnmatch_lines(
        [
            "reports: r.json",
            "no report in r.csv: what renders it raised AttributeError: *gone* (*conftest.py:2)",
            "no report in r.txt: what renders it gave NoneType, expected text",
            "*2 passed*",
        ]
    )
    assert result.ret == 1


def test_a_report_that_cannot_be_written_fails_the_run_and_leaves_no_half(
    project: Project,
) -> None:
    project.write("prompts/a.prompt.yml", PROMPT.replace("q: two", "q: one").replace('"2"', '"1"'))
    project.write("taken", "a file where a folder should be")
    (project.path / "folder.json").mkdir()
    (project.path / "full.json").symlink_to("/dev/full")
    paths = ("taken/report.md", "folder.json", "full.json", "report.json")
    result = project.run(*(f"--prompt-report={path}" for path in paths))
    result.stdout.fnmatch_lines(
        [
            "reports: report.json",
            "no report in taken/report.md: File exists",
            "no report in folder.json: there is something that is no file",
            "no report in full.json: there is something that is no file",
        ]
    )
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert read_json(project)["exit_code"] == 1
    assert Path("/dev/full").is_char_device()


def test_what_was_asked_to_be_kept_and_could_not_be_fails_the_run(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT.replace("q: two", "q: one").replace('"2"', '"1"'))
    (project.path / ".promptopt/scores.jsonl").mkdir(parents=True)
    result = project.run("--prompt-save-scores")
    result.stdout.fnmatch_lines(["no score was saved: *"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    project.write("prompts/__recordings__", "a file where a folder should be")
    result = project.run("--prompt-responses", "record")
    result.stdout.fnmatch_lines(["*the recordings *__recordings__/* were not written: *"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize("most", [0, 1, 4000])
def test_a_full_disk_leaves_the_report_that_was_there(tmp_path: Path, most: int) -> None:
    """As the system has it: a write beyond a limit of size fails half-way."""
    path = tmp_path / "report.json"
    path.write_bytes(b"old")
    script = (
        "import resource, signal, sys, pathlib\n"
        "from pytest_promptopt.project.files import replace_file\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))\n"
        "replace_file(pathlib.Path(sys.argv[1]), b'x' * 5000)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, check=False)
    assert b"OSError: [Errno 27] File too large" in done.stderr
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"report.json": b"old"}


def test_the_markdown_is_added_to_the_jobs_summary(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = project.write("summary.md", "earlier\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    project.write("prompts/a.prompt.yml", PROMPT)
    project.run("--prompt-report", "report.md")
    report = (project.path / "report.md").read_text(encoding="utf-8")
    assert summary.read_text(encoding="utf-8") == f"earlier\n{report}\n"


def annotations(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if line.startswith("::")]


def test_failures_are_marked_at_their_lines_on_github(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("prompts/a.prompt.yml", GATED)
    project.write("prompts/b,c.prompt.yml", PROMPT)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.path.parent))
    folder = project.path.name
    assert annotations(project.run()) == [
        f"::error file={folder}/prompts/a.prompt.yml,line=7::score 0.500 < min 0.9, "
        "1 missed: wrong%0Aprompts/a.prompt.yml does not hold its gate:%0A  "
        "score 0.500 is under min 0.9 (2 goldens scored)",
        f"::error file={folder}/prompts/a.prompt.yml,line=6::golden wrong missed: "
        'score 0.00, expected "2", got "3"',
        f'::error file={folder}/prompts/b%2Cc.prompt.yml,line=6::expected "2", got "3"',
    ]


def test_a_file_that_cannot_be_read_is_marked_at_its_line(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("prompts/a.prompt.yml", PROMPT + "gate: {minimum: 0.5}\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.path))
    [line] = annotations(project.run())
    assert line.startswith("::error file=prompts/a.prompt.yml,line=7::")
    assert line.endswith("did you mean `min`?")


def test_at_most_ten_failures_are_marked(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    more = "".join(f'  - {{q: two {n}, expected: "2"}}\n' for n in range(12))
    project.write("prompts/a.prompt.yml", PROMPT + more)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert len(annotations(project.run())) == 10


def test_failures_are_not_marked_twice_nor_outside_of_github(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    assert annotations(project.run()) == []
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    Path(project.path / "pytest_github_actions_annotate_failures.py").write_text("")
    monkeypatch.syspath_prepend(project.path)
    assert annotations(project.run("-p", "pytest_github_actions_annotate_failures")) == []


def test_a_plan_writes_no_report(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.run("--prompt-plan", "--prompt-report", "report.md")
    assert not (project.path / "report.md").exists()
