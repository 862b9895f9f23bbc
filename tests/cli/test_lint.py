import json
from pathlib import Path

import pytest

from pytest_promptopt.cli.main import main

PROMPT = """\
messages:
  - role: user
    content: |
      Sort the mail. Don't forget to be exact.
      Do not avoid doubt.

      Mail: {{mail}}
"""
TOLD = """\
prompts/a.prompt.yml:4: PL104 “Don't forget to”: the positive is plain: say what is to be done
    say what to do instead (--fix does it)
prompts/a.prompt.yml:5: PL105 “Do not avoid” negates twice
    say it without either negation
2 findings in 1 file; --fix mends 1
"""


@pytest.fixture
def prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prompts").mkdir()
    path = tmp_path / "prompts/a.prompt.yml"
    path.write_text(PROMPT)
    return path


def test_findings_are_told_with_their_remedy_and_fail(
    prompt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lint", "--sarif", "out.sarif"]) == 1
    assert capsys.readouterr().out == TOLD
    assert len(json.loads(Path("out.sarif").read_text())["runs"][0]["results"]) == 2
    assert main(["lint", str(prompt), "--ignore", "PL104", "--ignore", "PL105"]) == 0
    assert capsys.readouterr().out == "0 findings in 1 file\n"
    assert prompt.read_text() == PROMPT


def test_what_is_mended_is_told_and_what_is_left_fails(
    prompt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lint", "--fix"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("fixed prompts/a.prompt.yml:4: PL104 “Don't forget to”")
    assert out.endswith("\n1 finding in 1 file\n")
    assert prompt.read_text() == PROMPT.replace("Don't forget to be", "Be")
    assert main(["lint", "--fix", "--ignore", "PL105"]) == 0
    prompt.write_text(PROMPT)
    assert main(["lint", "--fix", "--ignore", "PL105"]) == 0


def test_a_file_that_cannot_be_read_fails_and_others_are_linted(
    prompt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (prompt.parent / "b.prompt.yml").write_text("messages: [")
    assert main(["lint"]) == 1
    out = capsys.readouterr().out
    assert "prompts/b.prompt.yml:2: broken YAML" in out
    assert out.endswith("\n2 findings in 2 files, 1 of which cannot be read; --fix mends 1\n")


def test_goldens_lie_anywhere_in_the_repository(
    prompt: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (prompt.parents[1] / ".git").mkdir()
    (prompt.parents[1] / "a.jsonl").write_text('{"mail": "Hi"}\n')
    prompt.write_text(f"{PROMPT}goldens: ../a.jsonl\n")
    monkeypatch.chdir(prompt.parent)
    assert main(["lint", ".."]) == 1
    assert capsys.readouterr().out == TOLD


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "no prompt file in nowhere"),
        (["--ignore", "PL14"], "did you mean `PL104`?"),
        (["--sarif", "prompts"], "--sarif prompts: cannot be written"),
        (["--sarif", "prompts/a.prompt.yml"], "a file that is no SARIF stands there; name another"),
    ],
)
def test_what_cannot_be_meant_is_told(
    prompt: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(["lint", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_rules_are_listed_with_reason_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--rules"]) == 0
    assert "PL305 `required` without a gate\n    Without a gate" in capsys.readouterr().out
