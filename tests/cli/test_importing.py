from pathlib import Path

import pytest

from pytest_promptopt.cli.main import main

CONFIG = """\
prompts: ["Route {{ticket}}"]
tests:
  - vars: {ticket: a}
    assert: [{type: equals, value: b}, {type: moderation}]
  - {vars: {ticket: b}, assert: [{type: moderation}, {type: moderation}]}
"""
WRITTEN = """\
messages: [{role: user, content: "Route {{ticket}}"}]
testData:
  - ticket: a
    evaluators:
      - {equals: b}
      # route.yaml:4: `moderation` has no counterpart: the type `moderation` is not understood; \
name the kind as a key (such as `equals`, `contains` or `choice`)
  - ticket: b
    # route.yaml:5: `moderation` has no counterpart: the type `moderation` is not understood; \
name the kind as a key (such as `equals`, `contains` or `choice`)
    # route.yaml:5: `moderation` has no counterpart: the type `moderation` is not understood; \
name the kind as a key (such as `equals`, `contains` or `choice`)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "route.yaml").write_text(CONFIG)
    return tmp_path


def test_an_import_says_what_it_wrote_and_what_is_lost(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "route.yaml", "--dry-run"]) == 0
    assert not (folder / "prompts").exists()
    assert "prompts/route.prompt.yml\n│ messages: [{role" in capsys.readouterr().out
    assert main(["import", "route.yaml"]) == 0
    assert (folder / "prompts/route.prompt.yml").read_text() == WRITTEN
    lines = capsys.readouterr().out.splitlines()
    assert lines[:6] == [
        "route.yaml: read as promptfoo, 1 prompt, 2 goldens",
        "  wrote prompts/route.prompt.yml",
        "assertions with a counterpart: 1 of 4",
        "  equals: 1 of 1",
        "  moderation: 0 of 3",
        "without a counterpart:",
    ]
    assert lines[6].endswith("(and 1 like it)")


def test_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "prompts").mkdir()
    (folder / "prompts/route.prompt.yml").write_text("mine")
    assert main(["import", "route.yaml"]) == 2
    assert "has route.prompt.yml already, and nothing is overwritten" in capsys.readouterr().err
    assert (folder / "prompts/route.prompt.yml").read_text() == "mine"
    assert main(["import", "route.yaml", "--into", "route.yaml"]) == 2
    assert "route.yaml: cannot be written: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "status", "told"),
    [
        ("none.yaml", 1, "none.yaml:1: cannot be read: No such file"),
        ("https://a.example/p.yaml", 2, "nothing is fetched: download it first"),
        (".", 2, "is a folder; name one file"),
    ],
)
def test_a_file_that_is_none_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], file: str, status: int, told: str
) -> None:
    assert main(["import", file]) == status
    assert told in capsys.readouterr().err
