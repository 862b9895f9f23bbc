"""A checkout that belongs to somebody else and cannot be written to."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.history.commits import History
from tests.project import PROMPT, Project

NOBODY = 65534
_WITHOUT = "-dac_override,-dac_read_search,-fowner"
_AS_OTHERS = ("setpriv", f"--bounding-set={_WITHOUT}", f"--inh-caps={_WITHOUT}")

pytestmark = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="only root can give a checkout away",
)


def run(folder: Path, *command: str) -> tuple[int, str]:
    """A command as a user who may only read there."""
    done = subprocess.run(
        [*_AS_OTHERS, sys.executable, "-m", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_it_is_scored_and_what_could_not_be_saved_is_said(
    project: Project, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(project.path)
    project.write("prompts/a.prompt.yml", PROMPT.replace('"2"', '"3"'))
    history.commit("first")
    before = sorted(project.path.rglob("*"))
    for path in (project.path, *before):
        os.chown(path, NOBODY, NOBODY)
        path.chmod(0o555 if path.is_dir() else 0o444)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    score = ("pytest", "-p", "pytest_promptopt.plugin", "-p", "no:cacheprovider", "--prompt-eval")

    status, out = run(project.path, *score, "--prompt-save-scores", "--prompt-report", "r.md")
    assert (status, out.count("2 passed")) == (1, 1)
    assert "no score was saved: .promptopt/scores.jsonl: cannot be written" in out
    assert "no report in r.md: Permission denied" in out
    status, out = run(project.path, "pytest_promptopt", "log", "prompts/a.prompt.yml")
    assert status == 1
    assert "which another user owns" in out
    assert "git config --global --add safe.directory" in out

    settings = tmp_path_factory.mktemp("home") / "gitconfig"
    settings.write_text("[safe]\ndirectory = *\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    status, out = run(project.path, *score, "--prompt-base", "HEAD")
    assert (status, out.count("2 passed")) == (0, 1)
    assert "answers are kept for this run only" in out
    assert run(project.path, "pytest_promptopt", "log", "prompts/a.prompt.yml")[0] == 0
    assert sorted(project.path.rglob("*")) == before
