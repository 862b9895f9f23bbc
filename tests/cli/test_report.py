import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.cli.main import main
from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.record import PromptRecord, Run
from pytest_promptopt.evaluation.reduction import result_without_score
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.prompts.version import version_of
from pytest_promptopt.providers.request import Completion, Usage
from pytest_promptopt.reports.json import render_json
from pytest_promptopt.work.saved_runs import RunStore
from tests.reports.sample_runs import all_good, one_failing

RUN: list[dict[str, Any]] = [
    {
        "event": "run",
        "version": 1,
        "inputs": "abc",
        "prompt": "prompts/a.prompt.yml",
        "method": "opro",
        "model": "x/task",
        "optimizer_model": "x/writer",
    },
    {"event": "scored", "candidate": "c0", "golden": "g", "score": 0.0, "passed": False},
    {
        "event": "call",
        "role": "task",
        "fingerprint": "f1",
        "completion": Completion(text="?", usage=Usage(input_tokens=7, output_tokens=3)).to_json(),
    },
    {"event": "headroom", "kind": "wrong format", "sentence": "Wrong format: 4 of 4."},
    {"event": "round", "number": 1, "parents": ["c0"]},
    {"event": "call", "role": "optimizer", "fingerprint": "f2", "error": "gone"},
    {"event": "unparsed", "meta": "edit", "reason": "<prompt> is missing"},
    {
        "event": "proposed",
        "candidate": "c1",
        "origin": "trajectory",
        "note": "Names the labels.",
        "texts": {"0": "Say\x1b[2J it."},
    },
    {"event": "refused", "candidate": "c2", "origin": "trajectory", "reason": "It is empty."},
    {"event": "raced", "scores": {"c1": 0.75, "c3": None}, "left": ["c1"], "joined": ["c1"]},
    {"event": "chosen", "candidate": "c1"},
    {"event": "verdict", "kind": "improved", "sentence": "Improved: +0.500."},
    {"event": "ended", "reason": "all 1 rounds are done"},
]


def journal(folder: Path, name: str, lines: list[dict[str, Any]], torn: str = "") -> None:
    path = folder / ".promptopt" / "runs" / name / "journal.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines) + torn)


def save(folder: Path, run: Run, ended: datetime = datetime(2026, 11, 28, tzinfo=UTC)) -> str:
    return RunStore(folder).save(run, ended)


def test_a_page_of_a_run_is_written_by_default_of_the_latest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    first = save(tmp_path, all_good(), datetime(2026, 11, 27, 9, 30, tzinfo=UTC))
    latest = save(tmp_path, one_failing())
    assert main(["report", "--html"]) == 0
    assert capsys.readouterr().out == f"wrote {latest}.html\n"
    page = (tmp_path / f"{latest}.html").read_text(encoding="utf-8")
    assert "1 of 2 prompts fails" in page
    assert "28 November 2026, 00:00 UTC" in page
    assert main(["report", first[:8], "--html", "page.html"]) == 0
    assert "All good" in (tmp_path / "page.html").read_text(encoding="utf-8")
    (tmp_path / "run.json").write_text(render_json(all_good()))
    assert main(["report", "run.json", "--html"]) == 0
    assert "All good" in (tmp_path / "run.html").read_text(encoding="utf-8")


def test_a_page_has_the_messages_that_were_sent_where_the_prompt_is_still_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "a.prompt.yml"
    file.write_text(
        "messages: [{role: user, content: 'Say {{q}} now'}]\n"
        "testData: [{id: a, q: one, expected: '1'}, {id: b, q: two, expected: '2'}]\n"
    )
    prompt = read_prompt(file, root=tmp_path)
    results = tuple(
        result_without_score(golden, "no answer", Outcome.ERROR) for golden in prompt.goldens
    )
    record = PromptRecord(
        key="a.prompt.yml",
        location="a.prompt.yml",
        model="m",
        goldens=2,
        results=results,
        version=version_of(prompt),
    )
    save(tmp_path, Run(exit_code=1, prompts=(record,)))

    def page() -> str:
        assert main(["report", "--html", "page.html"]) == 0
        return (tmp_path / "page.html").read_text(encoding="utf-8")

    assert '"texts":["Say "," now"]' in page()
    assert '"h":[["user",0,["one"],1]]' in page()
    file.write_text(file.read_text().replace("q: one", "q: another"))
    assert '"h":[["user",0,["two"],1]]' in page()
    assert '"h":[["user",0,["one"],1]]' not in page()
    file.write_text(file.read_text().replace("Say", "Tell"))
    assert '"texts":[]' in page()


def test_a_page_of_a_json_report_has_the_gates_mark_and_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    failing = next(p for p in one_failing().prompts if p.verdict and not p.verdict.passed)
    assert failing.verdict is not None
    held = replace(failing, verdict=replace(failing.verdict, minimum=0.85, headline="<low>"))
    Path("x.json").write_text(render_json(Run(exit_code=1, prompts=(held,))))
    assert main(["report", "x.json", "--html"]) == 0
    page = Path("x.html").read_text(encoding="utf-8")
    assert "gate at 0.850" in page
    assert "&lt;low&gt;" in page
    assert "from a JSON report, which holds no messages and no scores of earlier" in page


def test_a_page_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    name = save(tmp_path, all_good())
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "full.html").symlink_to("/dev/full")
    for path, why in (
        ("folder.html", "there is something that is no file"),
        ("full.html", "there is something that is no file"),
        ("gone/page.html", "No such file or directory"),
    ):
        assert main(["report", name, "--html", path]) == 1
        assert capsys.readouterr().err == f"promptopt: {path}: cannot be written: {why}\n"
    assert main(["report", "--html", name]) == 2
    assert f"`promptopt report {name} --html`" in capsys.readouterr().err
    (tmp_path / ".promptopt/runs" / f"{name}.json").write_text('{"version": 1}')
    assert main(["report", "--html"]) == 1
    assert "not a saved run" in capsys.readouterr().err


def test_a_run_is_told_from_its_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    journal(tmp_path, "abc123", RUN, torn='{"event": "sco')
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert main(["report", "abc", "--texts"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "prompts/a.prompt.yml  opro  x/task  optimizer x/writer",
        "headroom: Wrong format: 4 of 4.",
        "round 1, from c0",
        "    not understood (edit): <prompt> is missing",
        "    proposed c1 (trajectory): Names the labels.",
        "    │ Say\\x1b[2J it.",
        "    refused c2 (trajectory): It is empty.",
        "    c1 0.750, kept",
        "    c3 not scored",
        "chosen: c1",
        "verdict: Improved: +0.500.",
        "ended: all 1 rounds are done",
        "answers: 1 of the task model, 1 of the optimizer model, 1 errors, 10 tokens",
    ]


def test_a_page_of_a_search_is_written_from_its_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal(tmp_path, "abc123", RUN)
    monkeypatch.chdir(tmp_path)
    assert main(["report", "abc", "--html"]) == 0
    page = (tmp_path / "abc123.html").read_text(encoding="utf-8")
    assert "A search for a better prompts/a.prompt.yml" in page
    assert "Say\\x1b[2J it." in page
    assert "It is empty." in page


def test_without_a_name_the_runs_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    journal(tmp_path, "abc123", RUN)
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "abc123  prompts/a.prompt.yml  opro  x/task  optimizer x/writer",
        "    Improved: +0.500.",
    ]


def test_a_run_that_is_not_there_or_not_clear_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 2
    assert "run pytest with --prompt-eval" in capsys.readouterr().err
    journal(tmp_path, "abc1", RUN)
    journal(tmp_path, "abc2", [*RUN, {"none": 1}])
    assert main(["report", "x"]) == 2
    assert "no run starts with 'x': there are abc" in capsys.readouterr().err
    assert main(["report", "bac1"]) == 2
    assert capsys.readouterr().err.rstrip().endswith("; did you mean `abc1`?")
    assert main(["report", "abc"]) == 2
    assert "several runs start with 'abc'" in capsys.readouterr().err
    assert main(["report", "abc2"]) == 2
    assert "journal.jsonl:14: not a line of a journal" in capsys.readouterr().err


def test_a_search_that_cannot_be_read_is_told_among_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    name = save(tmp_path, all_good())
    for search in ("a", "b"):
        (tmp_path / f".promptopt/runs/{search}").mkdir()
    (tmp_path / ".promptopt/runs/a/journal.jsonl").mkdir()
    (tmp_path / ".promptopt/runs/b/journal.jsonl").write_text('{"event": "proposed"}\n')
    assert main(["report"]) == 0
    shown = capsys.readouterr().out
    assert name in shown
    assert "journal.jsonl: cannot be read: Is a directory\n" in shown
    assert "journal.jsonl:1: not a line of a journal" in shown
    assert main(["report", "a"]) == 1
    assert "cannot be read: Is a directory" in capsys.readouterr().err
