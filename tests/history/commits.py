"""Repositories made for a test: real git, no settings of the machine's, dates that stay."""

import itertools
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

FIRST_COMMIT = datetime(2026, 1, 1, tzinfo=UTC)

_SETTINGS = ("-c", "protocol.file.allow=always", "-c", "maintenance.auto=false")

PROMPT = """\
model: scripted:answers.json
messages:
  - role: system
    content: You answer questions about the weather in one word, such as sunny or rainy.
  - role: user
    content: "{{q}}"
testData:
  - {q: How is it in Rome?, expected: sunny}
  - {q: How is it in London?, expected: rainy}
"""


class History:
    """A repository in ``folder``; commits lie an hour apart, from :data:`FIRST_COMMIT` on."""

    def __init__(self, folder: Path, *, object_format: str = "sha1") -> None:
        self.folder = folder
        self._numbers = itertools.count()
        folder.mkdir(parents=True, exist_ok=True)
        form = ("--initial-branch=main", f"--object-format={object_format}", "--template=")
        self.git("init", "--quiet", *form)

    def git(self, *arguments: str) -> str:
        """Run git here; what it prints."""
        return git(self.folder, *arguments)

    def write(self, name: str, content: str | bytes = PROMPT) -> Path:
        """Write a file without committing it."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def commit(self, subject: str, /, **files: str) -> str:
        """Commit all that changed; keywords write files first: ``a="text"`` is ``a.prompt.yml``."""
        for name, content in files.items():
            self.write(f"{name}.prompt.yml", content)
        self.git("add", "--all")
        self._dated("commit", "--quiet", "--allow-empty", f"--message={subject}")
        return self.head

    def commits(self, count: int) -> str:
        """Commit so many times without a change; the id of the last."""
        for _ in range(count):
            self._dated("commit", "--quiet", "--allow-empty", "--message=empty")
        return self.head

    def branch(self, name: str, at: str = "HEAD") -> None:
        """Make a branch and switch to it."""
        self.git("switch", "--quiet", "--create", name, at)

    def switch(self, name: str) -> None:
        self.git("switch", "--quiet", name)

    def rename(self, old: str, new: str) -> Path:
        """Rename a file in the working tree and the index."""
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        self.git("mv", old, new)
        return self.folder / new

    def merge(self, branch: str) -> str:
        self._dated("merge", "--quiet", "--no-ff", f"--message=merge {branch}", branch)
        return self.head

    def squash(self, branch: str) -> str:
        self.git("merge", "--quiet", "--squash", branch)
        return self.commit(f"squash {branch}")

    @property
    def head(self) -> str:
        """The id of the commit that is checked out."""
        return self.git("rev-parse", "HEAD")

    def _dated(self, *arguments: str) -> None:
        """Run git an hour later than the last time."""
        git(self.folder, *arguments, date=FIRST_COMMIT + timedelta(hours=next(self._numbers)))


def git(folder: Path, *arguments: str, date: datetime = FIRST_COMMIT) -> str:
    """Run git in ``folder`` apart from the machine's settings; what it prints."""
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_AUTHOR_DATE": date.isoformat(),
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
        "GIT_COMMITTER_DATE": date.isoformat(),
    }
    done = subprocess.run(
        ["git", *_SETTINGS, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.rstrip("\n")


def shallow_clone(history: History, folder: Path, *, depth: int, branch: str) -> Path:
    """A clone of one branch that holds the last ``depth`` commits."""
    url = history.folder.as_uri()
    depths = (f"--depth={depth}", "--single-branch", f"--branch={branch}")
    git(history.folder, "clone", "--quiet", *depths, url, str(folder))
    return folder
