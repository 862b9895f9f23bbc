"""The memory of a search, and what of it outlives the search."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from pytest_promptopt.codec import Number, from_json
from pytest_promptopt.errors import UsageError
from pytest_promptopt.prompts.files import open_file
from pytest_promptopt.prompts.json_lines import JsonLine, json_lines

Event = Literal["opened", "tried", "judged", "accepted", "turned down"]

_SHOWN_CHARACTERS = 200
_SHOWN_REJECTED = 5
_SHOWN_EARLIER = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """One line of a prompt's memory.

    ``opened``: the run opened the test split. ``tried``: a candidate that was scored, with its
    ``gain`` on validation. ``judged``: the one that was chosen, ``note`` being the verdict.
    ``accepted`` and ``turned down``: what people did with a proposal. ``candidate`` is the id,
    ``note`` says otherwise in a sentence what was changed or why it was refused.
    """

    run: str
    event: Event
    candidate: str = ""
    origin: str = ""
    gain: Number | None = None
    note: str = ""


Earlier = tuple[Remembered, ...]


class MemoryFile:
    """The memory of one prompt, ``.promptopt/memory/<prompt>.jsonl``: read and appended to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> tuple[Remembered, ...]:
        """Every line in its order, none where there is no file.

        The file is committed and merged by people: a line that is not understood is an error
        that names it (:class:`UsageError`).
        """
        if not self._path.exists():
            return ()
        with open_file(self._path) as file:
            return tuple(self._parsed(line) for line in json_lines(file) if not line.is_blank)

    def append(self, entries: Sequence[Remembered]) -> None:
        """Add those that do not stand there yet, so that a resumed run adds nothing twice."""
        known = set(self.read())
        fresh = [entry for entry in dict.fromkeys(entries) if entry not in known]
        if not fresh:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            for entry in fresh:
                file.write(f"{json.dumps(asdict(entry), ensure_ascii=False)}\n")

    def _parsed(self, line: JsonLine) -> Remembered:
        try:
            return from_json(Remembered, line.value())
        except ValueError as error:
            why = " ".join(str(error).split())[:_SHOWN_CHARACTERS]
            raise UsageError(
                f"{self._path}:{line.number}: not a line of a memory ({why}); mend or delete it"
            ) from error


def openings(earlier: Sequence[Remembered], run: str) -> int:
    """How many runs other than ``run`` opened the test split."""
    return len({entry.run for entry in earlier if entry.event == "opened"} - {run})


@dataclass(slots=True, kw_only=True)
class Memory:
    """What a running search remembers besides its scores.

    ``reflections`` and ``summaries`` (of edits, PE2's momentum) come in by the proposers,
    ``rejected`` are the notes of candidates that did not stay. ``earlier`` outlived other runs.
    """

    earlier: tuple[Remembered, ...] = ()
    reflections: list[str] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)

    @property
    def turned_down(self) -> frozenset[str]:
        """Ids of candidates that people turned down."""
        return frozenset(e.candidate for e in self.earlier if e.event == "turned down")

    def as_text(self, *, summaries: int) -> str:
        """What was tried, for a request to the optimizer model: one quoted line each."""
        told = [
            f"{entry.event}{_gained(entry.gain)}: {_line(entry.note)}"
            for entry in self.earlier
            if entry.event not in {"opened", "judged"} and entry.note
        ][-_SHOWN_EARLIER:]
        told += [f"did not help: {_line(note)}" for note in self.rejected[-_SHOWN_REJECTED:]]
        if summaries:
            told += [f"edit made: {_line(text)}" for text in self.summaries[-summaries:]]
        return "\n".join(f"- {line}" for line in told)


def _gained(gain: float | None) -> str:
    return "" if gain is None else f" ({gain:+.2f} on validation)"


def _line(text: str) -> str:
    return json.dumps(" ".join(text.split())[:_SHOWN_CHARACTERS], ensure_ascii=False)
