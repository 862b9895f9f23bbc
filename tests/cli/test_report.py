import json
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.cli.main import main
from pytest_promptopt.providers.request import Completion, Usage

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
