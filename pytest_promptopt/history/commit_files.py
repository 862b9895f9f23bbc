"""The files of a commit, read from git's objects."""

import errno
import fnmatch
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_promptopt.history.command import Command, CommandError
from pytest_promptopt.prompts.files import MAX_BYTES

_LINK, _SUBMODULE = "120000", "160000"
_MOST_LINKS = 40
_LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\n"


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a commit has under a name; ``size`` is in bytes, None where git has none at hand."""

    mode: str
    object_id: str
    size: int | None


class CommitFiles:
    """The :class:`~pytest_promptopt.prompts.files.Files` of a commit.

    Paths are those in the working tree, which is not looked at. Contents are the bytes that git
    keeps: line ends as committed, whatever ``core.autocrlf`` or ``.gitattributes`` make of them on
    disk. Prompts compare by their parsed text, in which line ends are the same. Links lead where
    they led at the commit. Git LFS and submodules keep contents elsewhere: reading them is an
    OSError that says so.
    """

    def __init__(self, command: Command, commit_id: str) -> None:
        self._command = command
        self._root = command.folder
        self._shown_commit = commit_id[:12]
        self._entries = _listing(command, commit_id)
        self._folders = {"", *_folders(self._entries)}

    def read(self, path: Path) -> bytes:
        """The contents as git keeps them."""
        resolved = self.resolve(path)
        if not resolved.is_relative_to(self._root):
            reason = f"lies outside of the repository {self._root}, which cannot know what it was"
            raise OSError(errno.EINVAL, reason, str(path))
        entry = self._entries.get(resolved.relative_to(self._root).as_posix())
        if entry is None:
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if entry.mode == _SUBMODULE:
            raise self._in_submodule(path)
        content = self._blob(entry, path)
        if content.startswith(_LFS_POINTER):
            reason = "is kept by Git LFS, and this commit has only a pointer; keep it in git itself"
            raise OSError(errno.ENOTSUP, reason, str(path))
        return content

    def resolve(self, path: Path) -> Path:
        """The path with the commit's links followed; outside of the repository, with the disk's."""
        if not path.is_relative_to(self._root):
            path = path.resolve(strict=True)
            if not path.is_relative_to(self._root):
                return path
        ahead = list(reversed(path.relative_to(self._root).parts))
        passed: list[str] = []
        links = 0
        while ahead:
            part = ahead.pop()
            if part == "..":
                if not passed:
                    return Path(os.path.normpath(self._root.joinpath("..", *reversed(ahead))))
                passed.pop()
                continue
            passed.append(part)
            entry = self._entry("/".join(passed), path)
            if entry is None or entry.mode != _LINK:
                self._refuse_below_file(entry, ahead, path)
                continue
            links += 1
            if links > _MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
            passed.pop()
            ahead.extend(reversed(self._target(entry, path)))
        return self._root.joinpath(*passed)

    def glob(self, folder: Path, pattern: str) -> list[Path]:
        """The files whose path below ``folder`` matches, as ``Path.glob`` would; hidden ones too.

        Links to folders are followed where the pattern names them, not where it has signs.
        """
        if not pattern or pattern.startswith("/"):
            raise ValueError(f"{pattern!r} is not a pattern relative to a folder")
        parts = [part for part in pattern.split("/") if part not in ("", ".")]
        literal = next((i for i, part in enumerate(parts) if _has_signs(part)), len(parts) - 1)
        try:
            start = self.resolve(folder.joinpath(*parts[:literal]))
        except (FileNotFoundError, NotADirectoryError):
            return []
        if not start.is_relative_to(self._root):
            raise ValueError(f"it leads outside of the repository {self._root}")
        name = start.relative_to(self._root).as_posix()
        prefix = "" if name == "." else f"{name}/"
        return sorted(
            self._root / name
            for name, entry in self._entries.items()
            if name.startswith(prefix)
            and entry.mode != _SUBMODULE
            and _matches(name.removeprefix(prefix).split("/"), parts[literal:])
        )

    def _entry(self, name: str, path: Path) -> _Entry | None:
        """What stands under ``name``, None for a folder; raises FileNotFoundError for neither."""
        entry = self._entries.get(name)
        if entry is None and name not in self._folders:
            raise FileNotFoundError(
                errno.ENOENT, f"is not in commit {self._shown_commit}", str(path)
            )
        return entry

    def _refuse_below_file(self, entry: _Entry | None, ahead: Sequence[str], path: Path) -> None:
        if entry is None or not ahead:
            return
        if entry.mode == _SUBMODULE:
            raise self._in_submodule(path)
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))

    def _target(self, link: _Entry, path: Path) -> Sequence[str]:
        target = os.fsdecode(self._blob(link, path))
        if target.startswith("/"):
            reason = "is a link to an absolute path, which is not followed at a commit"
            raise OSError(errno.EINVAL, reason, str(path))
        return [part for part in target.split("/") if part not in ("", ".")]

    def _blob(self, entry: _Entry, path: Path) -> bytes:
        if entry.size is not None and entry.size > MAX_BYTES:
            raise OSError(errno.EFBIG, f"is larger than {MAX_BYTES >> 20} MiB", str(path))
        try:
            return self._command.run("cat-file", "blob", entry.object_id)
        except CommandError as error:
            reason = f"cannot be read from commit {self._shown_commit}: {error.reason}"
            raise OSError(errno.EIO, reason, str(path)) from error

    def _in_submodule(self, path: Path) -> OSError:
        reason = f"lies in a submodule, whose files are not those of {self._root}"
        return OSError(errno.EINVAL, reason, str(path))


def _listing(command: Command, commit_id: str) -> dict[str, _Entry]:
    entries = {}
    for line in command.names("ls-tree", "-r", "-l", "-z", "--full-tree", commit_id):
        head, _, name = line.partition("\t")
        mode, _, object_id, size = head.split()
        entries[name] = _Entry(mode, object_id, int(size) if size.isdecimal() else None)
    return entries


def _folders(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        while "/" in name:
            name = name.rpartition("/")[0]
            yield name


def _has_signs(part: str) -> bool:
    return any(sign in part for sign in "*?[")


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether the folders and the name in ``parts`` match; takes time by the product of lengths."""
    reached = _with_skipped({0}, pattern)
    for part in parts:
        following = set()
        for position in reached:
            if position == len(pattern):
                continue
            if pattern[position] == "**":
                following.add(position)
            elif fnmatch.fnmatchcase(part, pattern[position]):
                following.add(position + 1)
        reached = _with_skipped(following, pattern)
    return len(pattern) in reached


def _with_skipped(positions: set[int], pattern: Sequence[str]) -> set[int]:
    """The positions, and those behind a ``**`` that stands for no folder."""
    reached = set(positions)
    for position, part in enumerate(pattern):
        if position in reached and part == "**":
            reached.add(position + 1)
    return reached
