"""Examples of a data set of LangSmith, as CSV, JSON or JSON Lines."""

from collections.abc import Mapping
from typing import Any, get_args

from pytest_promptopt.prompts.formats.foreign import Foreign
from pytest_promptopt.prompts.formats.imported import Imported, golden
from pytest_promptopt.prompts.formats.reading import Reading
from pytest_promptopt.prompts.formats.rows import as_data, only, read_rows, spread, words
from pytest_promptopt.prompts.formats.spot import Spot
from pytest_promptopt.prompts.golden import Split

NAME = "langsmith"
_INPUTS = ("inputs.", "input_", "inputs_")
_OUTPUTS = ("outputs.", "output_", "outputs_")


def is_langsmith(foreign: Foreign) -> bool:
    """Whether its rows have inputs and outputs, whole or a column each."""
    keys = foreign.keys
    has_inputs = "inputs" in keys or any(key.startswith(_INPUTS) for key in keys)
    has_outputs = "outputs" in keys or any(key.startswith(_OUTPUTS) for key in keys)
    return has_inputs and has_outputs


def read_langsmith(foreign: Foreign) -> Imported:
    """Its examples; raises :class:`PromptFileError`."""
    return read_rows(foreign, NAME, _golden)


def _golden(row: Spot, reading: Reading) -> dict[Any, Any]:
    value = row.value
    variables = {**dict(spread("input", value.get("inputs"))), **_columns(value, _INPUTS)}
    outputs = {**dict(spread("output", value.get("outputs"))), **_columns(value, _OUTPUTS)}
    split = value.get("split")
    known = {"split": split} if split in get_args(Split) else {}
    if split and not known:
        reading.lose(row, "`split` is other than train, validation and test")
    return golden(
        variables, expected=only(outputs) or None, tags=words(value.get("metadata")), more=known
    )


def _columns(value: Mapping[str, Any], prefixes: tuple[str, ...]) -> dict[str, Any]:
    return {
        key.removeprefix(prefix): as_data(cell)
        for key, cell in value.items()
        for prefix in prefixes
        if key.startswith(prefix) and cell not in (None, "")
    }
