"""A made-up project in which pytest runs with the plugin."""

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema  # noqa: F401
import numpy as np  # noqa: F401
import pytest

# Pytester forgets what a run in this process imported; C extensions do not survive that.
import pytest_promptopt.session.session  # noqa: F401

PROMPT = """\
model: scripted:answers.json
messages:
  - {role: user, content: "{{q}}"}
testData:
  - {id: right, q: one, expected: "1"}
  - {id: wrong, q: two, expected: "2"}
"""

# Warnings are errors in our own tests; a user's project has pytest's defaults. Before pytest 9.2
# it warns that the plugin, which our own run has loaded, is loaded again.
BASIC = (
    *("-p", "pytest_promptopt.plugin", "--prompt-eval", "-W", "default"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


class Project:
    """A folder with prompt files, the answers to them, and pytest."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        pytester.makeini("[pytest]\n")

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def answers(self, answers: Mapping[str, Any]) -> None:
        self.write("answers.json", json.dumps(answers))

    def run(self, *arguments: str) -> pytest.RunResult:
        return self.pytester.runpytest_inprocess(*BASIC, *arguments)

    def run_apart(self, *arguments: str) -> pytest.RunResult:
        return self.pytester.runpytest_subprocess(*BASIC, *arguments)
