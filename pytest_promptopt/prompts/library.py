"""Where prompt files are, and which project they belong to."""

from collections.abc import Iterable, Iterator
from pathlib import Path

SUFFIXES = (".prompt.yml", ".prompt.yaml")


def is_prompt_file(path: Path) -> bool:
    """Whether the file's name says that it is a prompt."""
    return path.name.endswith(SUFFIXES)


def find_prompts(paths: Iterable[Path]) -> Iterator[Path]:
    """Every prompt file at or under ``paths``, sorted within each."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                found for found in path.rglob("*.prompt.y*ml") if is_prompt_file(found)
            )
        elif is_prompt_file(path):
            yield path


def project_of(path: Path, root: Path) -> Path:
    """The folder that a prompt's other files must lie in.

    ``root`` if the prompt is in it, else the nearest folder above with a ``.git``, else its own.
    """
    if path.is_relative_to(root):
        return root
    return next((folder for folder in path.parents if (folder / ".git").exists()), path.parent)
