"""Samples of inspect, as JSON Lines, JSON or CSV."""

from typing import Any

from pytest_promptopt.prompts.formats.foreign import Foreign
from pytest_promptopt.prompts.formats.imported import Imported, golden
from pytest_promptopt.prompts.formats.reading import Reading
from pytest_promptopt.prompts.formats.rows import as_data, read_rows, words
from pytest_promptopt.prompts.formats.spot import Spot

NAME = "inspect"
_KEYS = ("input", "target", "choices", "id", "metadata")


def is_inspect(foreign: Foreign) -> bool:
    """Whether its rows have an input and a target."""
    return {"input", "target"} <= foreign.keys


def read_inspect(foreign: Foreign) -> Imported:
    """Its samples; raises :class:`PromptFileError`."""
    return read_rows(foreign, NAME, _golden)


def _golden(row: Spot, reading: Reading) -> dict[Any, Any]:
    value = row.value
    for key, extra in value.items():
        if key not in _KEYS and extra not in (None, "", [], {}):
            reading.lose(row, f"`{key}` of a sample has no counterpart")
    variables = {"input": _text(row, reading)}
    choices = as_data(value.get("choices"))
    variables |= {"options": choices} if choices else {}
    return golden(
        variables,
        expected=as_data(value.get("target")),
        tags=words(value.get("metadata")),
        description=str(value.get("id") or ""),
    )


def _text(row: Spot, reading: Reading) -> Any:
    """The input; of a chat what the user says last, the rest being told as lost."""
    given = as_data(row.value.get("input"))
    if not isinstance(given, list):
        return given
    said = [m.get("content") for m in given if isinstance(m, dict) and m.get("role") == "user"]
    if len(given) > 1:
        reading.lose(
            row, "of a chat what the user says last is taken; the rest belongs in a prompt"
        )
    return said[-1] if said else given
