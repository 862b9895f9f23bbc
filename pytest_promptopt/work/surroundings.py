"""The surroundings of a new project's prompts: whatever need not be asked."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_promptopt.errors import HistoryError, PromptFileError, UsageError
from pytest_promptopt.history.command import Command
from pytest_promptopt.project.ini import ProjectIni, find_project
from pytest_promptopt.prompts.formats.importing import Import, import_file
from pytest_promptopt.prompts.library import files_under, is_prompt_file, project_of
from pytest_promptopt.providers.at_hand import LACK, AtHand, model_at_hand
from pytest_promptopt.providers.models import parse_aliases, resolve_model
from pytest_promptopt.providers.request import Model
from pytest_promptopt.providers.retirement import utc_today
from pytest_promptopt.providers.weights import default_models_dir
from pytest_promptopt.runtime import load_prompt

_GITLAB_CI = ".gitlab-ci.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What was found of a project at ``root``.

    ``ini`` is the file that pytest reads there, None where a new one is due. ``folders`` are
    those that pytest looks for prompts in, the first for new ones; ``prompts`` the prompt files
    there are, in these or elsewhere; ``imported`` what another tool's file is here. ``chosen`` is
    the model of a new prompt, None where there are prompts already. ``models`` are those that will
    be asked.
    """

    root: Path
    ini: Path | None
    has_repository: bool
    is_on_github: bool
    is_on_gitlab: bool
    folders: tuple[str, ...]
    prompts: tuple[Path, ...]
    chosen: AtHand | None
    models: tuple[Model, ...]
    imported: Import | None = None


def look_around(start: Path, model: str | None, source: Path | None = None) -> Surroundings:
    """What is found from the folder ``start``.

    ``model`` is the one that was named, ``source`` another tool's file to take prompts from. Raises
    UsageError where pytest cannot read its ini file, the model stands for nothing, or there is
    neither a prompt file nor a model to ask; PromptFileError where ``source`` cannot be read.
    """
    project = find_project([start])
    repository = next((f for f in (start, *start.parents) if (f / ".git").exists()), None)
    ini, root = _place(project, repository, start)
    folders = tuple(project.get_ini("prompt_paths"))
    prompts = _prompts(root, folders)
    has_prompts = bool(prompts or source)
    if has_prompts and model is not None:
        raise UsageError(
            f"--model {model}: it would be that of a first prompt, and there is one already: "
            f"{prompts[0] if prompts else source}"
        )
    chosen = None if has_prompts else _choose(model)
    imported = None if source is None else _imported(source, root, folders[0])
    names = [chosen.name] if chosen else _named(prompts, imported)
    resolved = [_resolve(name, project, root, must=chosen is not None) for name in names]
    remote = _remote(repository) if repository else ""
    return Surroundings(
        root=root,
        ini=ini,
        has_repository=repository is not None,
        is_on_github="github" in remote or (root / ".github").is_dir(),
        is_on_gitlab="gitlab" in remote or (root / _GITLAB_CI).is_file(),
        folders=folders,
        prompts=prompts,
        chosen=chosen,
        models=tuple(dict.fromkeys(filter(None, resolved))),
        imported=imported,
    )


def _place(project: ProjectIni, repository: Path | None, start: Path) -> tuple[Path | None, Path]:
    """The ini file and the root; an ini file around the repository is another project's."""
    file = project.file
    if file is not None and (repository is None or file.is_relative_to(repository)):
        return file, project.root
    return None, repository or start


def _prompts(root: Path, folders: Sequence[str]) -> tuple[Path, ...]:
    known = [path for folder in folders for path in files_under(root / folder)]
    found = [path for path in known if is_prompt_file(path)]
    return tuple(found or (path for path in files_under(root) if is_prompt_file(path)))


def _choose(model: str | None) -> AtHand:
    if model is not None:
        return AtHand(name=model, reason="it was named")
    found = model_at_hand(os.environ, utc_today(), models_dir=default_models_dir())
    if found is None:
        raise UsageError(LACK)
    return found


def _imported(source: Path, root: Path, folder: str) -> Import:
    path = source.absolute()
    return import_file(path, root=project_of(path, root), into=root / folder)


def _named(prompts: Sequence[Path], imported: Import | None) -> list[str]:
    """The models that the files name; one that cannot be read is for the run to tell."""
    contents = [prompt.content for prompt in imported.imported.prompts] if imported else []
    names = [model for content in contents if isinstance(model := content.get("model"), str)]
    for path in prompts:
        try:
            names.append(load_prompt(path).model or "")
        except PromptFileError:
            continue
    return [*dict.fromkeys(filter(None, names))]


def _resolve(name: str, project: ProjectIni, root: Path, *, must: bool) -> Model | None:
    aliases = parse_aliases(project.get_ini("prompt_models"))
    try:
        return resolve_model(name, aliases=aliases, environ=os.environ, root=root)
    except UsageError:
        if must:
            raise
        return None


def _remote(repository: Path) -> str:
    try:
        return Command(repository).text("config", "--get-regexp", r"^remote\..*\.url$")
    except HistoryError:
        return ""
