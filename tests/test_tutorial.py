"""The tutorial, followed to the letter: files written, commands typed, their output seen."""

import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from pytest_promptopt.cli.main import main
from tests.project import Project

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
NOT_TYPED = ("mkdir", "python3 -m venv", "pip install", "git push", "promptopt view")
# Hashes, durations, and how wide a rule is that stands around them.
VARYING = re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{7,12}\b|\d+\.\d\d ?s\b|={2,}")


class Reader:
    """Somebody who follows the page in a project."""

    def __init__(self, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
        self.project = project
        self.capsys = capsys

    def follow(self, language: str, before: str, block: str) -> None:
        """Do what the block says; ``before`` is the paragraph above it."""
        if language == "console":
            self.type_all(block)
        elif language == "diff":
            self.edit(named_file(before), block)
        else:
            self.project.write(named_file(before), block)

    def edit(self, name: str, change: str) -> None:
        lines = change.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if not line.startswith("+"))
        new = "".join(line[1:] for line in lines if not line.startswith("-"))
        text = (self.project.path / name).read_text(encoding="utf-8")
        assert old in text
        self.project.write(name, text.replace(old, new))

    def type_all(self, block: str) -> None:
        _, *parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
        for command, shown in zip(parts[::2], parts[1::2], strict=True):
            if not command.startswith(NOT_TYPED):
                assert missing(shown, self.output(command)) == [], command

    def output(self, command: str) -> str:
        match shlex.split(command):
            case ["pytest", "--prompt-eval", *arguments]:
                self.project.run(*arguments)
            case ["promptopt", *arguments]:
                assert main(arguments) == 0
            case ["cat", name]:
                return (self.project.path / name).read_text(encoding="utf-8")
            case ["echo", text, ">", name]:
                self.project.write(name, text)
            case arguments:
                done = subprocess.run(arguments, check=True, capture_output=True, text=True)
                return done.stdout
        return self.capsys.readouterr().out


def named_file(paragraph: str) -> str:
    [name, *_] = re.findall(r"`([\w/.]+)`", paragraph)
    return str(name)


def missing(shown: str, printed: str) -> list[str]:
    """The lines shown that are not printed in this order; ``…`` stands for any lines."""
    found = iter([VARYING.sub("#", line.rstrip()) for line in printed.splitlines()])
    wanted = (line.rstrip() for line in shown.splitlines() if line not in {"…", ""})
    return [line for line in wanted if VARYING.sub("#", line) not in found]


def blocks() -> Iterator[Sequence[str]]:
    """The blocks of the page, each with its language and the paragraph above it."""
    tokens = [
        t for t in MarkdownIt().parse(PAGE.read_text("utf-8")) if t.type in {"inline", "fence"}
    ]
    for above, token in pairwise(tokens):
        if token.type == "fence":
            yield token.info, above.content, token.content


def test_what_the_tutorial_shows_is_what_its_reader_sees(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada Lovelace")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@shop.example")
    for path in project.path.iterdir():
        path.unlink()
    capsys.readouterr()
    reader = Reader(project, capsys)
    for language, before, block in blocks():
        reader.follow(language, before, block)
