"""The journal of a search: all that it paid for and decided, in a file that it can go on from.

One JSON object a line. The first names the inputs of the search; ``call`` lines hold answers by
the fingerprint of their request; the others tell what was decided. To resume is to run the same
search again: it is deterministic, its answers come from the journal as far as that goes, and
what was written already is not written twice.
"""

import json
import os
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pytest_promptopt.codec import Number, from_json, to_json
from pytest_promptopt.errors import (
    BudgetError,
    NotConfiguredError,
    NotRecordedError,
    ProviderError,
    UsageError,
)
from pytest_promptopt.optimization.allowance import Allowance, Role
from pytest_promptopt.prompts.files import open_file
from pytest_promptopt.prompts.json_lines import LONGEST_LINE, JsonLine, json_lines
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request

VERSION = 1

Kept = TypeVar("Kept")

_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "run": {"inputs": str},
    "call": {"fingerprint": str, "role": str},
    "noted": {"name": str, "value": Any},
    "splits": {"validation": list[str]},
    "headroom": {"sentence": str},
    "round": {"number": int, "parents": list[str]},
    "proposed": {"candidate": str, "origin": str},
    "refused": {"candidate": str, "origin": str},
    "unparsed": {"meta": str, "reason": str},
    "raced": {"scores": dict[str, Number | None], "joined": list[str]},
    "chosen": {"candidate": str | None},
    "verdict": {"sentence": str},
    "ended": {"reason": str},
}
"""What whoever reads a journal builds on."""

# What the next run may not meet is no result of this one.
_NOT_KEPT = (BudgetError, NotConfiguredError, NotRecordedError)


class Journal:
    """The journal at a path; lines are appended, never changed.

    A line reaches the system before the next call goes out, so that it outlives the process;
    decisions are also forced to the disk. A torn last line is dropped.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._answers: dict[str, Mapping[str, Any]] = {}
        self._told: deque[Mapping[str, Any]] = deque()
        self._inputs: str | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(descriptor, "ab+")
        self._read()

    @property
    def path(self) -> Path:
        """Where the journal is."""
        return self._path

    def begin(self, inputs: str, about: Mapping[str, str] = MappingProxyType({})) -> None:
        """Start, or go on with, the search that has these ``inputs``.

        ``about`` tells people what is searched for. Raises :class:`UsageError` where the journal
        is that of other inputs.
        """
        if self._inputs is None:
            self._inputs = inputs
            line = {"event": "run", "version": VERSION, "inputs": inputs, **about}
            self._append(line, is_forced=True)
        elif self._inputs != inputs:
            raise UsageError(
                f"{self._path} is the journal of other inputs (the prompt, its goldens, the "
                "settings or the models have changed); delete it to start again"
            )

    def answer(self, fingerprint: str) -> Completion | ProviderError | None:
        """What was answered to the request, saved if the cache had it; None if not known."""
        line = self._answers.get(fingerprint)
        if line is None:
            return None
        if "error" in line:
            return ProviderError(line["error"])
        return Completion.from_json(line["completion"], saved=bool(line.get("saved")))

    def keep(
        self,
        fingerprint: str,
        answer: Completion | ProviderError,
        *,
        role: Role,
        about: Mapping[str, Any],
    ) -> None:
        """Append an answer, or the error in its place."""
        line: dict[str, Any] = {"event": "call", "role": role, **about, "fingerprint": fingerprint}
        if isinstance(answer, ProviderError):
            line["error"] = answer.message
        else:
            line["completion"] = answer.to_json()
            line |= {"saved": True} if answer.saved else {}
        self._answers[fingerprint] = line
        self._append(line, is_forced=False)

    def tell(self, event: str, **facts: Any) -> None:
        """Append what was decided, unless it stands there from the run before.

        What stands there may tell less: an earlier version wrote it.
        """
        line = json.loads(json.dumps({"event": event, **facts}))
        if self._told and self._told[0].items() <= line.items():
            self._told.popleft()
            return
        self._told.clear()
        self._append(line, is_forced=event != "scored")

    def once(self, name: str, kind: type[Kept], value: Callable[[], Kept]) -> Kept:
        """What ``value`` gave when the search first came here; raises :class:`UsageError`."""
        if self._told and self._told[0]["event"] == "noted" and self._told[0]["name"] == name:
            try:
                return from_json(kind, self._told.popleft()["value"])
            except ValueError as error:
                raise UsageError(
                    f"{self._path}: its `{name}` is damaged ({error}); delete the file to start "
                    "again"
                ) from error
        found = value()
        self.tell("noted", name=name, value=to_json(found))
        return found

    def forget_errors(self) -> None:
        """Have the requests that brought errors asked again by whoever opens the journal next."""
        self._append({"event": "errors forgotten"}, is_forced=True)

    def close(self) -> None:
        """Close the file; may be repeated."""
        self._file.close()

    def _read(self) -> None:
        self._file.seek(0)
        for line in json_lines(self._file):
            if line.is_torn:
                self._file.truncate(line.offset)
                return
            try:
                self._take(_event(line))
            except ValueError as error:
                self._file.close()
                raise UsageError(
                    f"{self._path}:{line.number}: not a line of a journal ({error}); delete the "
                    "file to start again"
                ) from error

    def _take(self, line: Mapping[str, Any]) -> None:
        match line["event"]:
            case "run":
                self._inputs = line["inputs"]
            case "call":
                self._answers[line["fingerprint"]] = line
            case "errors forgotten":
                self._answers = {k: v for k, v in self._answers.items() if "error" not in v}
                self._told.clear()
            case _:
                self._told.append(line)

    def _append(self, line: Mapping[str, Any], *, is_forced: bool) -> None:
        encoded = json.dumps(line, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if len(encoded) >= LONGEST_LINE:
            # It could not be read again.
            return
        self._file.write(encoded + b"\n")
        self._file.flush()
        if is_forced:
            os.fsync(self._file.fileno())


def read_journal(path: Path) -> list[Mapping[str, Any]]:
    """The lines of a journal, a torn last one left out; raises OSError, :class:`UsageError`."""
    events = []
    with open_file(path) as file:
        for line in json_lines(file):
            try:
                if not line.is_torn:
                    events.append(_event(line))
            except ValueError as error:
                raise UsageError(
                    f"{path}:{line.number}: not a line of a journal ({error})"
                ) from error
    return events


def _event(line: JsonLine) -> Mapping[str, Any]:
    """What the line tells, with the fields that its event has; raises ValueError."""
    told = line.value()
    if not isinstance(told, Mapping) or not isinstance(told.get("event"), str):
        raise ValueError("no `event`")
    wanted = _FIELDS.get(told["event"], {})
    if told["event"] == "call" and "error" in told:
        wanted = {**wanted, "error": str}
    for name, kind in wanted.items():
        try:
            from_json(kind, told[name])
        except (KeyError, ValueError):
            raise ValueError(f"no valid `{name}`") from None
    if told["event"] == "call" and "error" not in told:
        Completion.from_json(told.get("completion"))
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Journaled:
    """Answers from the journal, else from the provider, and enters all in journal and allowance.

    ``about`` says in the journal what a call was for.
    """

    provider: Provider
    journal: Journal
    allowance: Allowance
    role: Role
    about: Mapping[str, Any] = field(default_factory=dict)

    async def complete(self, request: Request) -> Completion:
        """The answer; an error that is in the journal is raised again."""
        fingerprint = request.fingerprint
        answer = self.journal.answer(fingerprint)
        if answer is None:
            answer = await self._asked(request)
            self.journal.keep(fingerprint, answer, role=self.role, about=self.about)
        self.allowance.took(self.role, answer)
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    async def close(self) -> None:
        """Close the provider."""
        await self.provider.close()

    async def _asked(self, request: Request) -> Completion | ProviderError:
        # Without an origin: answers of a search are no recordings of the prompt.
        asked = replace(request, origin=None)
        try:
            return await self.provider.complete(asked)
        except _NOT_KEPT as error:
            self.allowance.took(self.role, error)
            raise
        except ProviderError as error:
            return error
