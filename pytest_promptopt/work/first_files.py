"""The first files of a project with prompts: what stands in them, decided before any is written."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import version
from pathlib import Path

from pytest_promptopt.errors import PromptoptError, UsageError
from pytest_promptopt.project.files import not_written, replace_file
from pytest_promptopt.project.folder import IGNORE, IGNORED, SCHEMA
from pytest_promptopt.project.ini import find_project
from pytest_promptopt.project.ini_lines import shown, with_values
from pytest_promptopt.prompts.editor_schema import editor_schema
from pytest_promptopt.prompts.formats.yaml_text import yaml_text
from pytest_promptopt.prompts.library import is_prompt_file
from pytest_promptopt.providers.catalogue import CATALOGUE
from pytest_promptopt.providers.pricing import Prices
from pytest_promptopt.providers.request import Model
from pytest_promptopt.work.surroundings import Surroundings

_TEMPLATES = resources.files("pytest_promptopt.work") / "templates"
_PROMPT = "review_tone.prompt.yml"
_MODEL_IN_TEMPLATE = "local/qwen2.5-coder-0.5b"
_WORKFLOW = Path(".github/workflows/prompts.yml")
_ACTION = Path(".github/actions/prompt-eval/action.yml")
_SECRET = "          {0}: ${{{{ secrets.{0} }}}}\n"
_KEY_IN_TEMPLATE = f"        env:\n{_SECRET.format('OPENAI_API_KEY')}"
_REQUIREMENT_IN_TEMPLATE = "requirement: pytest-promptopt"
_BUDGETS = ("--prompt-budget=2 usd", "--prompt-budget=500 calls")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstFile:
    """A file to be written at ``path``: new, or with text ``added`` to what is there.

    ``is_there`` says that it stays as it is, ``by_hand`` what to add to one that we cannot edit.
    ``about`` says what a file is for that is too long to be read.
    """

    path: Path
    text: str = ""
    added: str = ""
    is_there: bool = False
    by_hand: tuple[str, ...] = ()
    about: str = ""

    @property
    def is_written(self) -> bool:
        """Whether there is anything to write."""
        return not (self.is_there or self.by_hand)


def first_files(found: Surroundings, *, has_workflow: bool) -> tuple[FirstFile, ...]:
    """What a project with these surroundings lacks, and what it has already."""
    for_editors = "by which editors complete and check prompt files"
    files = [
        *_prompts(found),
        _new(found.root / SCHEMA, editor_schema(), for_editors),
        _new(found.root / IGNORE, IGNORED),
        _ini(found),
    ]
    if has_workflow:
        action = (_TEMPLATES / "action.yml").read_text("utf-8")
        files.append(_new(found.root / _WORKFLOW, _workflow(found)))
        files.append(_new(found.root / _ACTION, action, "the steps that the workflow takes"))
    return tuple(files)


def told_from(folder: Path, path: Path) -> str:
    """The path as it is told from a folder, which it may stand outside."""
    return Path(os.path.relpath(path, folder)).as_posix()


def write(files: Iterable[FirstFile]) -> None:
    """Write them, each at once or not at all; raises PromptoptError.

    Nothing is written where one of the folders plainly cannot be written to.
    """
    due = [file for file in files if file.is_written]
    for file in due:
        _check_place(file.path)
    for file in due:
        try:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file.path, file.text.encode("utf-8"))
        except OSError as error:
            raise PromptoptError(
                f"{not_written(file.path, error)}; run it again when that is mended: what was "
                "written stays"
            ) from error


def _check_place(path: Path) -> None:
    place = next(place for place in (path, *path.parents) if os.path.lexists(place))
    if place == path and not place.is_file():
        why = "what stands there is no file"
    elif place != path and not place.is_dir():
        why = f"{place} is no folder"
    elif not os.access(place, os.W_OK):
        why = f"you may not write to {place}"
    else:
        return
    raise UsageError(f"{path}: cannot be written: {why}; nothing was written")


def _new(path: Path, text: str, about: str = "") -> FirstFile:
    return FirstFile(path=path, text=text, about=about, is_there=os.path.lexists(path))


def _prompts(found: Surroundings) -> Iterator[FirstFile]:
    """Those that are imported, or a first one where there is none."""
    folder = found.root / found.folders[0]
    line = _schema_line(found, folder)
    for file in found.imported.files if found.imported else ():
        yield _new(
            folder / file.name, f"{line if is_prompt_file(Path(file.name)) else ''}{file.text}"
        )
    if found.chosen is not None:
        yield _new(folder / _PROMPT, line + _prompt(found, found.chosen.name))


def _schema_line(found: Surroundings, folder: Path) -> str:
    return f"# yaml-language-server: $schema={told_from(folder, found.root / SCHEMA)}\n"


def _prompt(found: Surroundings, model: str) -> str:
    text = (_TEMPLATES / _PROMPT).read_text("utf-8")
    if not all(model.provider == "local" for model in found.models):
        # Of others some reason before they answer, which takes more tokens.
        text = re.sub(r"^modelParameters: .*\n", "", text, flags=re.M)
    return text.replace(f"model: {_MODEL_IN_TEMPLATE}\n", yaml_text({"model": model}))


def _ini(found: Surroundings) -> FirstFile:
    """The ini file with what it does not say yet."""
    path = found.ini or found.root / "pytest.ini"
    text = found.ini.read_bytes().decode("utf-8") if found.ini else ""
    said = find_project([path]).ini if found.ini else {}
    values = {key: value for key, value in _values(found) if key not in said}
    if not values:
        return FirstFile(path=path, is_there=True)
    edited = with_values(path.name, text, values)
    lines = shown(path.name, values)
    if edited is None:
        return FirstFile(path=path, by_hand=tuple(lines))
    return FirstFile(path=path, text=edited, added="\n".join(lines))


def _values(found: Surroundings) -> Iterator[tuple[str, str | list[str]]]:
    yield "prompt_paths", _folders(found)
    if _is_paid(found.models):
        yield "prompt_budget", "1 usd" if _is_priced(found.models) else "500 calls"


def _folders(found: Surroundings) -> list[str]:
    """Those in which there are prompts, none inside another; without any, that of the new one."""
    known = [folder for folder in found.folders if _holds(found.root / folder, found.prompts)]
    new = [] if found.prompts and found.imported is None else [found.folders[0]]
    if not found.prompts or known:
        return [*dict.fromkeys((*new, *known))]
    folders = {path.parent for path in found.prompts} | {found.root / name for name in new}
    tops = [folder for folder in folders if folders.isdisjoint(folder.parents)]
    return sorted(told_from(found.root, folder) for folder in tops)


def _holds(folder: Path, prompts: Iterable[Path]) -> bool:
    return any(prompt.is_relative_to(folder) for prompt in prompts)


def _is_paid(models: Iterable[Model]) -> bool:
    prices = map(Prices.load().price, models)
    return any(price is None or price.output_usd for price in prices)


def _is_priced(models: Iterable[Model]) -> bool:
    return None not in map(Prices.load().price, models)


def _workflow(found: Surroundings) -> str:
    """The one of the template, for these prompts, their models and this release."""
    models = found.models
    text = (_TEMPLATES / "workflow.yml").read_text("utf-8")
    if (folders := _folders(found)) != ["prompts"]:
        lines = "".join(f"            {folder}\n" for folder in folders)
        text = text.replace(
            _REQUIREMENT_IN_TEMPLATE, f"paths: |\n{lines}          {_REQUIREMENT_IN_TEMPLATE}"
        )
    text = re.sub(
        f"{_REQUIREMENT_IN_TEMPLATE}.*", f"{_REQUIREMENT_IN_TEMPLATE}{_requirement(models)}", text
    )
    variables = sorted({model.key_variable for model in models if model.key_variable})
    keys = f"        env:\n{''.join(map(_SECRET.format, variables))}" if variables else ""
    text = text.replace(_KEY_IN_TEMPLATE, keys)
    return text if _is_priced(models) else text.replace(*_BUDGETS)


def _requirement(models: Iterable[Model]) -> str:
    names = [model.name for model in models if model.provider == "local" and not model.is_file]
    extras = ["local", *sorted({CATALOGUE[name].extra for name in names})] if names else []
    chosen = f"[{','.join(extras)}]" if extras else ""
    return f"{chosen}=={version('pytest-promptopt')}"
