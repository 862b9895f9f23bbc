"""A made-up project in which pytest runs with the plugin."""

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

BASIC = (
    *("-p", "pytest_promptopt.plugin", "--prompt-eval", "-W", "default"),
    # Before pytest 9.2 it warns that the plugin, which the run around has loaded, is loaded again.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
"""What every run is started with. Warnings are as in a user's project."""


class Project:
    """A folder with prompt files, the answers to them, and pytest.

    ``path`` is the folder, ``pytester`` pytest's own means around it.
    """

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        pytester.makeini("[pytest]\n")

    def write(self, name: str, text: str) -> Path:
        """Write a file, its folders too; ``text`` may be indented. Gives its path."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def answers(self, answers: Mapping[str, Any]) -> None:
        """What the model ``scripted:answers.json`` answers, by the last message; ``*`` else."""
        self.write("answers.json", json.dumps(answers))

    def run(self, *arguments: str) -> pytest.RunResult:
        """``pytest --prompt-eval`` with these arguments, in this process."""
        return self.pytester.runpytest_inprocess(*BASIC, *arguments)

    def run_apart(self, *arguments: str) -> pytest.RunResult:
        """The same in a process of its own, which takes a second longer."""
        return self.pytester.runpytest_subprocess(*BASIC, *arguments)


@pytest.fixture
def prompt_project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project without prompt files, in which no plugin takes part that is not named (``-p``)."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    # A run inside a test is not the CI job that runs the tests.
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    # Wide enough that no line of a summary is broken.
    monkeypatch.setenv("COLUMNS", "250")
    return Project(pytester)
