"""Renames: files that have another name than at a commit."""

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pytest_promptopt.history.command import Command
from pytest_promptopt.history.versions import steps
from pytest_promptopt.prompts.library import is_prompt_file

# Of prompts and of goldens; others cannot have become either.
_SUFFIXES = (".yml", ".yaml", ".json", ".jsonl", ".ndjson", ".csv")
_PATTERNS = tuple(f"*{suffix}" for suffix in _SUFFIXES)


def renames_since(command: Command, commit_id: str) -> Mapping[Path, Path]:
    """The present path of each renamed prompt or goldens file, and its path at the commit.

    Files pair as in ``git diff --find-renames``, half of the content alike; those that are not
    committed or not tracked count, ignored ones do not. A prompt that changed more than that
    since is followed through the commits.
    """
    past = _names_at(command, commit_id)
    present = _names_on_disk(command)
    gone = past - present
    come = present - past
    if not gone or not come:
        return {}
    renamed = _seen_at_once(command, commit_id, come)
    renamed |= _seen_by_steps(
        command, commit_id, gone=gone - set(renamed.values()), come=come - set(renamed)
    )
    return {command.folder / now: command.folder / then for now, then in renamed.items()}


def _names_at(command: Command, commit_id: str) -> set[str]:
    names = command.names("ls-tree", "-rz", "--name-only", "--full-tree", commit_id)
    return {name for name in names if name.endswith(_SUFFIXES)}


def _names_on_disk(command: Command) -> set[str]:
    names = command.names(
        "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *_PATTERNS
    )
    return {name for name in names if os.path.lexists(command.folder / name)}


def _seen_at_once(command: Command, commit_id: str, come: Collection[str]) -> dict[str, str]:
    """The renames between the commit and the disk, as present name and former name."""
    with _index_aside(command, come) as environment:
        words = iter(
            command.names(
                "diff-index",
                "-z",
                "--name-status",
                "--find-renames",
                "--diff-filter=R",
                "--ignore-submodules",
                "--no-ext-diff",
                "--no-textconv",
                commit_id,
                "--",
                *_PATTERNS,
                environment=environment,
            )
        )
    renamed = {}
    for _ in words:
        then, now = next(words), next(words)
        renamed[now] = then
    return renamed


@contextmanager
def _index_aside(command: Command, come: Collection[str]) -> Iterator[Mapping[str, str]]:
    """The environment in which git works on a copy of the index that also intends to add ``come``.

    Untracked files take part in a diff only so. Objects are written aside too.
    """
    index, objects = (
        command.folder / command.text("rev-parse", "--git-path", name)
        for name in ("index", "objects")
    )
    with tempfile.TemporaryDirectory(prefix="promptopt-") as folder:
        aside = Path(folder)
        if index.exists():
            shutil.copyfile(index, aside / "index")
        alternates = aside / "objects/info/alternates"
        alternates.parent.mkdir(parents=True)
        alternates.write_bytes(os.fsencode(objects) + b"\n")
        environment = {
            "GIT_INDEX_FILE": str(aside / "index"),
            "GIT_OBJECT_DIRECTORY": str(aside / "objects"),
            "GIT_LITERAL_PATHSPECS": "1",
        }
        names = aside / "come"
        names.write_bytes(b"\0".join(os.fsencode(name) for name in come))
        from_file = (f"--pathspec-from-file={names}", "--pathspec-file-nul")
        command.run("add", "--intent-to-add", *from_file, environment=environment)
        yield environment | {"GIT_LITERAL_PATHSPECS": "0"}


def _seen_by_steps(
    command: Command, commit_id: str, *, gone: Collection[str], come: Collection[str]
) -> dict[str, str]:
    """The renames of prompts that commits since have made, as present name and former name."""
    left = set(gone)
    renamed: dict[str, str] = {}
    for name in sorted(come) if left else ():
        if not is_prompt_file(Path(name)):
            continue
        then = [step.former_name for step in steps(command, f"{commit_id}..HEAD", name)]
        if then and then[-1] in left:
            renamed[name] = then[-1]
            left.discard(then[-1])
    return renamed
