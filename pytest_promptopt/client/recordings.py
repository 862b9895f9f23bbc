"""Answers that are committed beside their prompts, and given again without a model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_promptopt.client.recording_file import (
    AnswerReader,
    LinePlace,
    encode,
    preview,
    read_lines,
    recording_path,
    write,
)
from pytest_promptopt.errors import NotRecordedError
from pytest_promptopt.prompts.json_lines import LONGEST_LINE
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request
from pytest_promptopt.text.secrets import Secrets


@dataclass(slots=True, kw_only=True)
class _Session:
    """What happens to one file while it is recorded."""

    asked: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)
    lines: dict[str, bytes] = field(default_factory=dict)
    drops_unused: bool = False

    def merged(self, path: Path) -> dict[str, bytes]:
        kept = {
            line.fingerprint: line.content
            for line in read_lines(path)
            if line.fingerprint in self.asked
            or not (self.drops_unused and line.model in self.models)
        }
        return kept | self.lines


class Recorder:
    """Writes every answer that passes into the recordings beside the prompt that asked.

    Also an answer from a cache behind it. Files are written by :meth:`flush` and
    :meth:`close`, merged with what they hold. An answer that seems to hold a secret, or
    too much to be read again, is not written, and ``warn`` is told. A request without an origin
    has no place and is not recorded.
    A file with a damaged line raises :class:`~pytest_promptopt.errors.NotRecordedError` before
    anything is asked for it.
    """

    def __init__(
        self, provider: Provider, *, warn: Callable[[str], None], secrets: Secrets | None = None
    ) -> None:
        self._provider = provider
        self._warn = warn
        self._secrets = secrets or Secrets()
        self._sessions: dict[Path, _Session] = {}
        self._told: set[tuple[Path, str]] = set()

    async def complete(self, request: Request) -> Completion:
        """The provider's answer, recorded."""
        if request.origin is None:
            return await self._provider.complete(request)
        path = recording_path(request.origin)
        session = self._session(path)
        fingerprint = request.fingerprint
        session.asked.add(fingerprint)
        session.models.add(str(request.model))
        completion = await self._provider.complete(request)
        line = encode(fingerprint, request, completion)
        if self._may_be_kept(request, completion, line, path):
            session.lines[fingerprint] = line
        return completion

    def discard_unused(self, origin: Path) -> None:
        """Have the next :meth:`flush` remove what this run did not ask its models for.

        For a prompt all of whose requests were asked. Answers by other models stay.
        """
        self._session(recording_path(origin)).drops_unused = True

    def flush(self) -> bool:
        """Write the recordings, and say whether all were; what was not is told to ``warn``."""
        is_whole = True
        for path, session in self._sessions.items():
            try:
                write(path, session.merged(path))
            except (OSError, NotRecordedError) as error:
                is_whole = False
                self._warn(f"the recordings {path} were not written: {error}")
            else:
                session.lines.clear()
        return is_whole

    async def close(self) -> None:
        """Write the recordings, then close the provider."""
        self.flush()
        await self._provider.close()

    def _session(self, path: Path) -> _Session:
        session = self._sessions.get(path)
        if session is None:
            for _ in read_lines(path):
                pass
            session = self._sessions[path] = _Session()
        return session

    def _may_be_kept(
        self, request: Request, completion: Completion, line: bytes, path: Path
    ) -> bool:
        texts = (completion.text, completion.reasoning, preview(request), *completion.notes)
        found = next(filter(None, map(self._secrets.find, texts)), None)
        if len(line) > LONGEST_LINE:
            found = f"more than {LONGEST_LINE >> 20} MiB"
        if found is not None and (path, found) not in self._told:
            self._told.add((path, found))
            self._warn(
                f"{request.origin}: an answer was not recorded, since it or its message seems to "
                f"hold {found}; replay will miss it"
            )
        return found is None


@dataclass(slots=True, kw_only=True)
class _Index:
    """Where the answers of one file stand and by which model, and what was asked for."""

    lines: dict[str, tuple[LinePlace, str]]
    asked: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)

    def unused(self) -> int:
        """How many answers by the models that were asked nothing asked for."""
        return sum(
            model in self.models and fingerprint not in self.asked
            for fingerprint, (_, model) in self.lines.items()
        )


class Replay:
    """Answers from recordings alone: there is no provider behind it, and no connection.

    Files are read when their prompt first asks; answers are read from them one by one. A
    request without recording, or from a damaged file, raises
    :class:`~pytest_promptopt.errors.NotRecordedError`.
    """

    def __init__(self) -> None:
        self._indexes: dict[Path, _Index] = {}
        self._reader = AnswerReader()

    async def complete(self, request: Request) -> Completion:
        """The recorded answer, marked as saved, with a latency of 0."""
        if request.origin is None:
            raise NotRecordedError(f"{request.model}: only what a prompt file asks is recorded")
        path = recording_path(request.origin)
        index = self._index(path)
        fingerprint = request.fingerprint
        index.models.add(str(request.model))
        line = index.lines.get(fingerprint)
        if line is None:
            raise NotRecordedError(
                f"no answer by {request.model} to this request (sample {request.sample}) in "
                f"{path.parent.name}/{path.name}; `pytest --prompt-eval --prompt-responses record` "
                "records it"
            )
        index.asked.add(fingerprint)
        return self._reader.read(path, line[0], fingerprint)

    def unused(self) -> Mapping[Path, int]:
        """How many answers of each recordings file were not asked for; only files with some.

        Of the files of prompts that asked at all, and of the models that were asked.
        """
        counts = {path: index.unused() for path, index in self._indexes.items()}
        return {path: count for path, count in counts.items() if count}

    async def close(self) -> None:
        """Close the file that is open."""
        self._reader.close()

    def _index(self, path: Path) -> _Index:
        index = self._indexes.get(path)
        if index is None:
            lines = {line.fingerprint: (line.place, line.model) for line in read_lines(path)}
            index = self._indexes[path] = _Index(lines=lines)
        return index
