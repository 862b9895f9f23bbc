"""A prompt file as a :class:`Prompt`, with everything that was not understood said."""

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pytest_promptopt.errors import Problem, PromptFileError, Severity
from pytest_promptopt.messages import Role
from pytest_promptopt.prompts.document import Document, read_document
from pytest_promptopt.prompts.evaluators import read_evaluator
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden, slug
from pytest_promptopt.prompts.goldens import (
    RawGolden,
    build_goldens,
    golden_files,
    read_golden_file,
)
from pytest_promptopt.prompts.parameters import KNOWN_PARAMETERS, canonical_parameters
from pytest_promptopt.prompts.prompt import GateSettings, MessageTemplate, Prompt
from pytest_promptopt.prompts.template import Template

ResponseFormat = Literal["text", "json_object", "json_schema"]

# Carried by many public prompt files to document themselves; they mean nothing to a run.
_DOCUMENTATION_KEYS = {"version", "metadata", "authors", "author", "tags", "license"}
_GATE_KEYS_APPLIED = {"min"}
_SHOWN_OF_A_VALUE = 160


@functools.cache
def prompt_schema() -> Mapping[str, Any]:
    """The published JSON Schema of a prompt file (draft 2020-12)."""
    text = resources.files(__package__).joinpath("schema/prompt.schema.json").read_text("utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


def read_prompt(path: Path, *, root: Path) -> Prompt:
    """The prompt at ``path``; its goldens must lie in ``root``, to which locations are relative.

    Raises :class:`PromptFileError` with every violation there is, not only the first.
    """
    document = read_document(path, _shown(path, root))
    _validate(document)
    return _Reader(document, path, root).prompt()


@dataclass(slots=True)
class _Reader:
    """One reading of a valid document."""

    document: Document
    path: Path
    root: Path
    problems: list[Problem] = field(default_factory=list)

    def prompt(self) -> Prompt:
        data = self.document.data
        self.problems.extend(self.document.problems)
        self._tell_unknown_keys()
        model, model_parameters = self._model()
        parameters = self._parameters(model_parameters)
        response_format, json_schema = self._structured_output(parameters)
        return Prompt(
            path=self.path,
            location=self.document.location,
            name=data.get("name") or self.path.name.partition(".")[0],
            description=data.get("description") or "",
            model=model,
            parameters=parameters,
            response_format=response_format,
            json_schema=json_schema,
            messages=self._messages(),
            goldens=self._goldens(),
            evaluators=self._evaluators(),
            gate=self._gate(),
            samples=self._samples(),
            problems=tuple(self.problems),
        )

    def _warn(self, message: str, *path: str | int) -> None:
        self.problems.append(
            Problem(
                path=self.document.location,
                line=self.document.line_of(*path),
                message=message,
                severity=Severity.WARNING,
            )
        )

    def _fail(self, message: str, *path: str | int) -> PromptFileError:
        line = self.document.line_of(*path)
        return PromptFileError.at(self.document.location, line, message)

    def _tell_unknown_keys(self) -> None:
        known = set(prompt_schema()["properties"]) | _DOCUMENTATION_KEYS
        data = self.document.data
        for key in data:
            if key == "variables" and isinstance(data[key], list):
                continue
            if key not in known:
                self._warn(f"the key `{key}` is not understood and has no effect", key)
        for index, message in enumerate(data["messages"]):
            for key in message.keys() - {"role", "content"}:
                text = f"the key `{key}` of a message is not understood and has no effect"
                self._warn(text, "messages", index, key)

    def _model(self) -> tuple[str | None, Mapping[str, Any]]:
        model = self.document.data.get("model")
        if isinstance(model, Mapping):
            name = model.get("id") or model.get("name")
            return name, model.get("parameters") or {}
        return model or None, {}

    def _parameters(self, model_parameters: Mapping[str, Any]) -> dict[str, Any]:
        data = self.document.data
        parameters: dict[str, Any] = canonical_parameters(model_parameters)
        for key in ("config", "modelParameters"):
            parameters |= canonical_parameters(data.get(key) or {})
        for name in sorted(parameters.keys() - KNOWN_PARAMETERS - {"response_format"}):
            key = "modelParameters" if data.get("modelParameters") else "config"
            self._warn(f"the parameter `{name}` is not known; it is sent as it is", key, name)
        return parameters

    def _structured_output(
        self, parameters: dict[str, Any]
    ) -> tuple[ResponseFormat, Mapping[str, Any] | None]:
        data = self.document.data
        wanted = data.get("responseFormat") or parameters.pop("response_format", None)
        parameters.pop("response_format", None)
        schema = data.get("jsonSchema")
        if isinstance(wanted, Mapping):
            schema = schema or wanted.get("json_schema")
            wanted = wanted.get("type")
        wrapper = self._json_schema(schema) if schema else None
        match wanted:
            case None:
                return ("json_schema" if wrapper else "text"), wrapper
            case "json_schema" if wrapper is None:
                raise self._fail(
                    "responseFormat is json_schema, but there is no jsonSchema", "responseFormat"
                )
            case "text" | "json_object" | "json_schema":
                return wanted, wrapper
            case _:
                message = f"responseFormat {wanted!r} is not text, json_object or json_schema"
                self._warn(f"{message}: read as text", "responseFormat")
                return "text", wrapper

    def _json_schema(self, raw: Any) -> Mapping[str, Any]:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError

        if isinstance(raw, str):
            try:
                raw = json.loads(raw)
            except (ValueError, RecursionError) as error:
                raise self._fail(f"jsonSchema is not JSON: {error}", "jsonSchema") from None
        if not isinstance(raw, Mapping):
            raise self._fail("jsonSchema must be a JSON Schema, found something else", "jsonSchema")
        if raw.get("type") == "json_schema" and isinstance(raw.get("json_schema"), Mapping):
            raw = raw["json_schema"]
        is_wrapper = isinstance(raw.get("schema"), Mapping)
        schema = raw["schema"] if is_wrapper else raw
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            where = "/".join(str(step) for step in error.absolute_path)
            message = f"jsonSchema is not a JSON Schema: {where}: {error.message}"
            raise self._fail(message[:400], "jsonSchema") from None
        if is_wrapper:
            return {"name": "answer", **raw}
        title = schema.get("title")
        name = slug(title)[:64] if isinstance(title, str) else ""
        return {"name": name or "answer", "schema": schema}

    def _messages(self) -> tuple[MessageTemplate, ...]:
        messages = []
        for index, raw in enumerate(self.document.data["messages"]):
            content = raw["content"]
            text = (
                content if isinstance(content, str) else "".join(part["text"] for part in content)
            )
            role: Role = "system" if raw["role"] == "developer" else raw["role"]
            line = self.document.line_of("messages", index, "content")
            template = Template(text)
            for _, found in template.foreign:
                message = f"`{found}` is logic of a template language: it stays text"
                self._warn(message, "messages", index, "content")
            messages.append(MessageTemplate(role=role, template=template, line=line))
        return tuple(messages)

    def _evaluators(self) -> tuple[EvaluatorSpec, ...]:
        specs = []
        for index, raw in enumerate(self.document.data.get("evaluators") or []):
            spec, problems = read_evaluator(
                raw,
                path=self.document.location,
                line=self.document.line_of("evaluators", index),
                position=index + 1,
                from_golden=False,
            )
            self.problems.extend(problems)
            if spec is not None:
                specs.append(spec)
        return tuple(specs)

    def _goldens(self) -> tuple[Golden, ...]:
        goldens, warnings = build_goldens(self._raw_goldens())
        self.problems.extend(warnings)
        return goldens

    def _raw_goldens(self) -> Iterable[RawGolden]:
        data, location = self.document.data, self.document.location
        for index, content in enumerate(data.get("testData") or []):
            line = self.document.line_of("testData", index)
            yield RawGolden(content=content, path=location, line=line)
        patterns = data.get("goldens") or []
        files = golden_files(
            [patterns] if isinstance(patterns, str) else patterns,
            prompt_path=self.path,
            root=self.root,
            location=location,
            line=self.document.line_of("goldens"),
        )
        for path in files:
            yield from read_golden_file(path, _shown(path, self.root))

    def _gate(self) -> GateSettings | None:
        gate = self.document.data.get("gate")
        if gate is None:
            return None
        for key in sorted(gate.keys() - _GATE_KEYS_APPLIED):
            self._warn(f"`gate.{key}` is not applied by this version", "gate", key)
        return GateSettings(line=self.document.line_of("gate"), minimum=gate.get("min"))

    def _samples(self) -> int:
        reducer = self.document.data.get("reducer", "mean")
        if reducer != "mean":
            self._warn(f"the reducer `{reducer}` is not applied by this version: mean", "reducer")
        samples: int = self.document.data.get("samples", 1)
        return samples


def _validate(document: Document) -> None:
    """Raise :class:`PromptFileError` with all violations of the schema, in file order."""
    from jsonschema import Draft202012Validator

    if not isinstance(document.data, Mapping):
        message = "expected a mapping with `messages:`, found something else"
        raise PromptFileError.at(document.location, document.root.line, message)
    errors = Draft202012Validator(prompt_schema()).iter_errors(document.data)
    problems = [
        Problem(
            path=document.location,
            line=document.line_of(*error.absolute_path),
            message=_violation(error),
        )
        for error in errors
    ]
    if problems:
        raise PromptFileError(sorted(problems, key=lambda problem: problem.line))


def _violation(error: Any) -> str:
    where = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path
    ).lstrip(".")
    found = error.message
    if len(found) > _SHOWN_OF_A_VALUE:
        found = f"{found[:_SHOWN_OF_A_VALUE]}…"
    expected = error.schema.get("description") if isinstance(error.schema, Mapping) else None
    hint = f" ({expected})" if expected and error.validator != "required" else ""
    return f"{where}: {found}{hint}" if where else f"{found}{hint}"


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
