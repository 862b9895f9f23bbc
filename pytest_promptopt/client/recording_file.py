"""Recorded answers in a JSONL file beside their prompt."""

import functools
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from pytest_promptopt.errors import NotRecordedError
from pytest_promptopt.prompts.files import open_file
from pytest_promptopt.prompts.json_lines import JsonLine, json_lines
from pytest_promptopt.providers.request import Completion, Request
from pytest_promptopt.text.terminal import one_line

FOLDER = "__recordings__"

_PREVIEW_CHARACTERS = 80
_PREVIEW_SOURCE_CHARACTERS = 400


class LinePlace(NamedTuple):
    """Where an answer stands in its file: ``number`` of the line from 1, ``offset`` in bytes."""

    number: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLine:
    """One recorded answer, by which model, and where it stands."""

    place: LinePlace
    fingerprint: str
    model: str
    content: bytes


@functools.lru_cache(maxsize=1024)
def recording_path(origin: Path) -> Path:
    """Where the answers for the prompt file ``origin`` are recorded.

    A file that ends in ``.yaml`` has a name of its own where another ends in ``.yml``.
    """
    stem = origin.name.removesuffix(".yml").removesuffix(".yaml").removesuffix(".prompt")
    is_second = origin.suffix == ".yaml" and origin.with_suffix(".yml").exists()
    return origin.parent / FOLDER / f"{stem}{'.yaml' if is_second else ''}.jsonl"


def preview(request: Request) -> str:
    """The start of the last message on one line, to recognise a recording by."""
    if not request.messages:
        return ""
    text = " ".join(request.messages[-1].content[:_PREVIEW_SOURCE_CHARACTERS].split())
    if len(text) <= _PREVIEW_CHARACTERS:
        return text
    return f"{text[: _PREVIEW_CHARACTERS - 1]}…"


def encode(fingerprint: str, request: Request, completion: Completion) -> bytes:
    """The line of one answer, with its newline.

    Without latency, so that the same answers give the same file.
    """
    answer = completion.to_json()
    del answer["latency_seconds"]
    if completion.cost_usd is not None:
        answer["cost_usd"] = round(completion.cost_usd, 10)
    entry = {
        "fingerprint": fingerprint,
        "model": str(request.model),
        "sample": request.sample,
        "asked": preview(request),
        **answer,
    }
    try:
        return json.dumps(entry, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(entry).encode() + b"\n"


def read_lines(path: Path) -> Iterator[RecordedLine]:
    """The recorded answers in the order of the file; none where there is no file.

    Raises :class:`~pytest_promptopt.errors.NotRecordedError` naming file and line where one is
    damaged.
    """
    if not path.exists():
        return
    with _opened(path) as file:
        for line in json_lines(file):
            if not line.is_blank:
                entry, _ = _parse(line, path, line.number)
                yield RecordedLine(
                    place=LinePlace(line.number, line.offset),
                    fingerprint=entry["fingerprint"],
                    model=sys.intern(str(entry.get("model", ""))),
                    content=line.content.rstrip() + b"\n",
                )


class AnswerReader:
    """Reads single answers. The file read last stays open: prompts are asked one after another."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._file: BinaryIO | None = None

    def read(self, path: Path, line: LinePlace, fingerprint: str) -> Completion:
        """The answer on the line that :func:`read_lines` found there, marked as saved."""
        try:
            file = self._opened(path)
            file.seek(line.offset)
            found = next(json_lines(file), None)
        except OSError as error:
            raise NotRecordedError(f"{path}: the recordings cannot be read: {error}") from error
        if found is not None:
            entry, completion = _parse(found, path, line.number)
            if entry["fingerprint"] == fingerprint:
                return completion
        raise NotRecordedError(f"{path}:{line.number}: the file was changed while it was replayed")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _opened(self, path: Path) -> BinaryIO:
        if self._file is None or self._path != path:
            self.close()
            self._path, self._file = path, open_file(path)
        return self._file


def write(path: Path, lines: Mapping[str, bytes]) -> None:
    """Replace the file by ``lines`` (by fingerprint), sorted, at once or not at all.

    Without lines there is no file; a file that is the same already is left alone.
    """
    content = b"".join(lines[fingerprint] for fingerprint in sorted(lines))
    if not content:
        path.unlink(missing_ok=True)
        return
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        new.write_bytes(content)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with open_file(path) as file:
            yield file
    except OSError as error:
        raise NotRecordedError(f"{path}: the recordings cannot be read: {error}") from error


def _parse(line: JsonLine, path: Path, number: int) -> tuple[dict[str, Any], Completion]:
    """What stands there, and the answer in it."""
    try:
        entry = line.value()
        if not isinstance(entry, dict) or not isinstance(entry.get("fingerprint"), str):
            raise ValueError("no valid `fingerprint`")
        completion = Completion.from_json({**entry, "latency_seconds": 0.0}, saved=True)
    except ValueError as error:
        problem = one_line(str(error))
    else:
        return entry, completion
    raise NotRecordedError(
        f"{path}:{number}: not a recording ({problem}); take the file from git again, or delete "
        "the line and record its answer with `pytest --prompt-eval --prompt-responses record`"
    )
