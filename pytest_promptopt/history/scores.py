"""Scores that outlive the run: what a prompt scored, by what it was.

They are kept by content and never by commit id, so that squash and rebase lose nothing.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import HistoryError, Problem, Severity
from pytest_promptopt.project.folder import SCORES
from pytest_promptopt.prompts.content import ScoredContent
from pytest_promptopt.statistics.intervals import Interval

_ATTRIBUTES = "# Written by pytest-promptopt.\nscores.jsonl merge=union\n"
_KINDS: Mapping[type, str] = {dict: "a mapping", str: "text", int: "a whole number"}
_MERGE_MARKS = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenScore:
    """What one golden scored, in [0, 1], and whether it passed."""

    score: float
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
    score: float
    interval: Interval | None
    goldens: Mapping[str, GoldenScore]
    recorded: date

    @property
    def key(self) -> str:
        """What the score is kept by: a hash of content and model, 16 hex digits."""
        encoded = json.dumps([asdict(self.content), self.model], sort_keys=True)
        return hashlib.sha256(encoded.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """The score as plain JSON."""
        interval = self.interval
        return {
            "content": asdict(self.content),
            "model": self.model,
            "location": self.location,
            "samples": self.samples,
            "score": self.score,
            "interval": None if interval is None else [interval.low, interval.high],
            "goldens": {name: [g.score, g.passed] for name, g in self.goldens.items()},
            "recorded": self.recorded.isoformat(),
        }

    @classmethod
    def from_json(cls, data: Any) -> "SavedScore":
        """The inverse of :meth:`to_json`; raises ValueError saying what is wrong."""
        if not isinstance(data, dict):
            raise ValueError("not a mapping")
        content = _typed(data, "content", dict)
        return cls(
            content=ScoredContent(
                **{name: _typed(content, name, str) for name in ScoredContent.__slots__}
            ),
            model=_typed(data, "model", str),
            location=_typed(data, "location", str),
            samples=_typed(data, "samples", int),
            score=_share(data.get("score"), "score"),
            interval=_interval(data.get("interval")),
            goldens={
                name: _golden(value, name) for name, value in _typed(data, "goldens", dict).items()
            },
            recorded=date.fromisoformat(_typed(data, "recorded", str)),
        )


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
        for number, line in enumerate(self._content().splitlines(), start=1):
            if not line.strip():
                continue
            try:
                score = _parse(line)
            except ValueError as error:
                problems.append(self._problem(number, line, error))
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

    def _content(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self._failure("read", error) from error

    def _append(self, lines: bytes) -> None:
        content = self._content()
        is_cut_off = content and not content.endswith(b"\n")
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

    def _problem(self, number: int, line: bytes, error: ValueError) -> Problem:
        if line.startswith(_MERGE_MARKS):
            message = "a mark of a merge conflict: keep the lines of both sides, delete the mark"
        else:
            message = f"not a saved score ({error}), so it is left out; delete the line"
        return Problem(path=self._location, line=number, message=message, severity=Severity.WARNING)


def _encode(score: SavedScore) -> bytes:
    return json.dumps(score.to_json(), sort_keys=True).encode() + b"\n"


def _parse(line: bytes) -> SavedScore:
    """The score on a line; raises ValueError."""
    try:
        data = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    return SavedScore.from_json(data)


def _without_day(score: SavedScore) -> dict[str, Any]:
    return {**score.to_json(), "recorded": None}


def _typed(data: Mapping[str, Any], name: str, kind: type) -> Any:
    value = data.get(name)
    if type(value) is not kind:
        raise ValueError(f"`{name}` must be {_KINDS[kind]}")
    return value


def _share(value: Any, name: str) -> float:
    if type(value) not in {int, float} or not 0 <= value <= 1:
        raise ValueError(f"`{name}` must be a number from 0 to 1")
    return float(value)


def _interval(value: Any) -> Interval | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("`interval` must be two numbers")
    low, high = (_share(bound, "interval") for bound in value)
    return Interval(low=low, high=high)


def _golden(value: Any, name: str) -> GoldenScore:
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], bool):
        raise ValueError(f"`{name[:40]}` must be a score and whether it passed")
    return GoldenScore(score=_share(value[0], name[:40]), passed=value[1])
