"""A repository with prompts, and the command in it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from pytest_promptopt.cli.main import main
from pytest_promptopt.history.prompt_history import PromptHistory
from pytest_promptopt.history.scores import (
    GoldenScore,
    SavedScore,
    ScoreFile,
)
from pytest_promptopt.history.snapshot import Snapshot
from pytest_promptopt.project.folder import SCORES
from pytest_promptopt.prompts.content import ScoredContent
from pytest_promptopt.statistics.intervals import Interval
from tests.cli import judged_run
from tests.history.commits import History

PROMPT = """\
model: openai/m
messages:
  - role: system
    content: |
      Route the ticket to one team.
      Teams: billing, shipping.
      Answer with its name only.
  - {role: user, content: "Ticket: {{ticket}}"}
goldens: route.jsonl
evaluators: [{name: right, equals: "{{expected}}"}]
"""
GOLDENS = """\
{"id": "refund", "ticket": "My money back!", "expected": "billing"}
{"id": "late", "ticket": "Where is it?", "expected": "shipping"}
"""
NAME = "prompts/route.prompt.yml"


@dataclass(frozen=True)
class Printed:
    """What the command printed, with ids by order of appearance, and its exit code."""

    out: str
    err: str
    status: int


class Promptopt:
    """``promptopt`` in a repository with the prompt :data:`NAME`, not committed yet."""

    def __init__(self, history: History, capsys: pytest.CaptureFixture[str]) -> None:
        self.history = history
        self._capsys = capsys
        self.goldens = history.write("prompts/route.jsonl", GOLDENS)
        self.path = history.write(NAME, PROMPT)

    def __call__(self, *arguments: str) -> Printed:
        self._capsys.readouterr()
        status = main(arguments)
        printed = self._capsys.readouterr()
        return Printed(_numbered(printed.out), printed.err, status)

    def edit(self, old: str, new: str) -> None:
        """Replace text in the prompt, which must be there."""
        text = self.path.read_text(encoding="utf-8")
        assert old in text
        self.path.write_text(text.replace(old, new), encoding="utf-8")

    def save(self, ref: str | None, scores: Mapping[str, float], model: str = "openai/m") -> None:
        """Save scores of the prompt at ``ref``, None for the working tree."""
        history = PromptHistory(self.path)
        snapshot = history.present() if ref is None else history.at(history.commit(ref))
        assert snapshot is not None
        ScoreFile(self.history.folder / SCORES).add([saved(snapshot, scores, model)])


def saved(snapshot: Snapshot, scores: Mapping[str, float], model: str) -> SavedScore:
    return SavedScore(
        content=ScoredContent.of(snapshot.content),
        model=model,
        location=snapshot.prompt.location,
        samples=1,
        score=sum(scores.values()) / len(scores),
        interval=Interval(low=0.25, high=0.75),
        goldens={name: GoldenScore(score=s, passed=s == 1) for name, s in scores.items()},
        recorded=date(2026, 11, 21),
    )


def _numbered(text: str) -> str:
    """``text`` with hashes as ``[1]`` … and ids of commits as ``(1)`` …, by first appearance."""
    hashes: dict[str, str] = {}
    commits: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        if match["hash"]:
            return hashes.setdefault(match["hash"], f"[{len(hashes) + 1}]")
        return commits.setdefault(match["commit"], f"({len(commits) + 1})")

    return re.sub(r"\b(?P<hash>[0-9a-f]{12})\b|\b(?P<commit>[0-9a-f]{8})\b", number, text)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def promptopt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Promptopt:
    history = History(tmp_path / "project")
    monkeypatch.chdir(history.folder)
    return Promptopt(history, capsys)


@pytest.fixture
def judged_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the prompt of :mod:`tests.cli.judged_run`, in which ann works."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("USER", "ann")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/reply.prompt.yml").write_text(judged_run.PROMPT)
    return tmp_path
