"""Runs saved whole, read again, and taken away when there are too many."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_promptopt.cli.main import main
from pytest_promptopt.errors import ReportError
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.work import saved_runs
from pytest_promptopt.work.saved_runs import RunStore
from tests.project import PROMPT, Project
from tests.reports.sample_runs import all_good, one_failing, several_too_long

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize("run", [all_good(), one_failing("\ud800"), several_too_long(), Run()])
def test_a_run_comes_back_as_it_was(tmp_path: Path, run: Run) -> None:
    store = RunStore(tmp_path)
    saved = store.read(store.save(run, NOW))
    assert (saved.run, saved.ended) == (run, NOW)


def test_runs_of_long_ago_and_beyond_the_size_are_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RunStore(tmp_path)
    store.save(Run(), NOW - timedelta(days=31))
    kept = [store.save(Run(), NOW - timedelta(days=days)) for days in (29, 1)]
    latest = store.save(Run(), NOW)
    assert store.names() == [latest, *reversed(kept)]
    monkeypatch.setattr(saved_runs, "KEPT_BYTES", 1)
    only = store.save(Run(), NOW + timedelta(days=1))
    assert store.names() == [only]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not a saved run ("),
        (b"[]", "not a saved run (expected an object, got a list); delete it"),
        (b'{"version": 1, "version": 1}', "the key `version` stands twice"),
        (b"\xff", "not a saved run ("),
        (b"[" * 100_000, "nested more than 100 levels deep"),
        (
            b'{"version": 1, "ended": "2026-11-28T12:00:00Z", "run": {"prompts": [{"key": 1}]}}',
            "`run.prompts[0].key`: expected text, got a whole number",
        ),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    store = RunStore(tmp_path)
    name = store.save(all_good(), NOW)
    (tmp_path / ".promptopt/runs" / f"{name}.json").write_bytes(content)
    with pytest.raises(ReportError) as caught:
        store.read(name)
    assert str(caught.value).startswith(f".promptopt/runs/{name}.json: ")
    assert reason in str(caught.value)


def test_every_run_is_saved_and_told_again(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.answers({"one": "1", "two": "3"})
    project.write("a.prompt.yml", PROMPT)
    project.run("--prompt-report", "x.json", "a.prompt.yml")
    [name] = RunStore(project.path).names()
    capsys.readouterr()
    assert main(["report"]) == 0
    assert capsys.readouterr().out == (f"{name}  1 prompt: 1 passed, 1 missed, exit code 1\n")
    for named in (name[:6], "x.json"):
        assert main(["report", named, "--texts"]) == 0
        out = capsys.readouterr().out
        assert re.search(r"^a.prompt.yml +failed  0.500", out, flags=re.MULTILINE)
        assert 'a.prompt.yml::wrong\n│ expected "2", got "3"\n' in out


def test_a_run_that_cannot_be_saved_says_so_and_ends_as_it_would(project: Project) -> None:
    project.answers({"one": "1", "two": "2"})
    project.write("a.prompt.yml", PROMPT)
    project.write(".promptopt/runs", "in the way")
    result = project.run("a.prompt.yml")
    result.stdout.fnmatch_lines(["the run was not saved in .promptopt/runs: *"])
    assert result.ret == pytest.ExitCode.OK
