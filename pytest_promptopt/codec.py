"""Records as plain JSON, and back: the types of a record's fields say what is taken."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

Record = TypeVar("Record")

Amount = Annotated[float, msgspec.Meta(ge=0, le=1e15)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
Number = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
Mean = Annotated[float, msgspec.Meta(ge=-1e-9, le=1 + 1e-9)]
"""A share that was worked out, which rounding may carry past its bounds."""
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]

_PLACE = re.compile(r"(?P<what>.*) - at `(?:key in )?\$\.?(?P<where>.*)`", re.DOTALL)
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "date": "a date",
}
_NAMES = "|".join((*_WORDS, "null"))
_TYPE = re.compile(rf"`(?:{_NAMES})(?: \| (?:{_NAMES}))*`")


def to_json(record: Any) -> Any:
    """The record and all records in it as mappings, lists, texts, numbers, true, false, null."""
    return msgspec.to_builtins(record, enc_hook=_plain)


def encoded(record: Any) -> bytes:
    """The record as JSON text; without what :func:`to_json` would make of it in between."""
    try:
        return msgspec.json.encode(record, enc_hook=_plain)
    except UnicodeEncodeError:
        # Half a surrogate pair, where an answer was cut off in an emoji, can only be escaped.
        return json.dumps(to_json(record)).encode()


def from_json(kind: type[Record], value: Any, *, strict: bool = True) -> Record:
    """The inverse of :func:`to_json`. Keys that the record has no field for are left out.

    Without ``strict`` a whole number may be written as 1.0. Raises ValueError that names the
    field, what was found and what was expected.
    """
    try:
        return msgspec.convert(value, kind, strict=strict, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise ValueError(_said(str(error))) from None


def _plain(value: Any) -> Any:
    """A number that remembers how it was written as a number, a path as text."""
    if isinstance(value, Path):
        return str(value)
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    raise TypeError(f"a {type(value).__name__} is no part of a record")


def _path(kind: type[Any], value: Any) -> Any:
    if kind is not Path or not isinstance(value, str):
        raise NotImplementedError(f"{kind.__name__} is no part of a record")
    return Path(value)


def _in_words(found: re.Match[str]) -> str:
    """The types of which one was expected; what may be left out goes without saying."""
    types = found[0].strip("`").split(" | ")
    return " or ".join(_WORDS[name] for name in types if name in _WORDS) or "nothing"


def _said(message: str) -> str:
    found = _PLACE.fullmatch(message)
    what = found["what"] if found else message
    what = _TYPE.sub(_in_words, what[:1].lower() + what[1:])
    return f"`{found['where']}`: {what}" if found and found["where"] else what
