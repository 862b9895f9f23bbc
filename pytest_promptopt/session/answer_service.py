"""One owner of calls: other processes ask it for answers.

It listens on loopback; who connects must first send the random key that was handed out in
``workerinput``. What goes over the wire is JSON, a line a message.
"""

import asyncio
import contextlib
import hmac
import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pytest_promptopt.codec import from_json, to_json
from pytest_promptopt.errors import (
    BudgetError,
    NotConfiguredError,
    NotRecordedError,
    ProviderError,
    RefusedError,
    TransientError,
)
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request

_LONGEST_LINE = 64 * 1024 * 1024
_ERRORS: dict[str, type[ProviderError]] = {
    kind.__name__: kind
    for kind in (
        BudgetError,
        NotConfiguredError,
        NotRecordedError,
        ProviderError,
        RefusedError,
        TransientError,
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the controller listens, and the key that opens it."""

    port: int
    key: str = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """For ``workerinput``."""
        return {"port": self.port, "key": self.key}


class AnsweringService:
    """Answers the workers' requests with the controller's client.

    ``was_sent`` tells whether the answer to the request of a fingerprint was asked for in this run:
    what the controller asked ahead is kept, but was not kept before.
    """

    def __init__(
        self, provider: Provider, was_sent: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._provider = provider
        self._was_sent = was_sent
        self._key = secrets.token_hex(32)
        self._server: asyncio.Server | None = None

    async def start(self) -> Address:
        """Listen, and say where."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_LONGEST_LINE)
        port: int = self._server.sockets[0].getsockname()[1]
        return Address(port=port, key=self._key)

    async def close(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        key = await reader.readline()
        tasks: set[asyncio.Task[None]] = set()
        if hmac.compare_digest(key.strip(), self._key.encode()):
            while line := await reader.readline():
                task = asyncio.ensure_future(self._answer(json.loads(line), writer))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        for task in tasks:
            task.cancel()
        writer.close()

    async def _answer(self, message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        reply: dict[str, Any] = {"id": message["id"]}
        try:
            request = from_json(Request, message["request"])
            completion = await self._provider.complete(request)
            is_saved = completion.saved and not self._was_sent(request.fingerprint)
            reply |= {"completion": completion.to_json(), "saved": is_saved}
        except ProviderError as error:
            kind = type(error).__name__
            reply["error"] = [kind, error.message, error.status, error.attempts]
        except Exception as error:
            # The worker waits for an answer: it must learn of a defect too.
            reply["error"] = ["ProviderError", f"{type(error).__name__}: {error}", None, 1]
            raise
        finally:
            with contextlib.suppress(ConnectionError):
                writer.write(json.dumps(reply).encode() + b"\n")
                await writer.drain()


class ControllerProvider:
    """A provider that has the controller answer."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._connecting: asyncio.Task[asyncio.StreamWriter] | None = None
        self._reading: asyncio.Task[None] | None = None

    async def complete(self, request: Request) -> Completion:
        """The controller's answer, or its error."""
        writer = await self._connected()
        number = next(self._numbers)
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply
        message = {"id": number, "request": to_json(request)}
        writer.write(json.dumps(message).encode() + b"\n")
        try:
            return _read(await reply)
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        """Disconnect."""
        if self._reading is not None:
            self._reading.cancel()
        if self._connecting is not None:
            (await self._connecting).close()

    async def _connected(self) -> asyncio.StreamWriter:
        if self._connecting is None:
            self._connecting = asyncio.ensure_future(self._connect())
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> asyncio.StreamWriter:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._address.port, limit=_LONGEST_LINE
        )
        writer.write(self._address.key.encode() + b"\n")
        self._reading = asyncio.ensure_future(self._read_replies(reader))
        return writer

    async def _read_replies(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                message = json.loads(line)
                reply = self._waiting.get(message["id"])
                if reply is not None and not reply.done():
                    reply.set_result(message)
        for reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(ProviderError("the controlling pytest process has gone"))


def _read(message: dict[str, Any]) -> Completion:
    if "error" in message:
        raise _error(*message["error"])
    return Completion.from_json(message["completion"], saved=message["saved"])


def _error(kind: str, message: str, status: int | None, attempts: int) -> ProviderError:
    return _ERRORS.get(kind, ProviderError)(message, status=status, attempts=attempts)
