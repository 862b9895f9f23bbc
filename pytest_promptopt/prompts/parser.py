"""The prompt itself from a document: its text, its model and its parameters.

What an application needs to send a prompt, so nothing here loads more than a YAML reader.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from pytest_promptopt.errors import Problem, PromptFileError
from pytest_promptopt.messages import Role
from pytest_promptopt.prompts.answer_place import WHOLE, AnswerPlace, PlaceError, read_place
from pytest_promptopt.prompts.document import Document
from pytest_promptopt.prompts.golden import slug
from pytest_promptopt.prompts.json_text import load_json
from pytest_promptopt.prompts.parameters import (
    FOREIGN_PARAMETERS,
    KNOWN_PARAMETERS,
    canonical_name,
    canonical_parameters,
)
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.template import Template, as_text
from pytest_promptopt.prompts.value import shown
from pytest_promptopt.suggestion import did_you_mean, not_understood

ResponseFormat = Literal["text", "json_object", "json_schema"]
RESPONSE_FORMATS = get_args(ResponseFormat)

_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}


def parse_prompt(document: Document, path: Path) -> Prompt:
    """The prompt without its goldens, evaluators and gate.

    Raises :class:`PromptFileError` at the first thing that cannot be sent. Keys that are not
    needed for that are not looked at.
    """
    return _Parser(document, path).prompt()


@dataclass(slots=True)
class _Parser:
    """One parsing of a document."""

    document: Document
    path: Path
    problems: list[Problem] = field(default_factory=list)

    def prompt(self) -> Prompt:
        if not isinstance(self.document.data, Mapping):
            raise self._fail("expected a mapping with `messages:`, found something else")
        model, model_parameters = self._model()
        parameters = self._parameters(model_parameters)
        response_format, json_schema = self._structured_output(parameters)
        return Prompt(
            path=self.path,
            location=self.document.location,
            name=self._text("name") or self.path.name.partition(".")[0],
            description=self._text("description"),
            model=model,
            parameters=parameters,
            response_format=response_format,
            json_schema=json_schema,
            answer=self._answer(),
            messages=self._messages(),
            problems=tuple(self.problems),
        )

    def _fail(self, message: str, *path: str | int) -> PromptFileError:
        line = self.document.line_of(*path)
        return PromptFileError.at(self.document.location, line, message)

    def _text(self, key: str) -> str:
        value = self._value(key, (str, int, float), "text")
        return "" if value is None else as_text(value)

    def _mapping(self, key: str) -> Mapping[str, Any]:
        return self._value(key, (Mapping,), "a mapping") or {}

    def _value(self, key: str, types: tuple[type, ...], expected: str) -> Any:
        """What stands under ``key``, None where nothing does."""
        value = self.document.data.get(key)
        if value is not None and not isinstance(value, types):
            raise self._fail(f"`{key}` must be {expected}", key)
        return value

    def _model(self) -> tuple[str | None, Mapping[str, Any]]:
        model = self._value("model", (str, Mapping), "text, such as openai/gpt-5-mini")
        if not isinstance(model, Mapping):
            return model or None, {}
        name, parameters = model.get("id") or model.get("name"), model.get("parameters") or {}
        if not isinstance(name, str | None) or not isinstance(parameters, Mapping):
            raise self._fail("`model` must be text or {name, parameters}", "model")
        return name, parameters

    def _parameters(self, model_parameters: Mapping[str, Any]) -> dict[str, Any]:
        given: dict[tuple[str, ...], Mapping[str, Any]] = {
            ("model", "parameters"): model_parameters,
            ("config",): self._mapping("config"),
            ("modelParameters",): self._mapping("modelParameters"),
        }
        parameters: dict[str, Any] = {}
        for path, raw in given.items():
            parameters |= canonical_parameters(raw)
            for name in raw:
                self._check_parameter(*path, name)
        return parameters

    def _check_parameter(self, *path: str) -> None:
        name = canonical_name(path[-1])
        if name in KNOWN_PARAMETERS | {"response_format"}:
            return
        problem = not_understood(
            "the parameter",
            () if name in FOREIGN_PARAMETERS else KNOWN_PARAMETERS,
            path=self.document.location,
            line=self.document.line_of(*path),
            name=path[-1],
            effect="is not known; it is sent as it is",
        )
        self.problems.append(problem)

    def _structured_output(
        self, parameters: dict[str, Any]
    ) -> tuple[ResponseFormat, Mapping[str, Any] | None]:
        where = "responseFormat" if "responseFormat" in self.document.data else "modelParameters"
        wanted = self._value("responseFormat", (str, Mapping), "text or a mapping")
        wanted = wanted or parameters.pop("response_format", None)
        parameters.pop("response_format", None)
        schema = self._value("jsonSchema", (str, Mapping), "a JSON Schema")
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
                hint = did_you_mean(str(wanted), RESPONSE_FORMATS)
                message = f"`responseFormat` cannot be {shown(wanted)}{hint}"
                line = self.document.line_of(where)
                problem = Problem(path=self.document.location, line=line, message=message)
                self.problems.append(problem)
                return "text", wrapper

    def _json_schema(self, raw: Any) -> Mapping[str, Any]:
        if isinstance(raw, str):
            try:
                raw = load_json(raw)
            except ValueError as error:
                raise self._fail(f"jsonSchema is not JSON: {error}", "jsonSchema") from None
        if not isinstance(raw, Mapping):
            raise self._fail("jsonSchema must be a JSON Schema, found something else", "jsonSchema")
        if raw.get("type") == "json_schema" and isinstance(raw.get("json_schema"), Mapping):
            raw = raw["json_schema"]
        if isinstance(raw.get("schema"), Mapping):
            return {"name": "answer", **raw}
        title = raw.get("title")
        name = slug(title)[:64] if isinstance(title, str) else ""
        return {"name": name or "answer", "schema": raw}

    def _answer(self) -> AnswerPlace:
        try:
            return read_place(self.document.data.get("answer"))
        except PlaceError as error:
            line = self.document.line_of("answer")
            problem = Problem(path=self.document.location, line=line, message=str(error))
            self.problems.append(problem)
            return WHOLE

    def _messages(self) -> tuple[MessageTemplate, ...]:
        raw = self._value("messages", (list,), "a list of messages")
        if not raw:
            raise self._fail("`messages` must hold at least one message", "messages")
        return tuple(self._message(index, message) for index, message in enumerate(raw))

    def _message(self, index: int, raw: Any) -> MessageTemplate:
        role = raw.get("role") if isinstance(raw, Mapping) else None
        role = role.strip().lower() if isinstance(role, str) else role
        if not isinstance(raw, Mapping) or role not in tuple(_ROLES):
            roles = ", ".join(_ROLES)
            raise self._fail(f"a message needs a `role`: {roles}", "messages", index, "role")
        template = Template(self._content(index, raw.get("content", ...)))
        line = self.document.line_of("messages", index, "content")
        return MessageTemplate(role=_ROLES[role], template=template, line=line)

    def _content(self, index: int, content: Any) -> str:
        if content is None or isinstance(content, str | int | float):
            return "" if content is None else as_text(content)
        parts: Collection[Any] = content if isinstance(content, list) else [None]
        if not all(_is_text_part(part) for part in parts):
            message = "the `content` of a message must be text, or a list of {type: text, text}"
            raise self._fail(message, "messages", index, "content")
        return "".join(part["text"] for part in parts)


def _is_text_part(part: Any) -> bool:
    is_text = isinstance(part, Mapping) and part.get("type") == "text"
    return is_text and isinstance(part.get("text"), str)
