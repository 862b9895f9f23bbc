"""The prompt that a command line names."""

import os
from dataclasses import dataclass
from pathlib import Path

from pytest_promptopt.errors import PromptNotFoundError, UsageError
from pytest_promptopt.project.ini import find_project
from pytest_promptopt.prompts.library import (
    SUFFIXES,
    bare_name,
    files_under,
    is_prompt_file,
    named_folders,
)
from pytest_promptopt.runtime import find_prompt
from pytest_promptopt.suggestion import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTarget:
    """A prompt file by its absolute path, which need not exist, and the ref behind its ``@``."""

    path: Path
    ref: str | None = None

    def refuse_ref(self, why: str) -> None:
        """Raise :class:`UsageError` that says ``why``, where there is a ref."""
        if self.ref is not None:
            raise UsageError(f"{why}; leave out @{self.ref}")

    def require_file(self) -> None:
        """Raise :class:`UsageError` unless the file is there."""
        if self.path.is_file():
            return
        if self.path.is_dir():
            raise UsageError(f"{self.path} is a folder; name one prompt file (*{SUFFIXES[0]})")
        folder = self.path.parent
        beside = sorted(path.name for path in folder.glob("*") if is_prompt_file(path))
        raise UsageError(f"{self.path} is not there{did_you_mean(self.path.name, beside)}")


def read_target(name: str) -> PromptTarget:
    """``PROMPT`` or ``PROMPT@REF``, relative to the current folder.

    What exists as a file is one, also with an ``@`` in its name. Else the ref begins behind the
    suffix of a prompt file. A bare name is looked for as `load_prompt` does, then anywhere in the
    folders that pytest collects prompts from. Raises PromptNotFoundError, UsageError for several.
    """
    bare, _, ref = name.partition("@")
    if bare and len(Path(name).parts) == 1 and "." not in bare and not Path(name).exists():
        return PromptTarget(path=_find(bare), ref=ref if "@" in name else None)
    if not Path(name).is_file():
        for position in (index for index, sign in enumerate(name) if sign == "@"):
            if name[:position].endswith(SUFFIXES):
                return PromptTarget(path=_absolute(name[:position]), ref=name[position + 1 :])
    return PromptTarget(path=_absolute(name))


def prompt_folders() -> list[str]:
    """Where pytest collects prompts of the project around the current folder, relative to that.

    Raises UsageError where it cannot read its ini file.
    """
    project = find_project([Path.cwd()])
    names = named_folders(project.root, project.get_ini("prompt_paths"))
    return [os.path.relpath(project.root / name) for name in names]


def _find(name: str) -> Path:
    try:
        return find_prompt(name)
    except PromptNotFoundError:
        folders = prompt_folders()
    files = [Path.cwd() / path for folder in folders for path in files_under(Path(folder))]
    known = dict.fromkeys(path for path in files if is_prompt_file(path))
    found = [path for path in known if bare_name(path) == name]
    if len(found) > 1:
        many = ", ".join(os.path.relpath(path) for path in found)
        raise UsageError(f"several prompts are called `{name}`: {many}; name the file of one")
    if not found:
        hint = did_you_mean(name, dict.fromkeys(map(bare_name, known)))
        raise PromptNotFoundError(f"no prompt `{name}` in {', '.join(folders)}{hint}")
    return Path(os.path.normpath(found[0]))


def repository_root(path: Path) -> Path:
    """The nearest folder above with a ``.git``, else the prompt's own; found without git."""
    return next((folder for folder in path.parents if (folder / ".git").exists()), path.parent)


def project_root(path: Path) -> Path:
    """The repository of the file, else the current folder where it is in there."""
    path = path.absolute()
    repository, here = repository_root(path), Path.cwd()
    is_bare = not (repository / ".git").exists() and path.is_relative_to(here)
    return here if is_bare else repository


def _absolute(name: str) -> Path:
    """Links in the folders above are followed, one in the file's place is not."""
    path = Path(name)
    return path.parent.resolve() / path.name
