"""A better prompt as it goes to people: what to change in which file, and why one should."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

from pytest_promptopt.errors import PromptoptError
from pytest_promptopt.messages import Message, Role
from pytest_promptopt.prompts.library import SUFFIXES
from pytest_promptopt.proposals.fields import Fields
from pytest_promptopt.statistics.intervals import Interval

VERSION = 1

_BLOB_ID = re.compile(r"[0-9a-f]{40}")
_ROLES: Mapping[str, Role] = {"system": "system", "user": "user", "assistant": "assistant"}


class ProposalError(PromptoptError):
    """A proposal that cannot be read or applied; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """New text for the message at ``position`` of the file, counted from 0."""

    position: int
    role: Role
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstrations:
    """``messages`` to insert before the user message at ``position``, whose text is ``question``.

    Both are those of the file before any change.
    """

    position: int
    question: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What the test split tells, over so many ``goldens``.

    ``difference`` is the mean score ``after`` less the one ``before``, ``interval`` is its own.
    ``fixed`` and ``broken`` are the ids of goldens that changed side.
    """

    goldens: int
    before: float
    after: float
    difference: float
    interval: Interval
    fixed: tuple[str, ...]
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An edit of a prompt file with all that is known of it.

    ``prompt`` is the key of the prompt in its run, ``location`` its file's path from the root of
    the project, and ``blob`` the :func:`blob_id` of the file that the edit was made for.
    ``patch`` has paths from the root of the repository. ``candidate``, ``origin`` and ``note``
    are those of the candidate, ``run`` is the search that found it. ``before`` and ``after`` are
    mean scores on validation, which the candidate was chosen by; what goldens say that the search
    never saw is the ``gain``, None where they were too few, with ``verdict`` as its sentence.
    ``cost_usd`` is None where a price is not known.
    """

    prompt: str
    location: str
    blob: str
    texts: tuple[TextChange, ...]
    demonstrations: Demonstrations | None
    patch: str
    candidate: str
    origin: str
    note: str
    run: str
    method: str
    model: str
    optimizer_model: str
    before: float | None
    after: float | None
    verdict: str
    gain: Gain | None
    calls: int
    cost_usd: float | None

    @property
    def id(self) -> str:
        """Depends on what is changed in which file, and not on how well it scores."""
        data = self.to_json()
        content = [data[name] for name in ("prompt", "location", "blob", *_EDIT)]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]

    @property
    def is_proven(self) -> bool:
        """Whether goldens that the search never saw say that it is better."""
        return self.gain is not None and self.gain.interval.low > 0

    def to_json(self) -> dict[str, Any]:
        """The proposal as plain JSON."""
        data = asdict(self)
        data["texts"] = [
            {
                "path": ["messages", change.position, "content"],
                "role": change.role,
                "before": change.before,
                "after": change.after,
            }
            for change in self.texts
        ]
        if self.gain is not None:
            data["gain"]["interval"] = [self.gain.interval.low, self.gain.interval.high]
        return {"version": VERSION, **data}

    @classmethod
    def from_json(cls, value: Any) -> "Proposal":
        """The inverse of :meth:`to_json`; raises ValueError naming the field that is wrong."""
        fields = Fields.of(value)
        if fields.data.get("version") != VERSION:
            raise fields.wrong("version", f"{VERSION}; it was written by another release")
        return cls(
            prompt=fields.text("prompt"),
            location=_location(fields),
            blob=_blob(fields),
            texts=tuple(_text_change(part) for part in fields.parts("texts")),
            demonstrations=(
                _demonstrations(fields.part("demonstrations"))
                if fields.has("demonstrations")
                else None
            ),
            patch=fields.text("patch"),
            candidate=fields.text("candidate"),
            origin=fields.text("origin"),
            note=fields.text("note"),
            run=fields.text("run"),
            method=fields.text("method"),
            model=fields.text("model"),
            optimizer_model=fields.text("optimizer_model"),
            before=fields.number("before", 0, 1) if fields.has("before") else None,
            after=fields.number("after", 0, 1) if fields.has("after") else None,
            verdict=fields.text("verdict"),
            gain=_gain(fields.part("gain")) if fields.has("gain") else None,
            calls=fields.count("calls"),
            cost_usd=fields.number("cost_usd", 0, math.inf) if fields.has("cost_usd") else None,
        )


_EDIT = ("texts", "demonstrations", "patch")


def blob_id(content: bytes) -> str:
    """The id that git gives these very bytes in a repository of SHA-1; needs no repository."""
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def _location(fields: Fields) -> str:
    location = fields.text("location")
    path = PurePosixPath(location)
    if path.is_absolute() or ".." in path.parts or not location.endswith(SUFFIXES):
        raise fields.wrong("location", f"the path of a *{SUFFIXES[0]} within the project")
    return location


def _blob(fields: Fields) -> str:
    blob = fields.text("blob")
    if not _BLOB_ID.fullmatch(blob):
        raise fields.wrong("blob", "a git id of 40 hex digits")
    return blob


def _role(fields: Fields) -> Role:
    role = _ROLES.get(fields.text("role"))
    if role is None:
        raise fields.wrong("role", " or ".join(_ROLES))
    return role


def _text_change(fields: Fields) -> TextChange:
    match fields.data.get("path"):
        case ["messages", int(position), "content"] if position >= 0 and position is not True:
            return TextChange(
                position=position,
                role=_role(fields),
                before=fields.text("before"),
                after=fields.text("after"),
            )
        case _:
            raise fields.wrong("path", '["messages", NUMBER, "content"]')


def _demonstrations(fields: Fields) -> Demonstrations:
    return Demonstrations(
        position=fields.count("position"),
        question=fields.text("question"),
        messages=tuple(
            Message(role=_role(part), content=part.text("content"))
            for part in fields.parts("messages")
        ),
    )


def _gain(fields: Fields) -> Gain:
    low, high = fields.numbers("interval", 2, -1, 1)
    return Gain(
        goldens=fields.count("goldens"),
        before=fields.number("before", 0, 1),
        after=fields.number("after", 0, 1),
        difference=fields.number("difference", -1, 1),
        interval=Interval(low, high),
        fixed=fields.texts("fixed"),
        broken=fields.texts("broken"),
    )
