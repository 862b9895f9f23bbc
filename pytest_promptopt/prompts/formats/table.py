"""Any other rows: columns are variables, and the one that says so is what is expected."""

from typing import Any

from pytest_promptopt.prompts.formats.foreign import Foreign
from pytest_promptopt.prompts.formats.imported import Imported, golden
from pytest_promptopt.prompts.formats.reading import Reading
from pytest_promptopt.prompts.formats.rows import read_rows
from pytest_promptopt.prompts.formats.spot import Spot

NAME = "table"
_EXPECTED = (
    "expected",
    "expected_output",
    "expected_answer",
    "ground_truth",
    "reference",
    "reference_answer",
    "ideal",
    "target",
    "label",
    "answer",
)


def is_table(foreign: Foreign) -> bool:
    """Whether it has rows with columns."""
    return bool(foreign.keys)


def read_table(foreign: Foreign) -> Imported:
    """Its rows; raises :class:`PromptFileError`."""
    names = {"".join(c if c.isalnum() else "_" for c in key).lower(): key for key in foreign.keys}
    column = next((names[name] for name in _EXPECTED if name in names), None)
    if column is None and foreign.rows:
        foreign.reading.lose(
            foreign.rows[0], "no column says what is expected: call one `expected`"
        )

    def golden_of(row: Spot, _reading: Reading) -> dict[Any, Any]:
        variables = {key: cell for key, cell in row.value.items() if key != column}
        expected = row.value.get(column) if column else None
        return golden(variables, expected=None if expected == "" else expected)

    return read_rows(foreign, NAME, golden_of)
