"""A model's settings as other tools write them, as keys of a prompt file."""

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.formats.reading import NoCounterpartError, Reading, is_reference
from pytest_promptopt.prompts.formats.spot import Spot
from pytest_promptopt.prompts.formats.yaml_text import Note
from pytest_promptopt.prompts.parameters import KNOWN_PARAMETERS, camel_case, canonical_name
from pytest_promptopt.prompts.parser import RESPONSE_FORMATS


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
            parameters[camel_case(name)] = value.value
        elif value.value is not None:
            notes.append(reading.lose(value, f"the setting `{key}` has no counterpart"))
    return ({"modelParameters": parameters} if parameters else {}) | content, tuple(notes)


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
