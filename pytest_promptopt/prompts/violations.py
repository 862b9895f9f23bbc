"""Violations of the schema in a prompt file, in the words of whoever writes it."""

import functools
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from pytest_promptopt.errors import Problem, PromptFileError
from pytest_promptopt.prompts.conformity import conforms
from pytest_promptopt.prompts.document import Document
from pytest_promptopt.prompts.value import kind_of, shown
from pytest_promptopt.suggestion import did_you_mean, misspelt

_SHOWN_KEYS = 8
_SHARES = {"min", "maxDrop", "minMutation", "confidence"}
_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
}
_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
}
_REMEDIES = {
    "messages": "write `messages: [{role: user, content: …}]`",
    "testData": "files of goldens are named under `goldens:`",
    "gate": "write `gate: {min: 0.85}`",
    "content": "quote it",
    "optimize": "write `optimize: {method: …}`",
}


@functools.cache
def prompt_schema() -> Mapping[str, Any]:
    """The shape of a prompt file (JSON Schema, draft 2020-12).

    The schema that is published beside it, for editors, refuses more of what the reader refuses.
    """
    text = resources.files(__package__).joinpath("schema/shape.schema.json").read_text("utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


def violations(document: Document, *, of_past: bool) -> list[Problem]:
    """All violations of the schema, in file order.

    Keys of the file, its messages and GitHub's evaluators that are not understood, which may be
    another tool's, are left to the reader. In a file ``of_past`` no such key is a violation. Raises
    :class:`PromptFileError` where the document is no mapping.
    """
    if not isinstance(document.data, Mapping):
        what = kind_of(document.data)
        message = f"expected a mapping with `messages:`, found {what}"
        raise PromptFileError.at(document.location, document.root.line, message)
    return _violations(document, prompt_schema(), of_past=of_past)


def evaluator_violations(document: Document, *, of_past: bool) -> list[Problem]:
    """Those in a file of evaluators, which is a list or a single one."""
    one = {"$ref": "#/$defs/evaluator"}
    shape = {"items": one} if isinstance(document.data, list) else one
    return _violations(document, {"$defs": prompt_schema()["$defs"], **shape}, of_past=of_past)


def _violations(document: Document, schema: Mapping[str, Any], *, of_past: bool) -> list[Problem]:
    if conforms(document.data, schema):
        return []

    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(schema).iter_errors(document.data)
    problems = [
        problem
        for error in errors
        if not (_is_left_to_the_reader(error, of_past=of_past) or _is_other_case(error))
        for problem in _problems(document, error)
    ]
    return sorted(problems, key=lambda problem: problem.line)


def _is_left_to_the_reader(error: Any, *, of_past: bool) -> bool:
    path = [*error.absolute_path]
    is_githubs = path[:1] != ["gate"] and path[-1:] in (["string"], ["llm"])
    is_left = is_githubs or path[:1] in ([], ["messages"])
    return error.validator == "additionalProperties" and (of_past or is_left)


def _is_other_case(error: Any) -> bool:
    """Whether it is a role such as ``System``, which gh-models takes for ``system``."""
    is_role = error.validator == "enum" and [*error.absolute_path][-1:] == ["role"]
    return is_role and str(error.instance).strip().lower() in error.validator_value


def _problems(document: Document, error: Any) -> Iterator[Problem]:
    path = [*error.absolute_path]
    deeper = [inner for inner in error.context or () if inner.relative_path]
    if deeper:
        yield from _problems(document, deeper[0])
    elif error.validator == "additionalProperties":
        known = [*error.schema["properties"]]
        for key in error.instance.keys() - {*known}:
            yield _problem(document, [*path, key], f"is not understood{did_you_mean(key, known)}")
    elif error.validator == "required":
        yield _missing(document, path, error)
    else:
        yield _problem(document, path, _violation(error))


def _problem(document: Document, path: list[str | int], text: str) -> Problem:
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    message = f"`{where.lstrip('.')}` {text}"
    return Problem(path=document.location, line=document.line_of(*path), message=message)


def _missing(document: Document, path: list[str | int], error: Any) -> Problem:
    key = error.message.split("'")[1]
    meant = next((other for other in error.instance if misspelt(other, [key])), None)
    if meant is not None:
        return _problem(document, [*path, meant], f"is not understood; did you mean `{key}`?")
    keys = ", ".join(f"`{other}`" for other in [*error.instance][:_SHOWN_KEYS]) or "nothing"
    return _problem(document, [*path, key], f"is missing, found {keys}")


def _violation(error: Any) -> str:
    choices = [name for branch in _branches(error) for name in branch.get("enum", ())]
    if choices:
        return f"cannot be {shown(error.instance)}{did_you_mean(str(error.instance), choices)}"
    match error.validator:
        case "type" | "anyOf":
            return _wrong_type(error)
        case "not":
            return f"does not belong here: {error.schema['description']}"
        case "minItems" | "minProperties":
            return _too_few(error)
    bound = f"{_BOUNDS[error.validator]} {error.validator_value}"
    return f"must be {bound}, found {shown(error.instance)}{_meant(error)}"


def _too_few(error: Any) -> str:
    count, least = len(error.instance), error.validator_value
    return f"must have {least} entries or more, found {count}" if count else "holds nothing"


def _branches(error: Any) -> list[Mapping[str, Any]]:
    return error.validator_value if error.validator == "anyOf" else [error.schema]


def _wrong_type(error: Any) -> str:
    types: list[str] = []
    for branch in _branches(error):
        wanted = branch.get("type", [])
        types += [wanted] if isinstance(wanted, str) else wanted
    named = [_TYPES[name] for name in dict.fromkeys(types) if name in _TYPES]
    expected = " or ".join(named) or "true or false"
    return f"must be {expected}, found {kind_of(error.instance)}{_remedy(error, expected)}"


def _remedy(error: Any, expected: str) -> str:
    value, [*_, key] = error.instance, error.absolute_path
    if isinstance(value, Mapping) and expected == "a list":
        return "; begin each entry with `- `"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if key == "gate" and is_number and 0 < value <= 100:
        return f"; write `gate: {{min: {value if value <= 1 else value / 100:g}}}`"
    return f"; {_REMEDIES[key]}" if key in _REMEDIES else ""


def _meant(error: Any) -> str:
    """What to write for a share in per cent, and for a weight of nothing."""
    path, value = [*error.absolute_path], error.instance
    if path[-1] == "weight" and value == 0:
        return "; what is not to count is `optional: true`"
    is_share = path[:1] == ["gate"] and path[-1] in _SHARES
    if is_share and error.validator in {"maximum", "exclusiveMaximum"} and 1 < value < 100:
        return f"; for {value:g} % write {value / 100:g}"
    return ""
