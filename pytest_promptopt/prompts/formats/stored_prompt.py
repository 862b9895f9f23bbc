"""A prompt stored with OpenAI, or the body of a request, as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.formats.chat import message_of
from pytest_promptopt.prompts.formats.foreign import Foreign
from pytest_promptopt.prompts.formats.imported import Imported, ImportedPrompt, golden
from pytest_promptopt.prompts.formats.settings import settings
from pytest_promptopt.prompts.formats.spot import Spot

NAME = "stored-prompt"
_MESSAGES = ("messages", "input")
_KEYS = ("id", "object", "version", "name", "description", "model", "instructions", "variables")


def is_stored_prompt(foreign: Foreign) -> bool:
    """Whether it holds the parts of a request."""
    mapping = _body(foreign.mapping)
    is_stored = str(mapping.get("id", "")).startswith("pmpt_")
    has_text = any(key in mapping for key in ("instructions", *_MESSAGES))
    return has_text and (is_stored or "model" in mapping or foreign.suffix == ".json")


def read_stored_prompt(foreign: Foreign) -> Imported:
    """The prompt, with its variables' values as a golden; raises :class:`PromptFileError`."""
    spot, reading = foreign.data, foreign.reading
    inner = spot.get("prompt")
    spot = inner if inner is not None and isinstance(inner.value, Mapping) else spot
    if not isinstance(spot.value, Mapping):
        raise PromptFileError.at(spot.location, spot.line, "expected the mapping of a request")
    content: dict[Any, Any] = {}
    for key in ("name", "description"):
        if isinstance(spot.value.get(key), str):
            content[key] = spot.value[key]
    model = spot.get("model")
    if model is not None and isinstance(model.value, str):
        content["model"] = model.value if "/" in model.value else f"openai/{model.value}"
    more, notes = settings(spot.holding(dict(_settings(spot.value))), reading)
    content |= dict.fromkeys(notes)
    content |= more
    content["messages"] = [*_messages(spot, foreign)]
    values = spot.get("variables")
    variables = dict(values.value) if values and isinstance(values.value, Mapping) else {}
    return Imported(
        format=NAME,
        location=spot.location,
        name=foreign.name,
        prompts=(ImportedPrompt(name=foreign.name, content=content),),
        goldens=(golden(variables),) if variables else (),
        losses=reading.losses,
    )


def _settings(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What sets how the model answers, by the names that a request of chat completions has."""
    for key, value in body.items():
        if key == "text" and isinstance(value, Mapping) and "format" in value:
            yield "response_format", value["format"]
        elif key == "reasoning" and isinstance(value, Mapping) and "effort" in value:
            yield "reasoning_effort", value["effort"]
        elif key not in (*_KEYS, *_MESSAGES):
            yield key, value


def _body(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = mapping.get("prompt")
    return inner if isinstance(inner, Mapping) else mapping


def _messages(spot: Spot, foreign: Foreign) -> Iterator[Any]:
    instructions = spot.get("instructions")
    if instructions is not None:
        message = {"role": "system", "content": instructions.value}
        yield from message_of(instructions.holding(message), foreign.reading)
    for key in _MESSAGES:
        given = spot.get(key)
        for item in given.items() if given else ():
            if isinstance(item.value, str):
                item = item.holding({"role": "user", "content": item.value})
            if isinstance(item.value, Mapping):
                plain = {k: v for k, v in item.value.items() if k not in ("id", "status", "type")}
                yield from message_of(item.holding({"role": None, **plain}), foreign.reading)
