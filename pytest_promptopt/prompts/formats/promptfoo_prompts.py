"""promptfoo's prompts as messages of ours."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.formats.chat import messages_of
from pytest_promptopt.prompts.formats.reading import NoCounterpartError, Reading, is_reference
from pytest_promptopt.prompts.formats.settings import settings
from pytest_promptopt.prompts.formats.spot import Spot
from pytest_promptopt.prompts.formats.yaml_text import Note

_FILE = re.compile(r"[^\s{}]+\.(txt|json|jsonl|ya?ml|md|csv|j2|(py|rb|[cm]?[jt]s)(:[\w.]+)?)")
_ELSEWHERE = re.compile(r"(?!file:)[a-z]+://\S+")
_SEPARATOR = re.compile(r"^---\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPrompt:
    """A prompt: its messages with notes on them, and settings of its own.

    ``title`` is what its author calls it, ``label`` that or the name of its file.
    """

    label: str
    messages: list[Any]
    title: str = ""
    content: Mapping[Any, Any] = field(default_factory=dict)


def read_prompts(spot: Spot | None, reading: Reading) -> tuple[list[ChatPrompt], list[Note]]:
    """The prompts, and notes on those that are none here."""
    prompts: list[ChatPrompt] = []
    notes: list[Note] = []
    for item, label in _listed(spot) if spot else ():
        try:
            prompts += _prompts(item, label, reading)
        except NoCounterpartError as error:
            notes.append(reading.lose(item, f"the prompt has no counterpart: {error}"))
        except PromptFileError as error:
            notes.append(reading.lose(item, f"the prompt cannot be read: {error.problems[0]}"))
    return prompts, notes


def _listed(spot: Spot) -> Iterator[tuple[Spot, str]]:
    """Each prompt with the label that an old mapping of files gives it."""
    is_mapping = isinstance(spot.value, Mapping) and not {"raw", "id", "label"} & {*spot.value}
    if is_mapping:
        for name, label in spot.entries():
            yield label.holding(name), str(label.value)
        return
    for item in spot.items():
        yield item, ""


def _prompts(spot: Spot, label: str, reading: Reading) -> Iterator[ChatPrompt]:
    if isinstance(spot.value, Mapping):
        given = next((spot.value[key] for key in ("label", "display") if spot.value.get(key)), "")
        raw = spot.get("raw") or spot.get("id")
        if raw is None or not isinstance(raw.value, str):
            raise NoCounterpartError("it has neither `raw` nor `id`")
        content, notes = settings(spot.get("config"), reading)
        lost = reading.lose_keys(spot, ("label", "display", "raw", "id", "config"), " of a prompt")
        more: dict[Any, Any] = {**dict.fromkeys((*notes, *lost)), **content}
        is_name = spot.get("raw") is None and not is_reference(raw.value)
        if is_name and not _FILE.fullmatch(raw.value):
            raise NoCounterpartError("it has no `raw` text")
        for prompt in _of_text(raw, str(given), reading):
            yield replace(prompt, title=str(given), content=more)
    elif isinstance(spot.value, str):
        yield from _of_text(spot, label, reading)
    else:
        raise NoCounterpartError("it is neither text nor a mapping")


def _of_text(spot: Spot, label: str, reading: Reading) -> Iterator[ChatPrompt]:
    text = str(spot.value)
    if _ELSEWHERE.fullmatch(text.strip()):
        raise NoCounterpartError(f"`{text.strip()}` is elsewhere, and nothing is fetched")
    if not is_reference(text) and not _FILE.fullmatch(text.strip()):
        yield ChatPrompt(label=label, messages=messages_of(spot, reading))
        return
    for path in reading.named(spot, text.strip()):
        yield from _of_file(path, label, reading)


def _of_file(path: Path, label: str, reading: Reading) -> Iterator[ChatPrompt]:
    suffix = path.suffix.lower()
    label = label or path.name.partition(".")[0]
    if suffix == ".csv":
        for row in reading.rows(path):
            cell = row.get("prompt")
            if cell is not None:
                yield ChatPrompt(
                    label=str(row.value.get("label") or label), messages=messages_of(cell, reading)
                )
        return
    spot = reading.text(path)
    parts = [spot]
    if suffix == ".txt":
        parts = list(_parts(spot))
    elif suffix == ".jsonl":
        parts = [spot.holding(line) for line in spot.value.splitlines() if line.strip()]
    for part in parts:
        yield ChatPrompt(label=label, messages=messages_of(part, reading))


def _parts(spot: Spot) -> Iterator[Spot]:
    """The prompts of a text file, with a line of dashes between two."""
    start = 0
    text = spot.value
    for end, after in [*((m.start(), m.end()) for m in _SEPARATOR.finditer(text)), (len(text), 0)]:
        part = text[start:end]
        if part.strip():
            line = text.count("\n", 0, start + len(part) - len(part.lstrip())) + 1
            at = Spot(value=part.strip(), path=spot.path, location=spot.location, line=line)
            yield at
        start = after
