"""Scores that outlive the run: what a prompt scored, by what it was.

They are kept by content and never by commit id, so that squash and rebase lose nothing.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from pytest_promptopt.codec import Share, from_json, to_json
from pytest_promptopt.errors import HistoryError, Problem, Severity
from pytest_promptopt.project.folder import SCORES
from pytest_promptopt.prompts.content import ScoredContent
from pytest_promptopt.prompts.files import open_file
from pytest_promptopt.prompts.json_lines import JsonLine, json_lines
from pytest_promptopt.statistics.intervals import Interval

_ATTRIBUTES = "# Written by pytest-promptopt.\nscores.jsonl merge=union\n"
_MERGE_MARKS = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")


class GoldenScore(NamedTuple):
    """What one golden scored, in [0, 1], and whether it passed."""

    score: Share
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedScore:
    """What a prompt scored with one model.

    ``model`` is the resolved one as shown, ``location`` the prompt file of that day, which
    means nothing to a look-up. ``goldens`` holds those that were scored, by their id.
    ``interval`` is that of ``score``, None where there is none. ``recorded`` is a day in UTC.
    """

    content: ScoredContent
    model: str
    location: str
    samples: int
    score: Share
    interval: Interval | None
    goldens: Mapping[str, GoldenScore]
    recorded: date

    @property
    def key(self) -> str:
        """What the score is kept by: a hash of content and model, 16 hex digits."""
        encoded = json.dumps([asdict(self.content), self.model], sort_keys=True)
        return hashlib.sha256(encoded.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedScores:
    """What a file of scores holds: one score a key, and what could not be read."""

    scores: tuple[SavedScore, ...]
    problems: tuple[Problem, ...] = ()

    def of(self, content: ScoredContent, model: str | None = None) -> tuple[SavedScore, ...]:
        """The scores of this content, with ``model`` or with any, in the order of the file."""
        return tuple(
            score
            for score in self.scores
            if score.content == content and model in {None, score.model}
        )


class ScoreFile:
    """Scores in a file that is made to be committed: one a line, of the same key the last wins.

    Lines are added and never changed: git merges the file by taking the lines of both sides
    (``merge=union``), and one that a side had replaced would come back behind the new one.
    """

    def __init__(self, path: Path, *, location: str = SCORES.as_posix()) -> None:
        self._path = path
        self._location = location

    def read(self) -> SavedScores:
        """All scores, the last added last; none where there is no file.

        What cannot be read is told and left out. Raises :class:`HistoryError`.
        """
        scores: dict[str, SavedScore] = {}
        problems = []
        for line in self._lines():
            try:
                score = from_json(SavedScore, line.value())
            except ValueError as error:
                problems.append(self._problem(line, error))
            else:
                scores.pop(score.key, None)
                scores[score.key] = score
        return SavedScores(scores=tuple(scores.values()), problems=tuple(problems))

    def add(self, scores: Iterable[SavedScore]) -> int:
        """Write those that are new or say something new, and tell how many.

        One that differs in its day alone is not new. Raises :class:`HistoryError`.
        """
        known = {score.key: _without_day(score) for score in self.read().scores}
        latest = {score.key: score for score in scores}
        new = [score for key, score in latest.items() if _without_day(score) != known.get(key)]
        if new:
            self._append(b"".join(_encode(score) for score in new))
        return len(new)

    def _lines(self) -> Iterator[JsonLine]:
        try:
            with open_file(self._path) as file:
                yield from (line for line in json_lines(file) if not line.is_blank)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._failure("read", error) from error

    def _is_cut_off(self) -> bool:
        """Whether the last line has no end."""
        try:
            with open_file(self._path) as file:
                file.seek(-1, os.SEEK_END)
                return file.read() != b"\n"
        except OSError:
            return False

    def _append(self, lines: bytes) -> None:
        is_cut_off = self._is_cut_off()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
                self._write_attributes()
            # One write, so that processes at the same time do not mix their lines.
            with self._path.open("ab", buffering=0) as file:
                file.write(b"\n" + lines if is_cut_off else lines)
        except OSError as error:
            raise self._failure("written", error) from error

    def _write_attributes(self) -> None:
        with (
            suppress(FileExistsError),
            self._path.with_name(".gitattributes").open("x", encoding="utf-8") as file,
        ):
            file.write(_ATTRIBUTES)

    def _failure(self, what: str, error: OSError) -> HistoryError:
        return HistoryError(f"{self._location}: cannot be {what}: {error.strerror or error}")

    def _problem(self, line: JsonLine, error: ValueError) -> Problem:
        if line.content.startswith(_MERGE_MARKS):
            message = "a mark of a merge conflict: keep the lines of both sides, delete the mark"
        else:
            message = f"not a saved score ({error}), so it is left out; delete the line"
        return Problem(
            path=self._location, line=line.number, message=message, severity=Severity.WARNING
        )


def _encode(score: SavedScore) -> bytes:
    return json.dumps(to_json(score), sort_keys=True).encode() + b"\n"


def _without_day(score: SavedScore) -> dict[str, Any]:
    return {**to_json(score), "recorded": None}
