"""Whether requests and answers are as GitHub describes them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonschema import Draft202012Validator, FormatChecker

_SUBSET = Path(__file__).with_name("subset.json")
_OTHER_ERROR = {"$ref": "#/$defs/basic-error"}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A method on a path, ``described`` as in the subset; ``id`` is such as ``pulls/list``."""

    id: str
    described: Json

    @property
    def method(self) -> str:
        return str(self.described["method"])

    @property
    def documentation_url(self) -> str:
        """What GitHub refers to in its errors."""
        return str(self.described["documentation_url"])

    def parameters_in(self, path: str) -> Mapping[str, Any] | None:
        """The parameters in ``path``, or None if it is not a path of this operation."""
        found = re.fullmatch(self._pattern, path)
        if found is None:
            return None
        texts = {name: unquote(text) for name, text in found.groupdict().items()}
        return _typed(texts, self.described["path_parameters"])

    def request_problems(
        self, *, parameters: Json, query: Mapping[str, str], body: object
    ) -> list[str]:
        """What is wrong with a request; ``body`` is None where there is none."""
        problems = _problems(self.described["path_parameters"], parameters)
        problems += _problems(self.described["query"], _typed(query, self.described["query"]))
        if "body" in self.described:
            return problems + _problems(self.described["body"], body)
        return problems if body is None else [*problems, "A body is not expected."]

    def response_problems(self, status: int, content: object) -> list[str]:
        """What is wrong with an answer; an error that is not described must be a simple one."""
        schema = self.described["responses"].get(str(status))
        if schema is None and status < 400:
            return [f"{status} is not an answer of {self.id}"]
        return _problems(_OTHER_ERROR if schema is None else schema, content)

    @property
    def _pattern(self) -> str:
        spanning = self.described["spanning"]
        parts = re.split(r"\{(\w+)\}", self.described["path"])
        names = (f"(?P<{name}>{'.+' if name in spanning else '[^/]+'})" for name in parts[1::2])
        return "".join(re.escape(text) + next(names, "") for text in parts[::2])


@cache
def operations() -> tuple[Operation, ...]:
    """All operations of the subset."""
    described = _subset()["operations"]
    return tuple(Operation(id=name, described=one) for name, one in described.items())


@cache
def _subset() -> Json:
    subset: Json = json.loads(_SUBSET.read_text("utf-8"))
    return subset


def _typed(texts: Mapping[str, str], schema: Json) -> dict[str, Any]:
    """Texts as numbers where the schema wants numbers and they are."""
    whole = {name for name, one in schema["properties"].items() if one["type"] == "integer"}
    return {
        name: int(text) if name in whole and re.fullmatch(r"-?[0-9]{1,18}", text) else text
        for name, text in texts.items()
    }


def _problems(schema: Json, value: object) -> list[str]:
    whole = {**schema, "$defs": _subset()["$defs"]}
    validator = Draft202012Validator(whole, format_checker=_FORMATS)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_FORMATS.checks("uri", raises=ValueError)
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)
