"""A prompt at one moment."""

from dataclasses import dataclass
from pathlib import Path

from pytest_promptopt.project.folder import SCORES
from pytest_promptopt.prompts.content import Content, content_of
from pytest_promptopt.prompts.files import DISK, Files
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.reader import read_prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """What a prompt's other files must lie in, and where its scores and modules are."""

    repository: Path
    project: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A prompt as it stands in the working tree (``commit`` is None) or stood at a commit."""

    prompt: Prompt
    content: Content
    commit: str | None = None


def project_root(path: Path, repository: Path) -> Path:
    """The nearest folder above that keeps scores, else the root of the repository."""
    folders = (folder for folder in path.parents if folder.is_relative_to(repository))
    return next((folder for folder in folders if (folder / SCORES).exists()), repository)


def read_snapshot(
    path: Path, roots: Roots, *, commit: str | None = None, files: Files = DISK
) -> Snapshot:
    """The prompt at ``path`` as ``files`` have it; raises :class:`PromptFileError`."""
    prompt = read_prompt(path, root=roots.repository, files=files, of_past=commit is not None)
    content = content_of(prompt, root=roots.project, files=files)
    return Snapshot(prompt=prompt, content=content, commit=commit)
