"""promptfoo's providers as models of ours, with their parameters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_promptopt.prompts.formats.reading import NoCounterpartError, Reading
from pytest_promptopt.prompts.formats.settings import settings
from pytest_promptopt.prompts.formats.spot import Spot
from pytest_promptopt.prompts.formats.yaml_text import Note

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
_NO_EFFECT = ("id", "label", "config")


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
