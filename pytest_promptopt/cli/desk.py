"""A desk at which raters label answers of the run that is served, through its page's script."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any, Literal, NamedTuple

from pytest_promptopt.cli.found import Place, read
from pytest_promptopt.codec import from_json
from pytest_promptopt.errors import PromptoptError, UsageError
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.prompts.json_text import load_json
from pytest_promptopt.prompts.labels import labels_path
from pytest_promptopt.prompts.reader import location_of
from pytest_promptopt.prompts.version import digest
from pytest_promptopt.reports.html.labelling import render_labelling
from pytest_promptopt.text.terminal import printable
from pytest_promptopt.work.labelling import (
    ORDER,
    Labelling,
    LabelsFile,
    rater_name,
    single_keys,
    usual_rater,
)
from pytest_promptopt.work.pages import place_of, sheet_at
from pytest_promptopt.work.sheet import Question, Sheet

_MOVED = "nothing was kept: what you saw is no longer what is asked here, which is this"


class Reply(NamedTuple):
    """What comes of a message: the state of the rater's work as JSON, or why there is none."""

    status: HTTPStatus
    text: str
    is_state: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the page's script sends; ``question`` is the one on the screen, empty for none.

    ``choice`` is the place of the one meant in those of the question.
    """

    act: Literal["see", "choose", "skip", "undo", "finish"]
    rater: str
    question: str = ""
    choice: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A prompt of the run that is served now."""

    root: Path
    location: str
    run: Run
    run_version: str

    @property
    def path(self) -> Path:
        return self.root / self.location

    @property
    def labels(self) -> Path:
        return labels_path(self.path)

    @property
    def version(self) -> str:
        return f"{self.run_version} {_version(self.path)}"

    def sheet(self) -> Sheet:
        return sheet_at(self.root, self.location, self.run)


@dataclass(slots=True, kw_only=True)
class _Work:
    """A rater's work, with the versions of what it rests on: run and prompt, and labels."""

    labelling: Labelling
    source: str
    labels: str

    def is_past(self, labels: str) -> bool:
        """Whether there is something else to ask: others wrote labels, or all was gone through."""
        return self.labels != labels or self.labelling.question is None


@dataclass(slots=True, kw_only=True)
class Desk:
    """All raters' work on the prompts of the run at ``locate()``, one message at a time."""

    locate: Callable[[], Place]
    _run: tuple[str, Run] | None = None
    _works: dict[tuple[Path, str], _Work] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def page(self, id: str) -> str | None:
        """The page for the prompt with that id, None for no such prompt; raises PromptoptError."""
        with self._lock:
            known = self._known(id)
            if known is None:
                return None
            sheet = known.sheet()
            return render_labelling(
                location=sheet.prompt.location,
                kept_in=location_of(known.labels, known.root),
                order=ORDER,
                rater=usual_rater(known.path.parent),
            )

    def reply(self, id: str, body: bytes) -> Reply | None:
        """What comes of a message about the prompt with that id, None for no such prompt."""
        try:
            message = from_json(Message, load_json(body.decode()))
        except ValueError as error:
            return Reply(HTTPStatus.BAD_REQUEST, f"not understood: {printable(str(error))}", False)
        with self._lock:
            try:
                known = self._known(id)
                return None if known is None else self._answer(message, known)
            except UsageError as error:
                return Reply(HTTPStatus.BAD_REQUEST, printable(str(error)), False)
            except PromptoptError as error:
                return Reply(HTTPStatus.INTERNAL_SERVER_ERROR, printable(str(error)), False)

    def _known(self, id: str) -> "_Known | None":
        place = self.locate()
        if place.store is None:
            return None
        if self._run is None or self._run[0] != place.version:
            self._run = place.version, read(place).run or Run()
        version, run = self._run
        locations = {place_of(record.location): record.location for record in run.prompts}
        if id not in locations:
            return None
        return _Known(root=place.store.root, location=locations[id], run=run, run_version=version)

    def _answer(self, message: Message, known: "_Known") -> Reply:
        rater, source, labels = rater_name(message.rater), known.version, _version(known.labels)
        work = self._works.get((known.path, rater))
        if work is None or work.source != source or (message.act == "see" and work.is_past(labels)):
            file = LabelsFile(known.labels, known.root)
            labelling = Labelling(sheet=known.sheet(), rater=rater, file=file)
            work = _Work(labelling=labelling, source=source, labels=labels)
            self._works[known.path, rater] = work
        if message.act != "see" and message.question != _id(work.labelling.question):
            return _state(work.labelling, _MOVED, status=HTTPStatus.CONFLICT)
        told = _acted(work.labelling, message)
        if work.labels == labels:
            work.labels = _version(known.labels)
        return _state(work.labelling, told, is_finished=message.act == "finish")


def _acted(labelling: Labelling, message: Message) -> str:
    """What is to be told of what was done."""
    question = labelling.question
    match message.act:
        case "choose":
            if question is None or not 0 <= message.choice < len(question.choices):
                raise UsageError(f"there is no choice {message.choice}")
            choice = question.choices[message.choice]
            return labelling.keep(choice) or f"→ {choice}"
        case "skip":
            if question is not None:
                labelling.skip()
        case "undo":
            return labelling.undo()
    return ""


def _state(
    labelling: Labelling,
    told: str,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    is_finished: bool = False,
) -> Reply:
    question, count = labelling.question, len(labelling.questions)
    state = {
        "rater": labelling.rater,
        "told": printable(told),
        "remarks": [*map(printable, labelling.sheet.remarks)],
        "place": labelling.place,
        "of": count,
        "left": labelling.given < count,
        "question": None if question is None else _shown(question),
        "outcome": _outcome(labelling) if is_finished or question is None else None,
    }
    return Reply(status, json.dumps(state), True)


def _shown(question: Question) -> Mapping[str, Any]:
    judge = question.judge
    where = f" ({judge.location})" if judge.location else ""
    return {
        "id": _id(question),
        "judge": printable(f"{judge.name}{where}"),
        "parts": [[name, printable(text)] for name, text in question.parts.items()],
        "choices": [[printable(name), keys] for name, keys in single_keys(question.choices)],
    }


def _outcome(labelling: Labelling) -> list[str]:
    """The outcome, or why it cannot be told: what was just said is kept all the same."""
    try:
        return [printable(text) for text in labelling.outcome()]
    except PromptoptError as error:
        return [printable(str(error))]


def _id(question: Question | None) -> str:
    """What tells the question from others, and from the same with other choices."""
    if question is None:
        return ""
    return digest([question.answer.key, question.judge.name, *question.choices])


def _version(path: Path) -> str:
    """Another one whenever something else stands there."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_size}"
