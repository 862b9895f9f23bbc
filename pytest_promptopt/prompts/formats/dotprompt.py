"""Dotprompt's files: front matter, and a template of Handlebars."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_promptopt.prompts.formats.foreign import Foreign
from pytest_promptopt.prompts.formats.front_matter import imported_file, texts
from pytest_promptopt.prompts.formats.imported import Imported
from pytest_promptopt.prompts.formats.picoschema import json_schema
from pytest_promptopt.prompts.formats.reading import Reading
from pytest_promptopt.prompts.formats.settings import settings
from pytest_promptopt.prompts.formats.spot import Spot

NAME = "dotprompt"
_ROLE = re.compile(r"\{\{#?\s*role\s+[\"'](\w+)[\"']\s*\}\}")
_COMMENT = re.compile(r"\{\{!--.{0,4000}?--\}\}|\{\{/role\}\}|\{\{![^}]*\}\}", re.DOTALL)
_TRIPLE = re.compile(r"\{\{\{\s*([\w.]+)\s*\}\}\}")
_LOGIC = re.compile(
    r"\{\{[#/>@&^~].{0,400}?\}\}|\{\{\s*(?:\w+\s+[^}]+|history|else)\s*\}\}", re.DOTALL
)
_ROLES = {"model": "assistant", "system": "system", "user": "user", "assistant": "assistant"}
_KEYS = ("name", "variant", "model", "config", "input", "output", "description", "metadata")
_MARKS = ("model", "config", "input", "output", "tools", "variant")


def is_dotprompt(foreign: Foreign) -> bool:
    """Whether it ends so, or has its front matter."""
    front = foreign.front
    is_named = foreign.suffix == ".prompt"
    return is_named or (front is not None and any(front[0].get(mark) for mark in _MARKS))


def read_dotprompt(foreign: Foreign) -> Imported:
    """The prompt; defaults of its input are a golden. Raises :class:`PromptFileError`."""
    reading = foreign.reading
    head, body = foreign.front or (foreign.text.holding({}), foreign.text)
    content: dict[Any, Any] = dict(texts(head, "name", "description"))
    content |= _model(head.get("model"), reading)
    more, notes = settings(head.get("config"), reading)
    content |= {**dict.fromkeys(notes), **more, **_output(head.get("output"), reading)}
    content |= dict.fromkeys(reading.lose_keys(head, _KEYS))
    given = head.get("input")
    default = given.get("default") if given else None
    values = default.value if default else {}
    values = dict(values) if isinstance(values, Mapping) else {}
    return imported_file(foreign, NAME, content, [*_messages(body, reading)], values)


def _model(spot: Spot | None, reading: Reading) -> dict[Any, Any]:
    if spot is None or not isinstance(spot.value, str):
        return {}
    model = spot.value
    if model.partition("/")[0] in ("openai", "anthropic"):
        return {"model": model}
    remedy = "map it to an endpoint in ini `prompt_models`"
    note = reading.lose(spot, f"`{model}` is no model that is known here: {remedy}")
    return {note: None, "model": model}


def _output(spot: Spot | None, reading: Reading) -> dict[Any, Any]:
    if spot is None:
        return {}
    schema = spot.get("schema")
    if schema is not None and isinstance(schema.value, Mapping):
        try:
            made = {"name": "output", "schema": json_schema(schema.value)}
        except ValueError as error:
            note = reading.lose(schema, f"the schema is no Picoschema: {error}")
            return {note: None, "responseFormat": "json_object"}
        return {"responseFormat": "json_schema", "jsonSchema": made}
    found: dict[Any, Any] = {}
    if schema is not None:
        found[reading.lose(schema, "a schema by its name has no counterpart")] = None
    is_json = spot.value.get("format") == "json" if isinstance(spot.value, Mapping) else False
    return found | ({"responseFormat": "json_object"} if is_json else {})


def _messages(body: Spot, reading: Reading) -> Iterator[Any]:
    text = str(body.value)
    marks = [*_ROLE.finditer(text)]
    starts = [(0, "user"), *((mark.end(), mark[1]) for mark in marks)]
    ends = [*(mark.start() for mark in marks), len(text)]
    for (start, role), end in zip(starts, ends, strict=True):
        part = _TRIPLE.sub(r"{{\1}}", _COMMENT.sub("", text[start:end])).strip()
        if not part:
            continue
        spot = body.later(text.count("\n", 0, start))
        for found in dict.fromkeys(_LOGIC.findall(part)):
            shown = " ".join(found.split())[:80]
            at = body.later(text.count("\n", 0, text.index(found, start)))
            yield reading.lose(at, f"a helper or logic of Handlebars stays text: {shown}")
        if role not in _ROLES:
            yield reading.lose(spot, f"a message of the role `{role}` has no counterpart")
            continue
        yield {"role": _ROLES[role], "content": part}
