"""Goldens and test cases of DeepEval, as JSON or CSV."""

from typing import Any

from pytest_promptopt.prompts.formats.foreign import Foreign
from pytest_promptopt.prompts.formats.imported import Imported, golden
from pytest_promptopt.prompts.formats.reading import Reading
from pytest_promptopt.prompts.formats.rows import as_data, read_rows, words
from pytest_promptopt.prompts.formats.spot import Spot
from pytest_promptopt.prompts.parameters import snake_case

NAME = "deepeval"
_OWN = {"actual_output", "retrieval_context", "expected_tools", "tools_called", "source_file"}
# What there is besides says nothing of what is asked or expected.
_LEFT = (
    "input",
    "expected_output",
    "context",
    "retrieval_context",
    "additional_metadata",
    "name",
    "comments",
    "actual_output",
    "source_file",
    "multimodal",
    "custom_column_key_values",
)


def is_deepeval(foreign: Foreign) -> bool:
    """Whether its rows have the keys of goldens or conversations of DeepEval."""
    keys = {snake_case(key) for key in foreign.keys}
    is_single = "input" in keys and "expected_output" in keys and bool(keys & _OWN)
    return is_single or ("scenario" in keys and "expected_outcome" in keys)


def read_deepeval(foreign: Foreign) -> Imported:
    """Its goldens; raises :class:`PromptFileError`."""
    return read_rows(foreign, NAME, _golden)


def _golden(row: Spot, reading: Reading) -> dict[Any, Any]:
    value = {snake_case(key): cell for key, cell in row.value.items()}
    if "scenario" in value and "input" not in value:
        return {reading.lose(row, "a conversation has no counterpart"): None}
    variables = {"input": value.get("input")}
    for key in ("context", "retrieval_context"):
        found = as_data(value.get(key))
        if isinstance(found, str) and "|" in found:
            found = found.split("|")
        if found not in (None, "", []):
            variables[key] = found
    for key, extra in value.items():
        if key not in _LEFT and extra not in (None, "", [], {}):
            reading.lose(row, f"`{key}` has no counterpart")
    return golden(
        variables,
        expected=value.get("expected_output") or None,
        tags=words(value.get("additional_metadata")),
        description=str(value.get("name") or ""),
    )
