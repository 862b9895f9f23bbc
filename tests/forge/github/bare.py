"""The real, bare repositories behind pull requests, by git itself."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.forge.github.records import Account

_STATUSES = {
    "A": "added",
    "C": "copied",
    "D": "removed",
    "M": "modified",
    "R": "renamed",
    "T": "changed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A changed file; ``patch`` begins at the first hunk, None where there is no hunk."""

    path: str
    previous_path: str | None
    status: str
    blob: str
    additions: int
    deletions: int
    patch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who made or committed a commit; ``date`` as ISO 8601."""

    name: str
    email: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit with its whole message."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


class MergeConflictError(Exception):
    """Two commits that cannot be merged."""


class Bare:
    """The bare repository in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def make(cls, folder: Path) -> "Bare":
        """An empty one, whose default branch is main, or the one that lies there."""
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder)
        made._git("init", "--quiet", "--bare", "--initial-branch=main", "--template=")
        return made

    @property
    def is_empty(self) -> bool:
        return not self._git("for-each-ref", "--count=1", "refs/heads")

    def ref(self, name: str) -> tuple[str, str] | None:
        """Id and type of the object that a ref points to; ``name`` is such as heads/main."""
        done = self._run("show-ref", "--verify", "--hash", f"refs/{name}")
        if done.returncode:
            return None
        found = done.stdout.decode().strip()
        return found, self._git("cat-file", "-t", found)

    def tip(self, branch: str) -> str | None:
        """The commit that a branch points to."""
        found = self.ref(f"heads/{branch}")
        return found[0] if found else None

    def merge_base(self, one: str, other: str) -> str | None:
        done = self._run("merge-base", one, other)
        return done.stdout.decode().strip() or None

    def commits_between(self, base: str, head: str) -> list[str]:
        """The commits that ``head`` has and ``base`` has not, the latest first."""
        return self._git("rev-list", f"{base}..{head}", "--").split()

    def commit(self, commit: str) -> Commit | None:
        """The commit of that full id."""
        kind = self._run("cat-file", "-t", commit)
        if kind.stdout.strip() != b"commit":
            return None
        form = "%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
        text = self._git("show", "--no-patch", f"--format={form}", commit)
        tree, parents, *names, message = text.split("\0")
        return Commit(
            id=commit,
            tree=tree,
            parents=tuple(parents.split()),
            author=Signature(name=names[0], email=names[1], date=names[2]),
            committer=Signature(name=names[3], email=names[4], date=names[5]),
            message=message.rstrip("\n"),
        )

    def changes(self, base: str, head: str) -> list[FileChange]:
        """The files that differ, with renames found, in git's order."""
        counts = self._counts(base, head)
        return [
            FileChange(
                path=paths[-1],
                previous_path=paths[0] if len(paths) > 1 else None,
                status=_STATUSES[status],
                blob=blob,
                additions=counts[paths[-1]][0],
                deletions=counts[paths[-1]][1],
                patch=self._patch(base, head, paths),
            )
            for status, blob, paths in self._raw(base, head)
        ]

    def line_changes(self, path: str, old: str, new: str) -> str | None:
        """Hunks without context between a file at two commits; None where one has it not."""
        blobs = [f"{commit}:{path}" for commit in (old, new)]
        if any(self._run("cat-file", "-e", blob).returncode for blob in blobs):
            return None
        return self._git("diff", "--no-ext-diff", "--text", "--unified=0", *blobs)

    def read(self, commit: str, path: str) -> bytes:
        """A file at a commit."""
        return self._bytes("cat-file", "blob", f"{commit}:{path}")

    def replace_file(
        self, branch: str, path: str, content: bytes, *, message: str, author: Account, at: datetime
    ) -> str:
        """Commit other content of a file to a branch; the id of the commit."""
        parent = self.tip(branch)
        assert parent is not None, f"no branch {branch}"
        mode = self._git("ls-tree", "--format=%(objectmode)", parent, "--", path)
        blob = self._bytes("hash-object", "-w", "--stdin", content=content).decode().strip()
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self._bytes("read-tree", parent, more=index)
            self._bytes("update-index", "--cacheinfo", f"{mode},{blob},{path}", more=index)
            tree = self._bytes("write-tree", more=index).decode().strip()
        return self._commit_tree(branch, tree, (parent,), message, author, at)

    def merge(self, branch: str, head: str, *, message: str, author: Account, at: datetime) -> str:
        """Make a merge commit on a branch; its id."""
        base = self.tip(branch)
        assert base is not None, f"no branch {branch}"
        done = self._run("merge-tree", "--write-tree", base, head)
        if done.returncode:
            raise MergeConflictError(f"{branch} and {head} cannot be merged")
        tree = done.stdout.decode().split("\n")[0]
        return self._commit_tree(branch, tree, (base, head), message, author, at)

    def fetch(self, other: "Bare", branch: str, ref: str = "") -> None:
        """Have the commits of another repository's branch, and a ref that points to them."""
        spec = f"+refs/heads/{branch}:{ref}"
        self._git("fetch", "--quiet", "--no-tags", str(other.folder), spec)

    def _commit_tree(
        self,
        branch: str,
        tree: str,
        parents: tuple[str, ...],
        message: str,
        author: Account,
        at: datetime,
    ) -> str:
        given = [text for parent in parents for text in ("-p", parent)]
        email = f"{author.id}+{author.login}@users.noreply.github.com"
        signature = {
            f"GIT_{role}_{name}": value
            for role in ("AUTHOR", "COMMITTER")
            for name, value in (("NAME", author.login), ("EMAIL", email), ("DATE", at.isoformat()))
        }
        made = self._bytes("commit-tree", tree, *given, "-m", message, more=signature)
        commit = made.decode().strip()
        self._git("update-ref", f"refs/heads/{branch}", commit)
        return commit

    def _raw(self, base: str, head: str) -> Iterator[tuple[str, str, list[str]]]:
        """Status letter, blob and one path, or the old and the new one, of each file."""
        raw = self._git("diff", "--raw", "-z", "--no-abbrev", "--find-renames", base, head)
        words = iter(raw.split("\0"))
        for word in words:
            if word:
                _, _, old, new, status = word.split(" ")
                paths = [next(words) for _ in range(2 if status[0] in "RC" else 1)]
                yield status[0], old if status == "D" else new, paths

    def _counts(self, base: str, head: str) -> dict[str, tuple[int, int]]:
        """Added and removed lines by path; 0 for binary files."""
        text = self._git("diff", "--numstat", "-z", "--find-renames", base, head)
        words = iter(text.split("\0"))
        counts = {}
        for word in words:
            if word:
                added, removed, path = word.split("\t", 2)
                if not path:
                    next(words)
                    path = next(words)
                is_text = added != "-"
                counts[path] = (int(added), int(removed)) if is_text else (0, 0)
        return counts

    def _patch(self, base: str, head: str, paths: list[str]) -> str | None:
        options = ("--no-ext-diff", "--no-textconv", "--no-color", "--find-renames")
        text = self._git("--literal-pathspecs", "diff", *options, base, head, "--", *paths)
        _, separator, hunks = text.partition("\n@@ ")
        return f"@@ {hunks}" if separator else None

    def _git(self, *arguments: str) -> str:
        return self._bytes(*arguments).decode("utf-8", "replace").removesuffix("\n")

    def _bytes(
        self, *arguments: str, content: bytes = b"", more: Mapping[str, str] | None = None
    ) -> bytes:
        done = self._run(*arguments, content=content, more=more)
        assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr.decode()}"
        return done.stdout

    def _run(
        self, *arguments: str, content: bytes = b"", more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **(more or {}),
        }
        return subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.folder,
            env=environment,
            input=content,
            capture_output=True,
            check=False,
        )
