"""Prompt files: which files are some, where they are found, and which project they belong to."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_promptopt.config import PROMPT_FOLDERS, PROMPT_SUFFIXES

SUFFIXES = PROMPT_SUFFIXES
DEFAULT_FOLDERS = PROMPT_FOLDERS

_NEVER_ENTERED = {".git", ".venv", "node_modules", "__pycache__"}
_MARK_OF_AN_ENVIRONMENT = "pyvenv.cfg"


def is_prompt_file(path: Path) -> bool:
    """Whether the file's name says that it is a prompt."""
    return path.name.endswith(SUFFIXES)


def bare_name(path: Path) -> str:
    """What stands before ``.prompt.yml``."""
    return path.name.rpartition(".prompt.")[0]


def files_under(place: Path) -> Iterator[Path]:
    """The file ``place``, or every file under that folder, in the order of their names.

    Hidden folders are entered, git's own, node_modules and virtual environments are not. Links
    are followed, into each folder once.
    """
    if place.is_file():
        yield place
    seen: set[str] = set()
    for name, folders, files in os.walk(place, followlinks=True):
        folder, real = Path(name), os.path.realpath(name)
        is_environment = _MARK_OF_AN_ENVIRONMENT in files and folder != place
        if is_environment or real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(folder for folder in folders if folder not in _NEVER_ENTERED)
        yield from (folder / file for file in sorted(files))


def named_folders(root: Path, lines: Iterable[str]) -> Iterator[str]:
    """Those that the ini's ``prompt_paths`` names: one a line, or several as in ``testpaths``."""
    for line in lines:
        yield from [line] if (root / line).exists() else line.split()


def project_of(path: Path, root: Path) -> Path:
    """The folder that a prompt's other files must lie in.

    ``root`` if the prompt is in it, else the nearest folder above with a ``.git``, else its own.
    """
    if path.is_relative_to(root):
        return root
    return next((folder for folder in path.parents if (folder / ".git").exists()), path.parent)
