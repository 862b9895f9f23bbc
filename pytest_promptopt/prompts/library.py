"""Which files are prompt files, and which project they belong to."""

from pathlib import Path

SUFFIXES = (".prompt.yml", ".prompt.yaml")


def is_prompt_file(path: Path) -> bool:
    """Whether the file's name says that it is a prompt."""
    return path.name.endswith(SUFFIXES)


def project_of(path: Path, root: Path) -> Path:
    """The folder that a prompt's other files must lie in.

    ``root`` if the prompt is in it, else the nearest folder above with a ``.git``, else its own.
    """
    if path.is_relative_to(root):
        return root
    return next((folder for folder in path.parents if (folder / ".git").exists()), path.parent)
