"""Items of a data set of Langfuse, as CSV or JSON."""

from typing import Any

from pytest_promptopt.prompts.formats.foreign import Foreign
from pytest_promptopt.prompts.formats.imported import Imported, golden
from pytest_promptopt.prompts.formats.reading import Reading
from pytest_promptopt.prompts.formats.rows import only, read_rows, spread, words
from pytest_promptopt.prompts.formats.spot import Spot

NAME = "langfuse"
_OWN = {
    "sourceTraceId",
    "source_trace_id",
    "datasetId",
    "dataset_id",
    "datasetName",
    "dataset_name",
}


def is_langfuse(foreign: Foreign) -> bool:
    """Whether its rows have the keys of such items."""
    keys = foreign.keys
    return "input" in keys and ("expectedOutput" in keys or bool(keys & _OWN))


def read_langfuse(foreign: Foreign) -> Imported:
    """Its items; raises :class:`PromptFileError`."""
    return read_rows(foreign, NAME, _golden)


def _golden(row: Spot, reading: Reading) -> dict[Any, Any]:
    value = row.value
    if str(value.get("status", "")).upper() == "ARCHIVED":
        reading.lose(row, "an archived item is taken too")
    expected = value.get("expectedOutput", value.get("expected_output"))
    return golden(
        dict(spread("input", value.get("input"))),
        expected=only(expected),
        tags=words(value.get("metadata")),
    )
