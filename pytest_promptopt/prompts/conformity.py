"""Conformity to a JSON schema, as far as it is sure at a glance.

Loading ``jsonschema`` takes longer than reading a file with a thousand goldens, and most files
conform. What is not sure here is for it to say.
"""

from collections.abc import Callable, Mapping, Sized
from typing import Any

Schema = Mapping[str, Any]

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}
# `if` by itself asks for nothing.
_SAYS_NOTHING = frozenset({"description", "title", "$schema", "$id", "$defs", "if"})


def conforms(data: Any, schema: Schema, root: Schema | None = None) -> bool:
    """Whether ``data`` surely conforms to ``schema``; False where it is for others to say.

    References are looked up in ``root``, by default the schema itself.
    """
    root = schema if root is None else root
    return all(
        keyword in _CHECKS and _CHECKS[keyword](data, wanted, schema, root)
        for keyword, wanted in schema.items()
        if keyword not in _SAYS_NOTHING
    )


def _is_of_type(data: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return any(_is_of_type(data, one) for one in wanted)
    is_number = wanted in ("integer", "number")
    return isinstance(data, _TYPES[wanted]) and not (is_number and isinstance(data, bool))


def _is_one_of(data: Any, wanted: list[Any]) -> bool:
    # Within containers Python has True for 1.
    is_plain = not isinstance(data, dict | list)
    return is_plain and any(type(data) is type(one) and data == one for one in wanted)


def _refers(data: Any, wanted: str, _schema: Schema, root: Schema) -> bool:
    return conforms(data, root["$defs"][wanted.removeprefix("#/$defs/")], root)


def _has_properties(data: Any, wanted: Schema, _schema: Schema, root: Schema) -> bool:
    if not isinstance(data, dict):
        return True
    return all(conforms(data[name], wanted[name], root) for name in data.keys() & wanted.keys())


def _has_no_others(data: Any, wanted: Any, schema: Schema, root: Schema) -> bool:
    if not isinstance(data, dict):
        return True
    others = data.keys() - schema.get("properties", {}).keys()
    if isinstance(wanted, bool):
        return wanted or not others
    return all(conforms(data[name], wanted, root) for name in others)


def _has_items(data: Any, wanted: Schema, _schema: Schema, root: Schema) -> bool:
    return not isinstance(data, list) or all(conforms(item, wanted, root) for item in data)


def _is_any(data: Any, wanted: list[Schema], _schema: Schema, root: Schema) -> bool:
    return any(conforms(data, one, root) for one in wanted)


def _is_otherwise(data: Any, wanted: Schema, schema: Schema, root: Schema) -> bool:
    return conforms(data, schema.get("if", {}), root) or conforms(data, wanted, root)


def _has_required(data: Any, wanted: list[str], _schema: Schema, _root: Schema) -> bool:
    return not isinstance(data, dict) or data.keys() >= {*wanted}


def _number(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Schema, Schema], bool]:
    def check(data: Any, wanted: Any, _schema: Schema, _root: Schema) -> bool:
        return not isinstance(data, int | float) or holds(data, wanted)

    return check


def _size(kind: type[Sized]) -> Callable[[Any, Any, Schema, Schema], bool]:
    def check(data: Any, wanted: int, _schema: Schema, _root: Schema) -> bool:
        return not isinstance(data, kind) or len(data) >= wanted

    return check


_CHECKS: Mapping[str, Callable[[Any, Any, Schema, Schema], bool]] = {
    "$ref": _refers,
    "type": lambda data, wanted, *_: _is_of_type(data, wanted),
    "enum": lambda data, wanted, *_: _is_one_of(data, wanted),
    "const": lambda data, wanted, *_: _is_one_of(data, [wanted]),
    "properties": _has_properties,
    "additionalProperties": _has_no_others,
    "required": _has_required,
    "items": _has_items,
    "anyOf": _is_any,
    "else": _is_otherwise,
    "minimum": _number(lambda data, wanted: data >= wanted),
    "maximum": _number(lambda data, wanted: data <= wanted),
    "exclusiveMinimum": _number(lambda data, wanted: data > wanted),
    "exclusiveMaximum": _number(lambda data, wanted: data < wanted),
    "minItems": _size(list),
    "minLength": _size(str),
    "minProperties": _size(dict),
}
