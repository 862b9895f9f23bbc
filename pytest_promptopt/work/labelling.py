"""A rater at work: what is asked next, what is kept of what is said, and what it comes to."""

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import Literal

from pytest_promptopt.errors import HistoryError, PromptoptError, UsageError
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.history.command import Command
from pytest_promptopt.project.files import not_written
from pytest_promptopt.prompts.labels import AnswerLabel, label_line, read_labels
from pytest_promptopt.prompts.reader import location_of
from pytest_promptopt.reports.agreement import correction, told_of_judges
from pytest_promptopt.scoring.folding import folded
from pytest_promptopt.work.saved_runs import utc_now
from pytest_promptopt.work.sheet import Question, Sheet

ORDER = (
    "goldens without a label come first, as they narrow the interval of the corrected score most, "
    "drawn in the proportions of what the judge chose, so that labels stand for all answers"
)
COMMANDS = {"u": "undo", "s": "skip", "a": "all of it", "q": "quit"}
_MOST_IN_NAME = 100


@dataclass(slots=True, kw_only=True)
class Labelling:
    """One rater's way through the questions of a sheet, whose labels go to ``file``.

    ``place`` is that of the question which is asked now; what is said of it is in the file before
    the next. ``now`` tells the time in UTC.
    """

    sheet: Sheet
    rater: str
    file: "LabelsFile"
    now: Callable[[], datetime] = utc_now
    questions: Sequence[Question] = field(init=False)
    place: int = field(init=False, default=0)
    _written: dict[int, bytes] = field(init=False, default_factory=dict)
    _said: set[int] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.questions = [*self.sheet.asked(self.rater)]

    @property
    def question(self) -> Question | None:
        """What is asked now; None where nothing is left."""
        return self.questions[self.place] if self.place < len(self.questions) else None

    @property
    def given(self) -> int:
        """How many labels there are of this session."""
        return len(self._written)

    def keep(self, choice: str) -> str:
        """Keep the choice as what the rater says of the question; what is to be told of it.

        Raises PromptoptError.
        """
        question = self.questions[self.place]
        if self.place not in self._said and self._has_said(question):
            self.place += 1
            return f"{self.rater} has said it elsewhere meanwhile, which stays"
        line = label_line(
            question.answer.golden.variables,
            question.answer.text,
            choice=choice,
            rater=self.rater,
            at=self.now().isoformat().replace("+00:00", "Z"),
            judge=question.judge.name if len(self.sheet.judges) > 1 else "",
        )
        self.file.add(line)
        self._written[self.place] = line
        self._said.add(self.place)
        self.place += 1
        return ""

    def _has_said(self, question: Question) -> bool:
        judges = {question.judge.name, *([""] if len(self.sheet.judges) == 1 else [])}
        return any(
            label.key == question.answer.key and label.rater == self.rater and label.judge in judges
            for label in self.file.said()
        )

    def skip(self) -> None:
        """Leave the question for another session."""
        self.place += 1

    def undo(self) -> str:
        """Go back to the question before, whose label is taken back; what is to be told of it.

        Raises PromptoptError.
        """
        if self.place == 0:
            return "there is nothing to undo"
        line = self._written.get(self.place - 1)
        is_back = line is None or self.file.take_back(line)
        self._written.pop(self.place - 1, None)
        self.place -= 1
        return "" if is_back else "somebody wrote behind it; what you say now counts, being later"

    def outcome(self) -> Iterator[str]:
        """How many labels there are, and what the score was and is with them; not blind.

        Raises PromptFileError.
        """
        now = self.sheet.read_again()
        raters = {label.rater for labels in now.labels.values() for label in labels}
        labelled = sum(answer.key in now.labels for answer in now.answers)
        yield (
            f"{labelled} of {counted(len(now.answers), 'answer')} labelled, by "
            f"{counted(len(raters), 'rater')}"
        )
        for earlier, later in zip(self.sheet.records, now.records, strict=True):
            if len(now.records) > 1:
                yield later.model
            if earlier.correction != later.correction:
                yield f"before: {_score(earlier)}"
            yield from told_of_judges(later)


def _score(record: PromptRecord) -> str:
    if record.correction is not None:
        return correction(record.correction)
    score, interval = record.evaluation.score, record.interval
    if score is None or interval is None:
        return "no score"
    return f"{score:.3f} by the judge alone ({interval.low:.3f} to {interval.high:.3f})"


def rater_name(given: str) -> str:
    """The name as labels have it; raises UsageError where it is none."""
    name = " ".join(given.split())
    if not name:
        raise UsageError("the rater has no name")
    if len(name) > _MOST_IN_NAME:
        raise UsageError(f"the rater's name has more than {_MOST_IN_NAME} characters")
    return name


def usual_rater(folder: Path) -> str:
    """The name that git has for whoever works in the folder, else that of the user, or none."""
    try:
        name = Command(folder).text("config", "--get", "user.name")
    except HistoryError:
        name = ""
    return name.strip() or os.environ.get("USER", "").strip()


def keys_of(choices: Sequence[str]) -> Mapping[str, str]:
    """What stands for each choice: its name, its first letter if no other's, and a digit.

    A choice that is a digit, such as a grade, has no other.
    """
    names = {folded(choice): choice for choice in choices}
    free = (key for key in chain("123456789", "bcdefghijklmnoprtvwxyz") if key not in names)
    numbered = dict(zip(free, [c for c in choices if c not in set("123456789")], strict=False))
    starts = [name[:1] for name in names]
    initials = {name[:1]: c for name, c in names.items() if starts.count(name[:1]) == 1}
    found = {**initials, **numbered, **names}
    return {key: choice for key, choice in found.items() if key and key not in COMMANDS}


def single_keys(choices: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Each choice, with the keys of :func:`keys_of` that are one character."""
    known = keys_of(choices)
    for choice in choices:
        yield choice, sorted(key for key, name in known.items() if name == choice and len(key) == 1)


class LabelsFile:
    """The labels file at ``path``, to which lines are added, each kept as soon as it is said."""

    def __init__(self, path: Path, root: Path) -> None:
        self._path = path
        self.location = location_of(path, root)

    def add(self, line: bytes) -> None:
        """Write the line behind all others; raises PromptoptError."""
        try:
            with self._alone("ab+") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(0, end - 1))
                is_cut_off = file.read(1) not in {b"", b"\n"}
                whole = b"\n" + line if is_cut_off else line
                if file.write(whole) != len(whole):
                    file.truncate(end)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise PromptoptError(not_written(self.location, error)) from error

    def take_back(self, line: bytes) -> bool:
        """Take the line away, unless others stand behind it; raises PromptoptError."""
        try:
            with self._alone("rb+") as file:
                content = file.read()
                if not content.endswith(line):
                    return line not in content
                file.truncate(len(content) - len(line))
                if content == line:
                    self._path.unlink(missing_ok=True)
        except FileNotFoundError:
            return True
        except OSError as error:
            raise PromptoptError(not_written(self.location, error)) from error
        return True

    def said(self) -> Sequence[AnswerLabel]:
        """All labels that there are now; raises PromptFileError."""
        return read_labels(self._path, self.location)

    @contextmanager
    def _alone(self, mode: Literal["ab+", "rb+"]) -> Iterator[FileIO]:
        """The file, which none of our other processes has meanwhile, where locks can be had."""
        # A repository of somebody else could have it lead to what a shell reads.
        if self._path.is_symlink():
            raise OSError(errno.ELOOP, "it is a link; put a file there")
        with self._path.open(mode, buffering=0) as file:
            _lock(file)
            if os.fstat(file.fileno()).st_nlink:
                yield file
                return
        # An undo took it away while this one waited.
        with self._alone(mode) as file:
            yield file


def _lock(file: FileIO) -> None:
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(file, fcntl.LOCK_EX)
