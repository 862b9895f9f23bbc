"""Prompt files as applications use them: the text, the model and its parameters."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import PromptInputError, PromptNotFoundError
from pytest_promptopt.prompts.answer_place import WHOLE, AnswerPlace
from pytest_promptopt.prompts.document import read_document
from pytest_promptopt.prompts.library import DEFAULT_FOLDERS, SUFFIXES, bare_name, is_prompt_file
from pytest_promptopt.prompts.parser import ResponseFormat, parse_prompt
from pytest_promptopt.prompts.prompt import MessageTemplate
from pytest_promptopt.prompts.version import version_of
from pytest_promptopt.suggestion import did_you_mean

_PROJECT_MARKS = (".git", "pyproject.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPrompt:
    """A prompt, ready to be filled and sent.

    ``location`` is the file as errors show it. ``model`` is the name in the file, None where it
    has none. ``parameters`` have the snake_case names of OpenAI's chat completions.
    ``json_schema`` is the wrapper with ``name`` and ``schema``, ``answer_place`` what the file has
    under ``answer``. ``version`` is a hash of text, model and parameters: it changes when one of
    them does, and not with goldens, comments or a move.
    """

    location: str
    name: str
    version: str
    templates: tuple[MessageTemplate, ...]
    model: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    response_format: ResponseFormat = "text"
    json_schema: Mapping[str, Any] | None = None
    answer_place: AnswerPlace = WHOLE

    @property
    def placeholders(self) -> tuple[str, ...]:
        """What :meth:`messages` asks for, in order of first appearance."""
        names = (name for message in self.templates for name in message.template.placeholders)
        return tuple(dict.fromkeys(names))

    def messages(self, /, **inputs: Any) -> list[dict[str, str]]:
        """The conversation as ``{"role": …, "content": …}``, every placeholder filled.

        Text stands as it is, everything else as JSON; ``{{user.name}}`` reaches into the mapping
        ``user``. Raises :class:`PromptInputError` where a placeholder has no value, for an input
        without a placeholder, and for None and types that JSON does not know.
        """
        problems = [*self._missing(inputs), *self._unknown(inputs), *self._unsendable(inputs)]
        if problems:
            raise PromptInputError("\n".join(problems))
        return [
            {"role": message.role, "content": message.template.fill(inputs)}
            for message in self.templates
        ]

    def answer(self, text: str) -> str | None:
        """The answer in what a model said, which is what tests score.

        Without reasoning, and from where ``answer:`` says that it stands; None if it does not.
        """
        from pytest_promptopt.providers.request import Completion
        from pytest_promptopt.scoring.extraction import extract

        found = extract(Completion(text=text), self.answer_place)
        return None if found.lack else found.completion.text

    def openai(self, /, **inputs: Any) -> dict[str, Any]:
        """The keyword arguments of OpenAI's ``chat.completions.create``, as tests send them.

        Without ``model`` where the file names none. Raises like :meth:`messages`.
        """
        from pytest_promptopt.providers import openai

        return self._arguments("openai", openai.body_of, openai.NAMED, inputs)

    def anthropic(self, /, **inputs: Any) -> dict[str, Any]:
        """The same for Anthropic's ``messages.create``."""
        from pytest_promptopt.providers import anthropic

        return self._arguments("anthropic", anthropic.body_of, anthropic.NAMED, inputs)

    def _arguments(
        self,
        provider: str,
        body_of: Callable[[Any], dict[str, Any]],
        named: Collection[str],
        inputs: Mapping[str, Any],
    ) -> dict[str, Any]:
        from pytest_promptopt.messages import Message
        from pytest_promptopt.providers.request import Model, Request

        filled = zip(self.templates, self.messages(**inputs), strict=True)
        request = Request(
            model=Model(provider=provider, name=(self.model or "").removeprefix(f"{provider}/")),
            messages=tuple(Message(role=m.role, content=sent["content"]) for m, sent in filled),
            parameters=self.parameters,
            response_format=self.response_format,
            json_schema=self.json_schema,
        )
        body = body_of(request)
        if self.model is None:
            del body["model"]
        others = {name: value for name, value in body.items() if name not in named}
        arguments = {name: value for name, value in body.items() if name in named}
        return {**arguments, "extra_body": others} if others else arguments

    def _missing(self, inputs: Mapping[str, Any]) -> Iterator[str]:
        for message in self.templates:
            for name in message.template.missing(inputs):
                yield f"{self.location}:{message.line}: {{{{{name}}}}} has no value"

    def _unsendable(self, inputs: Mapping[str, Any]) -> Iterator[str]:
        for name, value in inputs.items():
            flaw = _flaw(value)
            if flaw:
                yield f"{self.location}: {{{{{name}}}}}: {flaw}; give text, or what JSON knows"

    def _unknown(self, inputs: Mapping[str, Any]) -> Iterator[str]:
        others = [name for message in self.templates for name in message.template.others]
        known = (*self.placeholders, *others)
        for name in inputs:
            if not any(f"{placeholder}.".startswith(f"{name}.") for placeholder in known):
                hint = did_you_mean(name, known)
                yield f"{self.location}: there is no placeholder `{name}`{hint}"


def _flaw(value: Any) -> str:
    """Why an input cannot stand in a message; empty where it can."""
    if value is None:
        return "None is no value"
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        return str(error)
    return ""


def load_prompt(name: str | Path, *, folder: str | Path | None = None) -> LoadedPrompt:
    """The prompt ``name``: the path of a prompt file, or what stands before ``.prompt.yml``.

    Both are looked for in ``folder``; without it a path is that of a file, and a bare name is
    looked for in ``prompts`` and ``.github/prompts`` of the current directory and those above it
    up to the project's. Goldens and evaluators are not read.

    Raises :class:`PromptNotFoundError`, and :class:`~pytest_promptopt.errors.PromptFileError`
    where the file cannot be used.
    """
    here = Path.cwd()
    path = _find(Path(name), None if folder is None else Path(folder), here)
    location = str(path.relative_to(here) if path.is_relative_to(here) else path)
    prompt = parse_prompt(read_document(path, location), path)
    return LoadedPrompt(
        location=prompt.location,
        name=prompt.name,
        version=version_of(prompt),
        templates=prompt.messages,
        model=prompt.model,
        parameters=prompt.parameters,
        response_format=prompt.response_format,
        json_schema=prompt.json_schema,
        answer_place=prompt.answer,
    )


def find_prompt(name: str) -> Path:
    """The file that :func:`load_prompt` reads; raises :class:`PromptNotFoundError`."""
    return _find(Path(name), None, Path.cwd())


def _find(name: Path, folder: Path | None, here: Path) -> Path:
    is_bare = len(name.parts) == 1 and not is_prompt_file(name)
    if is_bare:
        folders = _folders(here) if folder is None else [folder]
        files = [f"{name}{suffix}" for suffix in SUFFIXES]
    else:
        path = name if folder is None else folder / name
        folders, files = [path.parent], [path.name]
    candidates = (place / file for place in folders for file in files)
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise _not_found(name.name, folders, is_bare=is_bare)
    return found


def _folders(here: Path) -> list[Path]:
    """Where the project around ``here`` keeps prompts, the nearest first; without one, ``here``."""
    above = [here, *here.parents]
    marked = (
        index
        for index, folder in enumerate(above)
        if any((folder / mark).exists() for mark in _PROJECT_MARKS)
    )
    inside = above[: next(marked, 0) + 1]
    return [place / folder for place in inside for folder in DEFAULT_FOLDERS]


def _not_found(name: str, folders: list[Path], *, is_bare: bool) -> PromptNotFoundError:
    searched = [folder for folder in folders if folder.is_dir()]
    paths = (path for folder in searched for path in sorted(folder.iterdir()))
    known = [
        bare_name(path) if is_bare else path.name
        for path in paths
        if is_prompt_file(path) and path.is_file()
    ]
    places = ", ".join(str(folder) for folder in searched or folders)
    return PromptNotFoundError(f"no prompt `{name}` in {places}{did_you_mean(name, known)}")
