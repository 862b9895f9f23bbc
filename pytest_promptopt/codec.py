"""Records as plain JSON, and back: the types of a record's fields say what is taken."""

import re
from typing import Any, TypeVar

Record = TypeVar("Record")

_PLACE = re.compile(r"(?P<what>.*) - at `\$\.?(?P<where>.*)`")


def to_json(record: Any) -> Any:
    """The record and all records in it as mappings, lists, texts, numbers, true, false, null."""
    import msgspec

    return msgspec.to_builtins(record)


def from_json(kind: type[Record], value: Any, *, strict: bool = True) -> Record:
    """The inverse of :func:`to_json`. Keys that the record has no field for are left out.

    Without ``strict`` a whole number may be written as 1.0. Raises ValueError that names the
    field, what was found and what was expected.
    """
    import msgspec

    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise ValueError(_said(str(error))) from None


def _said(message: str) -> str:
    found = _PLACE.fullmatch(message)
    if found is None:
        return message[:1].lower() + message[1:]
    what = found["what"][:1].lower() + found["what"][1:]
    return f"`{found['where']}`: {what}" if found["where"] else what
