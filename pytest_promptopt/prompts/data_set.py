"""Data sets of others as goldens: which of their rows, and which column is which variable."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.golden_files import RawGolden
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.prompts.value import kind_of, shown
from pytest_promptopt.suggestion import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Where a variable's value stands in a row: the name of a column, or a path such as ``a.0.b``.

    Of several paths the value is the list. Only what stands behind the last ``after`` is the
    value. ``values`` are what to put in the place of what is found.
    """

    path: str | Sequence[str]
    after: str = ""
    values: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, entry: str | Sequence[str] | Mapping[str, Any]) -> "Column":
        """The one that an entry of ``map`` names, as the schema has it."""
        if not isinstance(entry, Mapping):
            return cls(path=entry)
        return cls(path=entry["column"], after=entry.get("after", ""), values=entry.get("values"))

    def value(self, row: RawGolden) -> Any:
        """The value in this row; raises :class:`PromptFileError` where there is none."""
        if not isinstance(self.path, str):
            return [_at(path, row) for path in self.path]
        found = _at(self.path, row)
        if self.after:
            _, mark, found = as_text(found).rpartition(self.after)
            if not mark:
                raise _error(row, f"`{self.path}` has no `{self.after}`")
            found = found.strip()
        if self.values is None:
            return found
        if as_text(found) not in self.values:
            known = did_you_mean(as_text(found), [*self.values])
            raise _error(row, f"`{self.path}` is {shown(found)}, no key of `values`{known}")
        return self.values[as_text(found)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """An entry of ``goldens`` that names files and what to take of them.

    Of the rows that have one of the values of ``where``, ``sample`` are drawn by ``seed``, all if
    None: by their content, so that a row more or another order changes little. With ``columns``
    a golden has these variables alone. ``rows`` is where lists of rows stand in what the file
    holds, and ``header`` the names of a table's columns that does not name them.
    """

    file: str
    rows: Sequence[str]
    header: Sequence[str]
    columns: Mapping[str, Column]
    where: Mapping[str, Sequence[str]]
    sample: int | None
    seed: int

    @classmethod
    def of(cls, entry: str | Mapping[str, Any]) -> "DataSet":
        """The one that an entry of ``goldens`` describes, as the schema has it."""
        if isinstance(entry, str):
            entry = {"file": entry}
        return cls(
            file=entry["file"],
            rows=entry["rows"].split(".") if "rows" in entry else (),
            header=entry.get("header", ()),
            columns={name: Column.of(value) for name, value in (entry.get("map") or {}).items()},
            where={
                name: [as_text(v) for v in (value if isinstance(value, list) else [value])]
                for name, value in (entry.get("where") or {}).items()
            },
            sample=entry.get("sample"),
            seed=entry.get("seed", 0),
        )

    def goldens(self, rows: Sequence[RawGolden]) -> Sequence[RawGolden]:
        """The goldens that the rows of the files are; raises :class:`PromptFileError`."""
        if self.rows:
            rows = [inner for row in rows for inner in _rows_in(row, self.rows)]
        chosen = [row for row in rows if self._fits(row)]
        if rows and not chosen:
            raise _error(rows[0], f"none of {len(rows):,} rows fits `where`; {self._told(rows[0])}")
        remark = "`seed` without `sample` draws nothing" if self.seed and not self.sample else ""
        if self.sample is not None:
            if self.sample > len(chosen):
                remark = f"`sample: {self.sample}` of {len(chosen):,} rows: all are taken"
            chosen = self._drawn(chosen, self.sample)
        if self.columns:
            chosen = [replace(row, content=dict(self._mapped(row))) for row in chosen]
        return [replace(chosen[0], remark=remark), *chosen[1:]] if remark else chosen

    def _fits(self, row: RawGolden) -> bool:
        return all(as_text(_at(path, row)) in wanted for path, wanted in self.where.items())

    def _told(self, row: RawGolden) -> str:
        """What stands in a row where ``where`` looks."""
        found = (f"`{path}` is {shown(_at(path, row))}" for path in self.where)
        return f"of this one {' and '.join(found)}"

    def _drawn(self, rows: Sequence[RawGolden], count: int) -> list[RawGolden]:
        drawn = sorted(range(len(rows)), key=lambda n: self._lot(rows[n]))[:count]
        return [rows[n] for n in sorted(drawn)]

    def _lot(self, row: RawGolden) -> bytes:
        content = json.dumps([self.seed, row.content], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).digest()

    def _mapped(self, row: RawGolden) -> Iterator[tuple[str, Any]]:
        for name, column in self.columns.items():
            yield name, column.value(row)


def _rows_in(row: RawGolden, path: Sequence[str]) -> Iterator[RawGolden]:
    """The rows in the lists at ``path``, each with what stands beside the lists around it."""
    if not path:
        yield row
        return
    name, *rest = path
    if not isinstance(row.content, Mapping):
        raise _error(row, f"there is no `{name}` ({kind_of(row.content)} stands there)")
    found = _at(name, row)
    around = {key: value for key, value in row.content.items() if key != name}
    for item in found if isinstance(found, list) else [found]:
        content = {**around, **item} if isinstance(item, Mapping) else item
        yield from _rows_in(replace(row, content=content), rest)


def _at(path: str, row: RawGolden) -> Any:
    if isinstance(row.content, Mapping) and path in row.content:
        return row.content[path]
    return _below(row.content, path.split("."), path, row)


def _below(found: Any, steps: Sequence[str], path: str, row: RawGolden) -> Any:
    """What stands at ``steps`` in ``found``; a name stands in each item of a list."""
    for number, step in enumerate(steps):
        if isinstance(found, Mapping) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        elif isinstance(found, list) and not step.isdecimal():
            return [_below(item, steps[number:], path, row) for item in found]
        else:
            names = [*found] if isinstance(found, Mapping) else []
            known = did_you_mean(step, names) if names else f" ({kind_of(found)} stands there)"
            raise _error(row, f"there is no `{path}`{known}")
    return found


def _error(row: RawGolden, message: str) -> PromptFileError:
    return PromptFileError.at(row.path, row.line, message)
