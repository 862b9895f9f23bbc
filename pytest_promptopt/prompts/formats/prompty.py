"""Prompty's files, of its first and its second version."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.formats.chat import message_of
from pytest_promptopt.prompts.formats.foreign import Foreign
from pytest_promptopt.prompts.formats.front_matter import imported_file, texts
from pytest_promptopt.prompts.formats.imported import Imported
from pytest_promptopt.prompts.formats.reading import NoCounterpartError, Reading
from pytest_promptopt.prompts.formats.settings import settings
from pytest_promptopt.prompts.formats.spot import Spot

NAME = "prompty"
_ROLE = re.compile(
    r"^[^\S\n]*+#?[^\S\n]*+(system|developer|user|assistant)[^\S\n]*+:[^\S\n]*+$",
    re.MULTILINE | re.IGNORECASE,
)
_KEYS = (
    "name",
    "displayName",
    "description",
    "model",
    "inputs",
    "sample",
    "template",
    "authors",
    "tags",
    "version",
    "metadata",
    "$schema",
)
_MODEL_KEYS = ("id", "provider", "api", "apiType", "configuration", "connection", "options")
_PROVIDERS = {"azure_openai": "openai", "openai": "openai", "anthropic": "anthropic"}


def is_prompty(foreign: Foreign) -> bool:
    """Whether it ends so, or is a chat of its kind behind front matter."""
    if foreign.suffix == ".prompty":
        return True
    front = foreign.front
    return front is not None and _ROLE.match(str(front[1].value).lstrip()) is not None


def read_prompty(foreign: Foreign) -> Imported:
    """The prompt; its sample and defaults are a golden. Raises :class:`PromptFileError`."""
    reading = foreign.reading
    head, body = foreign.front or (foreign.text.holding({}), foreign.text)
    content: dict[Any, Any] = dict(texts(head, "name", "description"))
    content |= _model(head.get("model"), reading)
    content |= dict.fromkeys(reading.lose_keys(head, _KEYS))
    values = {**_defaults(head.get("inputs")), **_sample(head.get("sample"), reading)}
    return imported_file(foreign, NAME, content, [*_messages(body, reading)], values)


def _model(spot: Spot | None, reading: Reading) -> dict[Any, Any]:
    if spot is None:
        return {}
    if isinstance(spot.value, str):
        return {"model": spot.value}
    given = spot.value.get("configuration") or spot.value.get("connection")
    configuration = given if isinstance(given, Mapping) else {}
    provider = str(spot.value.get("provider") or configuration.get("type") or "openai")
    name = spot.value.get("id") or configuration.get("azure_deployment")
    name = name or configuration.get("name")
    found: dict[Any, Any] = {}
    if isinstance(name, str) and "${" not in name:
        found["model"] = name if "/" in name else f"{_PROVIDERS.get(provider, provider)}/{name}"
    elif name:
        found[reading.lose(spot, "the model is named by a variable of the environment")] = None
    for key in ("parameters", "options"):
        more, notes = settings(spot.get(key), reading)
        found |= dict.fromkeys(notes)
        found |= more
    return found | dict.fromkeys(
        reading.lose_keys(spot, (*_MODEL_KEYS, "parameters"), " of a model")
    )


def _defaults(spot: Spot | None) -> dict[str, Any]:
    """The values that inputs have of themselves."""
    if spot is None:
        return {}
    if isinstance(spot.value, list):
        named = [(str(item.value.get("name")), item.value) for item in _mappings(spot)]
    else:
        named = [(name, item.value) for name, item in spot.entries()]
    found = {}
    for name, value in named:
        kept = value
        if isinstance(value, Mapping):
            kept = next((value[k] for k in ("sample", "default", "example") if k in value), None)
        if kept is not None:
            found[name] = kept
    return found


def _mappings(spot: Spot) -> list[Spot]:
    return [item for item in spot.items() if isinstance(item.value, Mapping)]


def _sample(spot: Spot | None, reading: Reading) -> dict[str, Any]:
    if spot is None:
        return {}
    value = spot.value
    try:
        if isinstance(value, str):
            name = value.removeprefix("${file:").removesuffix("}")
            [path] = reading.named(spot, name)
            value = reading.document(path).value
    except (NoCounterpartError, PromptFileError, ValueError) as error:
        reading.lose(spot, f"the sample cannot be read: {error}")
    return dict(value) if isinstance(value, Mapping) else {}


def _messages(body: Spot, reading: Reading) -> Iterator[Any]:
    """The messages between lines that name a role; text without one is the system's."""
    text = str(body.value)
    marks = [*_ROLE.finditer(text)]
    parts = [(0, marks[0].start() if marks else len(text), "system")]
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    parts += [(mark.end(), end, mark[1].lower()) for mark, end in zip(marks, ends, strict=False)]
    for start, end, role in parts:
        part = text[start:end].strip()
        if part:
            spot = body.holding({"role": role, "content": part})
            yield from message_of(spot.later(text.count("\n", 0, start)), reading)
