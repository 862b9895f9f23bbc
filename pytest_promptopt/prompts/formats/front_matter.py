"""Files that are one prompt behind front matter."""

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_promptopt.prompts.formats.foreign import Foreign
from pytest_promptopt.prompts.formats.imported import Imported, ImportedPrompt, golden
from pytest_promptopt.prompts.formats.spot import Spot


def imported_file(
    foreign: Foreign,
    format_name: str,
    content: Mapping[Any, Any],
    messages: list[Any],
    values: Mapping[str, Any],
) -> Imported:
    """The import of a file that is one prompt, with ``values`` to try it with as a golden."""
    named = {**content, "messages": messages or [{"role": "user", "content": ""}]}
    return Imported(
        format=format_name,
        location=foreign.reading.location(foreign.path),
        name=foreign.name,
        prompts=(ImportedPrompt(name=foreign.name, content=named),),
        goldens=(golden(values),) if values else (),
        losses=foreign.reading.losses,
    )


def texts(spot: Spot, *keys: str) -> Iterator[tuple[str, str]]:
    """Those of ``keys`` under which text stands."""
    for key in keys:
        value = spot.get(key)
        if value is not None and isinstance(value.value, str):
            yield key, value.value
