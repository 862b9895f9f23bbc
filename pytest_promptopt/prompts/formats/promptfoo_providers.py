"""promptfoo's providers as models of ours, with their parameters."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.formats.reading import NoCounterpartError, Reading, is_reference
from pytest_promptopt.prompts.formats.spot import Spot
from pytest_promptopt.prompts.formats.yaml_text import Note
from pytest_promptopt.prompts.parameters import KNOWN_PARAMETERS, canonical_name
from pytest_promptopt.prompts.parser import RESPONSE_FORMATS

_NAME = re.compile(r"(?P<family>[a-z][\w-]*):(?P<rest>.+)", re.DOTALL)
_CHAT = ("chat", "responses", "messages", "completion", "completions")
# What does not answer a chat, and what is no model.
_OTHER_USES = re.compile(
    r"(image|embeddings?|moderation|realtime|assistant|agents?|agentcore|transcription|audio|video"
    r"|live|codex-sdk|claude-agent-sdk|rerank|tts|speech)(:|$)"
)
_NO_MODEL = re.compile(
    r"exec|file|python|golang|ruby|https?|wss?|mcp|browser|webhook|package|promptfoo|sequence|slack"
    r"|simulated-user|manual-input|script|echo"
)
_OWN = ("openai", "anthropic")
_NO_EFFECT = ("id", "label", "config", "prompts", "delay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A model with its parameters as keys of a prompt file; ``notes`` on what is lost."""

    model: str
    content: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


def read_providers(spot: Spot | None, reading: Reading) -> dict[Any, Any]:
    """``model`` and what goes with it, of the first provider that is a model; notes on others."""
    found: dict[Any, Any] = {}
    for item in spot.items() if spot else ():
        try:
            provider = _provider(item, reading)
        except NoCounterpartError as error:
            found[reading.lose(item, f"the provider has no counterpart: {error}")] = None
            continue
        if "model" in found:
            also = f"`pytest --prompt-model {provider.model}` asks this model too"
            found[reading.lose(item, f"a prompt file has one model: {also}")] = None
            continue
        found |= dict.fromkeys(provider.notes)
        found |= {"model": provider.model, **provider.content}
    return found


def settings(spot: Spot | None, reading: Reading) -> tuple[dict[str, Any], tuple[Note, ...]]:
    """``config`` of a provider or prompt as keys of a prompt file, and notes on the rest."""
    parameters: dict[str, Any] = {}
    content: dict[str, Any] = {}
    notes: list[Note] = []
    for key, value in spot.entries() if spot else ():
        name = canonical_name(key)
        if name == "response_format":
            content |= dict(_response_format(value, reading, notes))
        elif name in KNOWN_PARAMETERS:
            parameters[_camel(name)] = value.value
        elif value.value is not None:
            notes.append(reading.lose(value, f"the setting `{key}` has no counterpart"))
    return ({"modelParameters": parameters} if parameters else {}) | content, tuple(notes)


def _provider(spot: Spot, reading: Reading) -> Provider:
    identity, rest = _identity(spot)
    model = _model(identity)
    content, notes = settings(rest.get("config") if rest else None, reading)
    if model.partition("/")[0] not in _OWN:
        remedy = f"map `{model}` to an endpoint in ini `prompt_models`"
        notes = (
            *notes,
            reading.lose(spot, f"`{identity}` is no model that is known here: {remedy}"),
        )
    if rest is not None:
        notes = (*notes, *reading.lose_keys(rest, _NO_EFFECT, " of a provider"))
    return Provider(model=model, content=content, notes=notes)


def _identity(spot: Spot) -> tuple[str, Spot | None]:
    if isinstance(spot.value, str):
        return spot.value, None
    given = spot.get("id")
    if given is not None and isinstance(given.value, str):
        return given.value, spot
    entries = spot.entries()
    if len(entries) == 1:
        return entries[0][0], entries[0][1]
    raise NoCounterpartError("it has no `id`")


def _model(identity: str) -> str:
    match = _NAME.fullmatch(identity.strip())
    if match is None or _NO_MODEL.fullmatch(match["family"]) or "{{" in identity:
        raise NoCounterpartError(f"`{identity}` is no model, and nothing is run")
    rest = match["rest"]
    if _OTHER_USES.match(rest):
        raise NoCounterpartError(f"`{identity}` does not answer a chat")
    kind, colon, name = rest.partition(":")
    return f"{match['family']}/{name if colon and kind in _CHAT else rest}"


def _response_format(spot: Spot, reading: Reading, notes: list[Note]) -> Iterator[tuple[str, Any]]:
    value = spot.value
    if is_reference(value):
        try:
            [path] = reading.named(spot, value)
            value = reading.document(path).value
        except (NoCounterpartError, PromptFileError, ValueError) as error:
            notes.append(reading.lose(spot, f"`response_format`: {error}"))
            return
    if not isinstance(value, Mapping) or value.get("type") not in RESPONSE_FORMATS:
        notes.append(reading.lose(spot, "`response_format` is not understood"))
        return
    yield "responseFormat", value["type"]
    schema = value.get("json_schema") or {k: value[k] for k in value if k != "type"}
    if value["type"] == "json_schema":
        yield "jsonSchema", schema


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
