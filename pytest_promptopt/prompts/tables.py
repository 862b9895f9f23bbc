"""A table of goldens: CSV, however a spreadsheet wrote it."""

import csv
import io
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.files import MAX_BYTES

_SEPARATORS = (",", ";", "\t", "|")
# Excel's own way to say what separates columns.
_DECLARED = re.compile(r"sep=(.)(?=\r?\n)", re.IGNORECASE)
_LIMIT_LOCK = threading.Lock()

_Row = tuple[int, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The cells of each row by column, with its line; ``remark`` says what was taken for what."""

    rows: tuple[tuple[int, Mapping[str, str]], ...]
    remark: str = ""


def read_table(
    text: str, location: str, *, header: Sequence[str] = (), is_tabbed: bool = False
) -> Table:
    """The rows of ``text`` that hold anything; raises :class:`PromptFileError`.

    The first line names the columns unless ``header`` does. They are separated by what a line
    ``sep=;`` before it says, by tabs where the text ``is_tabbed`` and has one there, by commas, or
    by what else gives every row as many columns; line ends in a cell are ``\\n``.
    """
    declared = _DECLARED.match(text)
    text = text[declared.end() :] if declared else text
    sure = declared[1] if declared else _tab(text) if is_tabbed else ""
    separator = sure or _separator(text, location)
    above: list[_Row] = [(1, header)] if header else []
    (first, header), *rows = [*above, *_rows(text, separator, location)] or [(1, ())]
    names = [name.strip() for name in header]
    columns = [index for index, name in enumerate(names) if name or _holds(rows, index)]
    named = [names[index] for index in columns]
    if not named or not all(named) or len(set(named)) < len(named):
        message = f"the first line must name each column once, found {', '.join(names) or 'none'}"
        raise PromptFileError.at(location, first, message)
    for line, row in rows:
        if len(row) != len(header):
            message = f"{len(row)} columns where {len(header)} are named"
            raise PromptFileError.at(location, line, message)
    cells = (
        (line, {names[index]: _with_plain_breaks(row[index]) for index in columns})
        for line, row in rows
    )
    remark = f"the columns are read as separated by {_shown(separator)}"
    return Table(rows=tuple(cells), remark="" if separator in (sure, ",") else remark)


def _separator(text: str, location: str) -> str:
    """What stands between columns: a comma unless the first line has none and another fits."""
    first = _first_line(text)
    others = [sign for sign in _SEPARATORS[1:] if sign in first]
    if "," in first or not others:
        return ","
    fitting = [sign for sign in others if _fits(text, sign, location)]
    if len(fitting) == 1:
        return fitting[0]
    if _fits(text, ",", location):
        return ","
    found = " and ".join(map(_shown, others))
    raise PromptFileError.at(
        location,
        1,
        f"the first line has no comma, and {found} does not give every row as many columns: "
        "separate columns by commas and quote cells that hold one",
    )


def _tab(text: str) -> str:
    return "\t" if "\t" in _first_line(text) else ""


def _first_line(text: str) -> str:
    return next((line for line in io.StringIO(text) if line.strip()), "")


def _fits(text: str, separator: str, location: str) -> bool:
    try:
        rows = _rows(text, separator, location)
    except PromptFileError:
        return False
    return len({len(row) for _, row in rows}) == 1


def _rows(text: str, separator: str, location: str) -> list[_Row]:
    """The rows in which a cell holds anything, each with the line where it begins."""
    first = _first_line(text)
    is_spaced = 0 < first.count(separator) == first.count(f"{separator} ")
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=is_spaced)
    found: list[_Row] = []
    line = 1
    with _large_cells():
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    found.append((line, row))
                line = reader.line_num + 1
        except csv.Error as error:
            message = f"broken CSV: {error}"
            raise PromptFileError.at(location, reader.line_num, message) from None
    return found


@contextmanager
def _large_cells() -> Iterator[None]:
    """Read cells of any length meanwhile; the limit is one of the whole process."""
    with _LIMIT_LOCK:
        limit = csv.field_size_limit(MAX_BYTES)
        try:
            yield
        finally:
            csv.field_size_limit(limit)


def separated(text: str, *, escape: str | None = None) -> list[str]:
    """The texts that stand in ``text`` with commas, or the ends of lines, between them.

    Quotes stand around one with a comma, or ``escape`` before that.
    """
    lines = io.StringIO(text, newline="")
    with _large_cells():
        rows = [*csv.reader(lines, escapechar=escape, skipinitialspace=True)]
    return [cell for row in rows for cell in row]


def _holds(rows: Sequence[_Row], index: int) -> bool:
    return any(len(row) > index and row[index].strip() for _, row in rows)


def _with_plain_breaks(cell: str) -> str:
    return cell.replace("\r\n", "\n").replace("\r", "\n")


def _shown(separator: str) -> str:
    return "tabs" if separator == "\t" else f"`{separator}`"
