"""Picoschema, dotprompt's short way to write a schema, as JSON Schema."""

import re
from collections.abc import Mapping
from typing import Any

_FIELD = re.compile(r"(?P<name>[^(?]+)(?P<optional>\?)?(?:\((?P<kind>\w+)(?:,\s*(?P<says>.*))?\))?")

_TYPES = ("string", "number", "integer", "boolean", "null", "any")


def json_schema(schema: Any) -> dict[str, Any]:
    """The schema in JSON Schema; what is such a one already stays as it is.

    Raises ValueError for what is neither.
    """
    if isinstance(schema, str):
        return _scalar(schema)
    if not isinstance(schema, Mapping) or isinstance(schema.get("type"), str):
        return dict(schema) if isinstance(schema, Mapping) else {}
    if isinstance(schema.get("properties"), Mapping):
        return {"type": "object", **schema}
    properties, required = {}, []
    for key, value in schema.items():
        match = _FIELD.fullmatch(str(key))
        name = match["name"] if match else str(key)
        properties[name] = _field(match["kind"] if match else None, value, match)
        if match is None or not match["optional"]:
            required.append(name)
    made: dict[str, Any] = {"type": "object", "properties": properties}
    return {**made, "required": required, "additionalProperties": False}


def _field(kind: str | None, value: Any, match: re.Match[str] | None) -> dict[str, Any]:
    says = {"description": match["says"]} if match and match["says"] else {}
    match kind:
        case "array":
            return {"type": "array", "items": json_schema(value), **says}
        case "enum":
            return {"enum": value, **says}
        case _:
            return {**json_schema(value), **says}


def _scalar(text: str) -> dict[str, Any]:
    """``string, what it is``."""
    kind, _, says = text.partition(",")
    if kind.strip() not in _TYPES:
        raise ValueError(f"{kind.strip()} is no type of it")
    made = {} if kind.strip() == "any" else {"type": kind.strip()}
    return {**made, **({"description": says.strip()} if says.strip() else {})}
