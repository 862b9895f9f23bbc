"""``promptopt init`` in made-up folders, and pytest on what it wrote."""

import json
import os
import sys
from pathlib import Path

import pytest
import yaml

from pytest_promptopt.cli.main import main
from pytest_promptopt.providers import at_hand
from tests.project import PROMPT, Project

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_BASE_URL")
FILES = [
    ".promptopt/.gitignore",
    ".promptopt/prompt.schema.json",
    "prompts/review_tone.prompt.yml",
    "pytest.ini",
]


class Folder:
    """An empty folder, and ``promptopt init`` in it."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self._capsys = capsys

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def read(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    @property
    def files(self) -> list[str]:
        found = (path for path in self.path.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.path).as_posix() for path in found)

    def init(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and what was printed."""
        self._capsys.readouterr()
        status = main(["init", *arguments])
        printed = self._capsys.readouterr()
        return status, printed.out + printed.err


@pytest.fixture
def folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Folder:
    path = tmp_path / "project"
    path.mkdir()
    monkeypatch.chdir(path)
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    return Folder(path, capsys)


def test_what_it_writes_runs_at_once(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.path / "tox.ini").unlink()
    project.answers({"lamp": "positive", "Broke": "Negative.", "*": "positive"})
    monkeypatch.chdir(project.path)
    assert main(["init", "--model", "scripted:answers.json"]) == 0
    told = capsys.readouterr().out.partition("\nwritten; next:\n")[2]
    assert [line.split("  ")[2] for line in told.splitlines()] == [
        "pytest --prompt-eval -v",
        "promptopt view",
    ]
    result = project.run()
    result.stdout.fnmatch_lines(["prompts/review_tone.prompt.yml * PASS  0.750 * 3 * 1 *"])
    result.stdout.no_fnmatch_line("*arning*")


def test_without_a_model_it_says_what_is_missing(folder: Folder) -> None:
    assert folder.init() == (2, f"promptopt: {at_hand.LACK}\n")
    assert folder.files == []


def test_it_takes_what_a_key_allows_and_shows_it_first(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    status, shown = folder.init("--dry-run")
    assert (status, folder.files) == (0, [])
    assert "model    anthropic/claude-haiku-4-5: ANTHROPIC_API_KEY is set\n" in shown
    assert shown.endswith("│ prompt_budget = 1 usd\n\nnothing was written\n")
    assert "secret" not in shown
    assert folder.init()[0] == 0
    assert folder.files == FILES
    written = folder.read(FILES[2])
    assert all(f"│ {line}\n" in shown for line in written.splitlines())
    assert yaml.safe_load(written)["model"] == "anthropic/claude-haiku-4-5"
    assert "modelParameters" not in written


def test_the_second_time_there_is_nothing_to_write(folder: Folder) -> None:
    folder.init("--model", "openai/gpt-4.1-mini")
    folder.write(FILES[1], "mine")
    status, shown = folder.init()
    assert status == 0
    assert "prompts  1 file, so no first one is written: prompts/review_tone.prompt.yml\n" in shown
    assert shown.endswith(f"stays: {FILES[1]}, {FILES[0]}, {FILES[3]}\nthere is nothing to write\n")
    assert folder.read(FILES[1]) == "mine"
    status, told = folder.init("--model", "openai/gpt-4.1-mini")
    assert (status, "there is one already" in told) == (2, True)


def test_prompts_that_are_there_are_found_wherever_they_are(folder: Folder) -> None:
    folder.write("app/llm/a.prompt.yml", PROMPT.replace("scripted:answers.json", "openai/mine"))
    folder.write("app/llm/deep/b.prompt.yml", "messages: [")
    folder.write("lib/c.prompt.yaml", PROMPT)
    folder.write("pyproject.toml", "[project]\nname = 'x'\n")
    status, shown = folder.init("--workflow")
    assert status == 0
    assert "added to pyproject.toml\n│ [tool.pytest.ini_options]\n" in shown
    assert folder.read("pyproject.toml").endswith(
        '\n[tool.pytest.ini_options]\nprompt_paths = ["app/llm", "lib"]\n'
        'prompt_budget = "500 calls"\n'
    )
    assert "prompts/review_tone.prompt.yml" not in folder.files
    (job,) = yaml.safe_load(folder.read(".github/workflows/prompts.yml"))["jobs"].values()
    step = job["steps"][-1]
    assert step["env"] == {"OPENAI_API_KEY": "${{ secrets.OPENAI_API_KEY }}"}
    assert step["with"]["paths"] == "app/llm\nlib\n"
    assert "--prompt-budget=500 calls" in step["with"]["arguments"]
    assert shown.endswith("    gh secret set OPENAI_API_KEY\n")


def test_the_workflow_installs_what_a_local_model_needs(folder: Folder) -> None:
    assert folder.init("--workflow", "--model", "local/qwen2.5-coder-1.5b")[0] == 0
    workflow = folder.read(".github/workflows/prompts.yml")
    assert "requirement: pytest-promptopt[local,local-weights-large]==" in workflow
    assert "secrets." not in workflow
    assert "paths:" not in workflow
    assert "modelParameters" in folder.read(FILES[2])
    assert folder.read("pytest.ini") == "[pytest]\nprompt_paths = prompts\n"


def test_a_name_of_a_model_is_written_as_yaml_has_it(folder: Folder) -> None:
    for model in ('openai/a: "b" # c', "openai/a #b", "openai/a\nb"):
        assert folder.init("--model", model)[0] == 0
        written = folder.path / FILES[2]
        assert yaml.safe_load(written.read_text())["model"] == model
        written.unlink()


def test_prompts_outside_the_project_are_found(folder: Folder) -> None:
    beside = folder.path.parent / "beside"
    beside.mkdir()
    folder.write("../beside/a.prompt.yml", PROMPT)
    folder.write("pytest.ini", f"[pytest]\nprompt_paths = {beside}\n")
    status, shown = folder.init("--dry-run")
    assert (status, "no first one is written: ../beside/a.prompt.yml\n" in shown) == (0, True)


def test_from_a_folder_further_down_it_writes_at_the_root(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.path / ".git").mkdir()
    folder.write(".git/config", '[remote "origin"]\nurl = git@github.com:a/b\n')
    folder.write("deep/er/x.txt", "")
    monkeypatch.chdir("deep/er")
    status, shown = folder.init("--model", "openai/gpt-4.1-mini", "--dry-run")
    assert (status, f"project  {folder.path}\n" in shown) == (0, True)
    folder.write("deep/pytest.ini", "[pytest]\nprompt_paths = mine\n")
    assert folder.init("--model", "openai/gpt-4.1-mini")[0] == 0
    assert "deep/mine/review_tone.prompt.yml" in folder.files
    schema = "# yaml-language-server: $schema=../.promptopt/prompt.schema.json\n"
    assert folder.read("deep/mine/review_tone.prompt.yml").startswith(schema)
    assert folder.read("deep/pytest.ini") == (
        "[pytest]\nprompt_budget = 1 usd\nprompt_paths = mine\n"
    )


def test_a_form_of_the_ini_file_that_is_not_edited_is_told(folder: Folder) -> None:
    text = "[tool.pytest]\nini_options = {addopts = '-q'}\n"
    folder.write("pyproject.toml", text)
    status, shown = folder.init("--model", "openai/gpt-4.1-mini")
    assert status == 0
    assert "add to pyproject.toml yourself, for its form is one we do not edit\n│ [tool." in shown
    assert folder.read("pyproject.toml") == text
    assert FILES[2] in folder.files


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("prompts", "", "/prompts is no folder; nothing was written\n"),
        ("pytest.ini", "[pytest", "promptopt: pytest cannot read its ini file: "),
        ("pyproject.toml", "a = \xe9", "promptopt: pytest cannot read its ini file: "),
        ("setup.cfg", "[pytest]\n", "promptopt: pytest cannot read its ini file: "),
    ],
)
def test_what_is_in_the_way_is_told_and_nothing_written(
    folder: Folder, name: str, text: str, told: str
) -> None:
    (folder.path / name).write_bytes(text.encode("latin-1"))
    status, shown = folder.init("--model", "openai/gpt-4.1-mini")
    assert status == 2
    assert told in shown
    assert folder.files == [name]


def test_a_folder_that_cannot_be_written_to_is_told(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write anywhere, so that the folder's own permissions would stop nobody.
    monkeypatch.setattr(os, "access", lambda *_: False)
    status, shown = folder.init("--model", "openai/gpt-4.1-mini")
    assert status == 2
    assert f"you may not write to {folder.path}; nothing was written" in shown
    assert folder.files == []


def test_a_folder_in_the_place_of_a_file_is_told_before_anything_is_written(folder: Folder) -> None:
    (folder.path / "pytest.ini").mkdir()
    status, shown = folder.init("--model", "openai/gpt-4.1-mini")
    assert status == 2
    told = "cannot be written: what stands there is no file; nothing was written"
    assert f"{folder.path / 'pytest.ini'}: {told}" in shown
    assert folder.files == []


def test_a_model_that_stands_for_nothing_is_told(folder: Folder) -> None:
    status, shown = folder.init("--model", "gtp-5")
    assert status == 2
    assert "model 'gtp-5' is not the name of a model" in shown


@pytest.mark.parametrize(("said", "status"), [("n", 1), ("no", 1), ("", 0), ("Y", 0)])
def test_on_a_terminal_it_waits_for_a_word(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, said: str, status: int
) -> None:
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: said)
    assert folder.init("--model", "openai/gpt-4.1-mini")[0] == status
    assert folder.files == ([] if status else FILES)


def test_prompts_come_from_another_tools_file(folder: Folder) -> None:
    config = """\
providers: [openai:gpt-4.1-mini]
prompts: ["Route {{ticket}}"]
tests:
"""
    case = "  - {vars: {ticket: a%d}, assert: [{type: equals, value: b}, {type: moderation}]}\n"
    folder.write("promptfooconfig.yaml", config + "".join(case % n for n in range(80)))
    status, shown = folder.init("--from", "promptfooconfig.yaml")
    assert status == 0
    (name,) = (name for name in folder.files if name.endswith(".prompt.yml"))
    prompt = folder.read(name)
    assert prompt.startswith("# yaml-language-server: $schema=../.promptopt/prompt.schema.json\n")
    assert yaml.safe_load(prompt)["model"] == "openai/gpt-4.1-mini"
    assert "model    " not in shown
    assert "… " in shown
    assert "assertions with a counterpart: 80 of 160\n" in shown
    assert folder.read("pytest.ini") == (
        "[pytest]\nprompt_paths = prompts\nprompt_budget = 1 usd\n"
    )
    folder.write(name, "mine: 1\n")
    assert folder.init("--from", "promptfooconfig.yaml")[0] == 0
    assert folder.read(name) == "mine: 1\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing.yaml"], "nothing.yaml:1: "),
        (["."], ". is a folder; name one file"),
        (["https://example.org/promptfooconfig.yaml"], "nothing is fetched: download it first"),
        (["broken.yaml"], "broken.yaml:"),
        (["broken.yaml", "--model", "openai/gpt-5"], "--model openai/gpt-5: it would be that of"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told(
    folder: Folder, arguments: list[str], told: str
) -> None:
    folder.write("broken.yaml", "prompts: [")
    status, shown = folder.init("--from", *arguments)
    assert status in {1, 2}
    assert told in shown
    assert folder.files == ["broken.yaml"]


def test_the_schema_it_writes_is_what_schema_prints(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.init("--model", "openai/gpt-4.1-mini")
    assert main(["schema"]) == 0
    printed = capsys.readouterr().out
    assert printed == folder.read(FILES[1])
    assert json.loads(printed)["title"] == "Prompt file"
