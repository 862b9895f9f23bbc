"""A prompt file as a :class:`Prompt`, with everything that was not understood said."""

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import Problem, PromptFileError, Severity
from pytest_promptopt.prompts.document import Document, read_document
from pytest_promptopt.prompts.evaluators import read_evaluator
from pytest_promptopt.prompts.files import DISK, Files
from pytest_promptopt.prompts.gate_settings import read_gate, read_reducer, unknown_parts
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.goldens import (
    RawGolden,
    build_goldens,
    golden_files,
    read_golden_file,
)
from pytest_promptopt.prompts.parsing import parse_prompt
from pytest_promptopt.prompts.prompt import OptimizeSpec, Prompt

# Carried by many public prompt files to document themselves; they mean nothing to a run.
_DOCUMENTATION_KEYS = {"version", "metadata", "authors", "author", "tags", "license"}
_SHARES = {"min", "maxDrop", "confidence"}
_SHOWN_OF_A_VALUE = 160


@functools.cache
def prompt_schema() -> Mapping[str, Any]:
    """The published JSON Schema of a prompt file (draft 2020-12)."""
    text = resources.files(__package__).joinpath("schema/prompt.schema.json").read_text("utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


def read_prompt(path: Path, *, root: Path, files: Files = DISK) -> Prompt:
    """The prompt at ``path``; its goldens must lie in ``root``, to which locations are relative.

    It and its goldens are read through ``files``. Raises :class:`PromptFileError` with every
    violation there is, not only the first.
    """
    document = read_document(path, _shown(path, root), files)
    _validate(document)
    return _Reader(document, path, root, files).prompt()


@dataclass(frozen=True, slots=True)
class _Reader:
    """One reading of a valid document."""

    document: Document
    path: Path
    root: Path
    files: Files

    def prompt(self) -> Prompt:
        document = self.document
        parsed = parse_prompt(document, self.path)
        self._check_json_schema(parsed)
        goldens, golden_problems = build_goldens(self._raw_goldens())
        evaluators, evaluator_problems = self._evaluators()
        gate, gate_problems = read_gate(document)
        reducer, reducer_problems = read_reducer(document)
        problems = (
            *document.problems,
            *self._unknown_keys(),
            *parsed.problems,
            *golden_problems,
            *evaluator_problems,
            *gate_problems,
            *(unknown_parts(document, gate, goldens, evaluators) if gate else ()),
            *reducer_problems,
        )
        _raise_errors(problems)
        return replace(
            parsed,
            goldens=goldens,
            evaluators=evaluators,
            gate=gate,
            optimize=self._optimize(),
            samples=document.data.get("samples", 1),
            reducer=reducer,
            problems=problems,
        )

    def _optimize(self) -> OptimizeSpec | None:
        settings = self.document.data.get("optimize")
        line = self.document.line_of("optimize")
        return None if settings is None else OptimizeSpec(settings=settings, line=line)

    def _unknown_keys(self) -> Iterable[Problem]:
        known = set(prompt_schema()["properties"]) | _DOCUMENTATION_KEYS
        data = self.document.data
        for key in data:
            if key == "variables" and isinstance(data[key], list):
                continue
            if key not in known:
                yield self._warning(f"the key `{key}` is not understood and has no effect", key)
        for index, message in enumerate(data["messages"]):
            for key in message.keys() - {"role", "content"}:
                text = f"the key `{key}` of a message is not understood and has no effect"
                yield self._warning(text, "messages", index, key)

    def _warning(self, message: str, *path: str | int) -> Problem:
        return Problem(
            path=self.document.location,
            line=self.document.line_of(*path),
            message=message,
            severity=Severity.WARNING,
        )

    def _check_json_schema(self, prompt: Prompt) -> None:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError

        if prompt.json_schema is None:
            return
        try:
            Draft202012Validator.check_schema(prompt.json_schema["schema"])
        except SchemaError as error:
            where = "/".join(str(step) for step in error.absolute_path)
            message = f"jsonSchema is not a JSON Schema: {where}: {error.message}"
            line = self.document.line_of("jsonSchema")
            raise PromptFileError.at(self.document.location, line, message[:400]) from None

    def _evaluators(self) -> tuple[tuple[EvaluatorSpec, ...], list[Problem]]:
        specs, problems = [], []
        for index, raw in enumerate(self.document.data.get("evaluators") or []):
            spec, found = read_evaluator(
                raw,
                path=self.document.location,
                line=self.document.line_of("evaluators", index),
                position=index + 1,
                from_golden=False,
            )
            problems.extend(found)
            if spec is not None:
                specs.append(spec)
        return tuple(specs), problems

    def _raw_goldens(self) -> Iterable[RawGolden]:
        data, location = self.document.data, self.document.location
        for index, content in enumerate(data.get("testData") or []):
            line = self.document.line_of("testData", index)
            yield RawGolden(content=content, path=location, line=line)
        patterns = data.get("goldens") or []
        paths = golden_files(
            [patterns] if isinstance(patterns, str) else patterns,
            prompt_path=self.path,
            root=self.root,
            location=location,
            line=self.document.line_of("goldens"),
            files=self.files,
        )
        for path in paths:
            yield from read_golden_file(path, _shown(path, self.root), self.files)


def _validate(document: Document) -> None:
    """Raise :class:`PromptFileError` with all violations of the schema, in file order."""
    from jsonschema import Draft202012Validator

    if not isinstance(document.data, Mapping):
        message = "expected a mapping with `messages:`, found something else"
        raise PromptFileError.at(document.location, document.root.line, message)
    errors = Draft202012Validator(prompt_schema()).iter_errors(document.data)
    _raise_errors(
        Problem(
            path=document.location,
            line=document.line_of(*error.absolute_path),
            message=_violation(error),
        )
        for error in errors
    )


def _raise_errors(problems: Iterable[Problem]) -> None:
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        raise PromptFileError(sorted(errors, key=lambda problem: problem.line))


def _violation(error: Any) -> str:
    where = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path
    ).lstrip(".")
    found = "does not belong here" if error.validator == "not" else error.message
    if len(found) > _SHOWN_OF_A_VALUE:
        found = f"{found[:_SHOWN_OF_A_VALUE]}…"
    expected = error.schema.get("description") if isinstance(error.schema, Mapping) else None
    hint = f" ({expected})" if expected and error.validator != "required" else ""
    text = f"{found}{hint}{_meant_share(error)}"
    return f"{where}: {text}" if where else text


def _meant_share(error: Any) -> str:
    """What to write where a share was given in per cent."""
    path, value = [*error.absolute_path], error.instance
    is_share = path[:1] == ["gate"] and path[-1] in _SHARES
    if is_share and error.validator in {"maximum", "exclusiveMaximum"} and 1 < value < 100:
        return f"; for {value:g} % write {value / 100:g}"
    return ""


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
