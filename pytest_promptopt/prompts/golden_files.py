"""The files of goldens beside a prompt, whatever their format."""

import bz2
import gzip
import io
import json
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.document import SequenceNode, decoded, parse_document, read_bytes
from pytest_promptopt.prompts.files import DISK, MAX_BYTES, Files
from pytest_promptopt.prompts.json_text import load_json
from pytest_promptopt.prompts.tables import read_table
from pytest_promptopt.prompts.value import kind_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RawGolden:
    """A golden as a file has it, before it is checked; ``remark`` is on its whole file."""

    content: Any
    path: str
    line: int
    from_table: bool = False
    remark: str = ""


def read_golden_file(
    path: Path,
    location: str,
    files: Files = DISK,
    *,
    header: Sequence[str] = (),
    is_nested: bool = False,
) -> Sequence[RawGolden]:
    """What the file holds, in file order; raises :class:`PromptFileError`.

    A compressed file holds another whose name is the same without the last ending. ``header``
    names the columns of a table that does not; JSON that ``is_nested`` may be no list.
    """
    content = read_bytes(path, location, files)
    if path.suffix.lower() in _PACKED:
        content = _unpacked(content, path.suffix.lower(), location)
        path = path.with_suffix("")
    suffix = path.suffix.lower()
    reader = _READERS.get(suffix)
    if reader is None:
        known = " ".join((*_READERS, *(f".jsonl{packed}" for packed in _PACKED)))
        raise PromptFileError.at(
            location, 1, f"goldens in a `{path.suffix}` file; known are {known}"
        )
    if reader is _read_json:
        reader = partial(_read_json, is_nested=is_nested)
    elif reader is _read_table:
        reader = partial(_read_table, header=header, is_tabbed=suffix == ".tsv")
    elif header:
        message = f"`header` names the columns of a table, and a `{suffix}` file is none"
        raise PromptFileError.at(location, 1, message)
    raw = [*reader(content, location)]
    if not raw:
        raise PromptFileError.at(
            location, 1, "holds no goldens; add one, or take the file out of `goldens:`"
        )
    return raw


def _unpacked(content: bytes, suffix: str, location: str) -> bytes:
    try:
        with _PACKED[suffix](io.BytesIO(content)) as file:
            unpacked: bytes = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise PromptFileError.at(location, 1, f"no whole {suffix} file: {error}") from None
    if len(unpacked) > MAX_BYTES:
        message = f"holds more than {MAX_BYTES >> 20} MiB once unpacked"
        raise PromptFileError.at(location, 1, message)
    return unpacked


def _read_jsonl(content: bytes, location: str) -> Iterator[RawGolden]:
    for number, line in enumerate(decoded(content, location).split("\n"), start=1):
        if line.strip():
            golden = _parse_json(line, location, number)
            yield RawGolden(content=golden, path=location, line=number)


def _read_json(content: bytes, location: str, *, is_nested: bool = False) -> Iterator[RawGolden]:
    text = decoded(content, location)
    goldens = _parse_json(text, location, 1)
    if not isinstance(goldens, list):
        if not is_nested:
            message = f"expected a list of goldens, found {kind_of(goldens)}"
            raise PromptFileError.at(location, 1, message + _lists_in(goldens))
        yield RawGolden(content=goldens, path=location, line=1)
        return
    for item, line in zip(goldens, _item_lines(text), strict=True):
        yield RawGolden(content=item, path=location, line=line)


def _lists_in(value: Any) -> str:
    """How to name a list in ``value`` that may hold the goldens."""
    pairs = value.items() if isinstance(value, Mapping) else ()
    name = next((key for key, item in pairs if isinstance(item, list)), None)
    return "" if name is None else f"; for its `{name}` write `goldens: {{file: …, rows: {name}}}`"


def _item_lines(text: str) -> Iterator[int]:
    """The line of each item of the JSON list ``text``, which is known to be one."""
    decoder = json.JSONDecoder()
    position = text.index("[") + 1
    line, counted = 1, 0
    while True:
        while text[position] in " \t\r\n,":
            position += 1
        if text[position] == "]":
            return
        line, counted = line + text.count("\n", counted, position), position
        yield line
        _, position = decoder.raw_decode(text, position)


def _parse_json(text: str, location: str, first_line: int) -> Any:
    try:
        return load_json(text, as_written=True)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise PromptFileError.at(
            location, line, f"broken JSON: {error.msg} (column {error.colno})"
        ) from None
    except ValueError as error:
        raise PromptFileError.at(location, first_line, str(error)) from None


def _read_yaml(content: bytes, location: str) -> Iterator[RawGolden]:
    document = parse_document(decoded(content, location), location)
    if not isinstance(document.root, SequenceNode):
        found = kind_of(document.data)
        raise PromptFileError.at(
            location, document.root.line, f"expected a list of goldens, found {found}"
        )
    for node, golden in zip(document.root.items, document.data, strict=True):
        yield RawGolden(content=golden, path=location, line=node.line)


def _read_table(
    content: bytes, location: str, *, header: Sequence[str] = (), is_tabbed: bool = False
) -> Iterator[RawGolden]:
    text = decoded(content, location)
    table = read_table(text, location, header=header, is_tabbed=is_tabbed)
    remark = table.remark
    for line, cells in table.rows:
        yield RawGolden(content=cells, path=location, line=line, from_table=True, remark=remark)
        remark = ""


def _read_parquet(content: bytes, location: str) -> Iterator[RawGolden]:
    """The rows, whose lines count from 1."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        message = 'a Parquet file needs pyarrow: pip install "pytest-promptopt[parquet]"'
        raise PromptFileError.at(location, 1, message) from None
    line = size = 0
    try:
        for batch in pyarrow.parquet.ParquetFile(pyarrow.BufferReader(content)).iter_batches(1_000):
            size += batch.nbytes
            if size > MAX_BYTES:
                message = f"holds more than {MAX_BYTES >> 20} MiB once unpacked"
                raise PromptFileError.at(location, 1, message)
            for row in batch.to_pylist():
                line += 1
                yield RawGolden(content=_plain(row), path=location, line=line)
    except (pyarrow.ArrowException, OSError) as error:
        raise PromptFileError.at(location, 1, f"no whole Parquet file: {error!s:.200}") from None


def _plain(value: Any) -> Any:
    """A value of a row as JSON has it; what JSON has no word for (dates, decimals) as text."""
    match value:
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


_PACKED: Mapping[str, Callable[[BinaryIO], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
_READERS: Mapping[str, Callable[[bytes, str], Iterable[RawGolden]]] = {
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".json": _read_json,
    ".yml": _read_yaml,
    ".yaml": _read_yaml,
    ".csv": _read_table,
    ".tsv": _read_table,
    ".parquet": _read_parquet,
}
