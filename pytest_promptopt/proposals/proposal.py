"""A better prompt as it goes to people: what to change in which file, and why one should."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal, get_args

from pytest_promptopt.codec import Amount, Count, Share, from_json, to_json
from pytest_promptopt.errors import PromptoptError
from pytest_promptopt.messages import Message, Role
from pytest_promptopt.prompts.library import SUFFIXES
from pytest_promptopt.statistics.intervals import Interval

VERSION = 3

_BLOB_ID = re.compile(r"[0-9a-f]{40}")
_HALF_PAIR = re.compile("[\ud800-\udfff]")


class ProposalError(PromptoptError):
    """A proposal that cannot be read or applied; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """New text for the message at ``position`` of the file, counted from 0."""

    position: Count
    role: Role
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownExamples:
    """``messages`` to insert before the user message at ``position``, whose text is ``question``.

    Both are those of the file before any change.
    """

    position: Count
    question: str
    messages: tuple[Message, ...]


Key = Literal["answer", "model"]
KEYS: tuple[Key, ...] = get_args(Key)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """What stands under a key of the file besides the messages; None where nothing did."""

    key: Key
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What the test split tells, over so many ``goldens``.

    ``difference`` is the mean score ``after`` less the one ``before``, ``interval`` is its own.
    ``fixed`` and ``broken`` are the ids of goldens that changed side. ``margin`` is how much worse
    it may be, 0 where it is to be better.
    """

    goldens: Count
    before: Share
    after: Share
    difference: float
    interval: Interval
    fixed: tuple[str, ...]
    broken: tuple[str, ...]
    margin: Share = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An edit of a prompt file with all that is known of it.

    ``prompt`` is the key of the prompt in its run, ``location`` its file's path from the root of
    the project, and ``blob`` the :func:`blob_id` of the file that the edit was made for.
    ``patch`` has paths from the root of the repository. ``candidate``, ``origin`` and ``note``
    are those of the candidate, ``run`` is the search that found it. ``before`` and ``after`` are
    mean scores on validation, which the candidate was chosen by; what goldens say that the search
    never saw is the ``gain``, None where they were too few, with ``verdict`` as its sentence.
    ``cost_usd`` is None where a price is not known. ``contradictions`` are sentences on what it
    forbids, or asks for no longer, that the prompt asks for.
    """

    prompt: str
    location: str
    blob: str
    texts: tuple[TextChange, ...]
    demonstrations: ShownExamples | None
    keys: tuple[KeyChange, ...]
    patch: str
    candidate: str
    origin: str
    note: str
    run: str
    method: str
    model: str
    optimizer_model: str
    before: Share | None
    after: Share | None
    verdict: str
    gain: Gain | None
    calls: Count
    cost_usd: Amount | None
    contradictions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        path = PurePosixPath(self.location)
        if path.is_absolute() or ".." in path.parts or not self.location.endswith(SUFFIXES):
            within = f"the path of a *{SUFFIXES[0]} within the project"
            raise ValueError(f"`location` must be {within}")
        if not _BLOB_ID.fullmatch(self.blob):
            raise ValueError("`blob` must be a git id of 40 hex digits")

    @property
    def id(self) -> str:
        """Depends on what is changed in which file, and not on how well it scores."""
        data = self.to_json()
        content = [data[name] for name in ("prompt", "location", "blob", *_EDIT)]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]

    @property
    def is_proven(self) -> bool:
        """Whether goldens that the search never saw say that it is as good as it has to be."""
        return self.gain is not None and self.gain.interval.low > -self.gain.margin

    def to_json(self) -> dict[str, Any]:
        """The proposal as plain JSON."""
        return {"version": VERSION, **to_json(self)}

    @classmethod
    def from_json(cls, value: Any) -> "Proposal":
        """The inverse of :meth:`to_json`; raises ValueError naming the field that is wrong."""
        if isinstance(value, Mapping) and value.get("version") != VERSION:
            raise ValueError(f"`version` must be {VERSION}; it was written by another release")
        if _HALF_PAIR.search(json.dumps(value, ensure_ascii=False)):
            raise ValueError("a text holds half of a surrogate pair")
        return from_json(cls, value)


_EDIT = ("texts", "demonstrations", "keys", "patch")


def blob_id(content: bytes) -> str:
    """The id that git gives these very bytes in a repository of SHA-1; needs no repository."""
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
