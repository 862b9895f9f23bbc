"""A file of another tool, looked at in the ways that tell what it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.document import parse_document
from pytest_promptopt.prompts.formats.javascript import read_javascript
from pytest_promptopt.prompts.formats.reading import Reading
from pytest_promptopt.prompts.formats.spot import Spot
from pytest_promptopt.prompts.golden import slug

_SCRIPTS = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")
_TABLES = (".csv", ".tsv")
_LINES = (".jsonl", ".ndjson")
_DATA = (".json", ".yml", ".yaml")
_PACKED = (".gz", ".bz2", ".xz", ".parquet")
# A licence may stand before it. Nothing is tried twice, which could take for ever.
_FRONT = re.compile(
    r"(?:\s*+(?>#[^\n]*\n|//[^\n]*\n|<!--.*?-->|\{\{!.*?\}\}))*+\s*+^---[ \t]*\r?\n"
    r"(?P<front>.*?)^---[ \t]*(?:\r?\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_COMMON_NAMES = ("promptfooconfig", "config", "eval", "evals", "dataset", "data", "export")


@dataclass(frozen=True)
class Foreign:
    """A file to be read as one of another tool."""

    path: Path
    reading: Reading

    @property
    def name(self) -> str:
        """What to call what comes of it: the file's name, or its folder's where that says more."""
        stem = self.path.name.partition(".")[0]
        stem = self.path.parent.name if stem.lower() in _COMMON_NAMES else stem
        return slug(stem) or "imported"

    @property
    def suffix(self) -> str:
        """The ending of its name, in lower case."""
        return self.path.suffix.lower()

    @cached_property
    def text(self) -> Spot:
        """All of its text; raises :class:`PromptFileError`."""
        return self.reading.text(self.path)

    @cached_property
    def data(self) -> Spot:
        """What it holds as YAML, JSON or data of JavaScript; raises :class:`PromptFileError`."""
        location = self.reading.location(self.path)
        text = self.text.value
        if self.suffix in _SCRIPTS:
            script = read_javascript(text)
            if script is None:
                message = "exports no object that is data; a script is not run: write it as YAML"
                raise PromptFileError.at(location, 1, message)
            for line, message in script.lost:
                self.reading.lose(self.text.later(line - 1), message)
            text = script.text
        return Spot.of(parse_document(text, location), self.path)

    @cached_property
    def mapping(self) -> Mapping[str, Any]:
        """What it holds where that is a mapping, else nothing."""
        if self.is_rows or self.front is not None:
            return {}
        value = self._value
        return value if isinstance(value, Mapping) else {}

    @cached_property
    def _value(self) -> Any:
        """What it holds; of a file that by its name is text, None where that is no data."""
        try:
            return self.data.value
        except PromptFileError:
            if self.suffix in (*_DATA, *_SCRIPTS):
                raise
            return None

    @property
    def is_rows(self) -> bool:
        """Whether its name says that it holds rows."""
        return self.suffix in (*_TABLES, *_LINES, *_PACKED)

    @cached_property
    def rows(self) -> tuple[Spot, ...]:
        """Its rows: of a table, of JSON Lines, or the items of a list; none of anything else."""
        if self.is_rows:
            return tuple(self.reading.rows(self.path))
        if self.front is not None or self.suffix in _SCRIPTS:
            return ()
        return tuple(self.data.items()) if isinstance(self._value, list) else ()

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of its first rows."""
        return frozenset(
            str(key)
            for row in self.rows[:20]
            if isinstance(row.value, Mapping)
            for key in row.value
        )

    @cached_property
    def front(self) -> tuple[Spot, Spot] | None:
        """The front matter and the text behind it, where it has both."""
        if self.is_rows or self.suffix in (*_SCRIPTS, *_DATA):
            return None
        match = _FRONT.match(self.text.value)
        if match is None:
            return None
        location = self.reading.location(self.path)
        text = self.text.value
        body = self.text.holding(text[match.end() :]).later(text.count("\n", 0, match.end()))
        if not match["front"].strip():
            return self.text.holding({}), body
        lines = "\n" * text.count("\n", 0, match.start("front"))
        return Spot.of(parse_document(lines + match["front"], location), self.path), body
