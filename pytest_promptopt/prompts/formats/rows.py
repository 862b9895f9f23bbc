"""Data sets of other tools: rows that become goldens."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.formats.foreign import Foreign
from pytest_promptopt.prompts.formats.imported import Imported, with_own_ids
from pytest_promptopt.prompts.formats.reading import MOST_GOLDENS, Reading
from pytest_promptopt.prompts.formats.spot import Spot

GoldenOf = Callable[[Spot, Reading], dict[Any, Any]]


def read_rows(foreign: Foreign, format_name: str, golden_of: GoldenOf) -> Imported:
    """A data set, each of whose rows is a golden; raises :class:`PromptFileError`."""
    reading = foreign.reading
    if not foreign.rows:
        location = reading.location(foreign.path)
        raise PromptFileError.at(location, 1, f"holds no rows, which `{format_name}` is made of")
    goldens = []
    for row in foreign.rows[:MOST_GOLDENS]:
        if isinstance(row.value, Mapping):
            goldens.append(golden_of(row, reading))
        else:
            reading.lose(row, "a row must be a mapping")
    if len(foreign.rows) > MOST_GOLDENS:
        more = foreign.rows[MOST_GOLDENS]
        remedy = "a prompt's `goldens` may name the file itself"
        reading.lose(more, f"only the first {MOST_GOLDENS:,} rows are taken: {remedy}")
    return Imported(
        format=format_name,
        location=reading.location(foreign.path),
        name=foreign.name,
        goldens=tuple(with_own_ids(goldens)),
        losses=reading.losses,
    )


def as_data(value: Any) -> Any:
    """A cell of a table as the JSON that it holds, where it holds a list or mapping."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[", '"')):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def spread(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Variables of a value: those of a mapping, else one called ``prefix``."""
    found = as_data(value)
    if isinstance(found, Mapping):
        yield from found.items()
    elif found not in (None, ""):
        yield prefix, found


def only(value: Any) -> Any:
    """What is expected: of a mapping with one entry, what it holds."""
    found = as_data(value)
    if isinstance(found, Mapping) and len(found) == 1:
        return next(iter(found.values()))
    return None if found == "" else found


def words(value: Any) -> tuple[str, ...]:
    """Tags of metadata: what in it is a word or a list of words."""
    found = as_data(value)
    values = (
        found.values() if isinstance(found, Mapping) else found if isinstance(found, list) else ()
    )
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return tuple(dict.fromkeys(item for item in flat if isinstance(item, str) and item))
