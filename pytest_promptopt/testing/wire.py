"""A loopback server that speaks OpenAI's and Anthropic's wire format and misbehaves on demand.

Runs in a thread of its own on one asyncio protocol without any library, so that hundreds of
concurrent connections cost next to nothing.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Literal, Self

Fault = Literal["none", "drop", "cut", "stall", "slow", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server does with one request.

    ``body`` is sent as it is; without one, ``text`` is wrapped as an answer, or ``message``,
    ``code`` and ``param`` as an error where ``status`` is one, in the format of the path asked;
    where a stream is asked for, the answer comes as one, its text in pieces of three characters.
    ``usage`` counts input and output tokens. Faults: ``drop`` closes the connection unanswered,
    ``cut`` closes it after half of the body, ``stall`` says no more after that half, ``slow``
    sends a byte every 50 ms, ``never`` keeps silent.
    """

    text: str = "ok"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    delay_seconds: float = 0.0
    finish_reason: str = ""
    usage: tuple[int, int] = (7, 2)
    message: str = "no"
    code: str | None = None
    param: str | None = None
    fault: Fault = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it arrived; ``number`` counts from 0, header names are in lower case."""

    number: int
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def question(self) -> str:
        """The text of the last message."""
        return str(self.body["messages"][-1]["content"])


Behaviour = Callable[[Received], Reply]


def scripted(replies: Iterable[Reply], *, then: Reply | None = None) -> Behaviour:
    """Replies in order of arrival, and ``then`` (default: a plain answer) to all later requests."""
    listed = tuple(replies)
    last = then or Reply()
    return lambda received: listed[received.number] if received.number < len(listed) else last


class WireServer:
    """The server; a context manager that is up while it is entered.

    ``behaviour`` is called in the server's thread, once a request. ``received`` is in order of
    arrival; ``max_in_flight`` is the most requests that waited for an answer at once.
    ``answered_at`` has the request numbers whose answer was handed to the system whole, and when
    on the monotonic clock, which is the same in all processes of a machine.
    """

    def __init__(self, behaviour: Behaviour | None = None, *, latency_seconds: float = 0.0) -> None:
        self.behaviour: Behaviour = behaviour or (lambda _: Reply())
        self.latency_seconds = latency_seconds
        self.received: list[Received] = []
        self.answered_at: dict[int, float] = {}
        self.connections = 0
        self.in_flight = 0
        self.max_in_flight = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="wire", daemon=True)
        self._is_listening = threading.Event()
        self._transports: set[asyncio.Transport] = set()

    @property
    def url(self) -> str:
        """The address without a path; Anthropic's SDK wants this one."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def openai_url(self) -> str:
        """The address with ``/v1``, as OpenAI's SDK wants it."""
        return f"{self.url}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        self._is_listening.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=1024)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._is_listening.set()
        self._loop.run_forever()
        server.close()
        for transport in tuple(self._transports):
            transport.abort()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


class _Connection(asyncio.Protocol):
    """One keep-alive connection: requests are answered one after another."""

    def __init__(self, server: WireServer) -> None:
        self._server = server
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections += 1
        self._server._transports.add(transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._server._transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        request_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)
        }
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        self._take(request_line.split(" ")[1], headers, rest[:length])

    def _take(self, path: str, headers: Mapping[str, str], content: bytes) -> None:
        server = self._server
        received = Received(
            number=len(server.received),
            path=path,
            headers=headers,
            body=json.loads(content) if content else {},
        )
        server.received.append(received)
        server.in_flight += 1
        server.max_in_flight = max(server.max_in_flight, server.in_flight)
        reply = server.behaviour(received)
        delay = server.latency_seconds + reply.delay_seconds
        if delay:
            server._loop.call_later(delay, self._answer, received, reply)
        else:
            self._answer(received, reply)

    def _answer(self, received: Received, reply: Reply) -> None:
        if reply.fault == "never":
            return
        self._server.in_flight -= 1
        if reply.fault == "drop":
            self._transport.abort()
            return
        head, body = _response(received, reply)
        if reply.fault == "slow":
            self._transport.write(head)
            self._drip(body)
        elif reply.fault in ("cut", "stall"):
            self._transport.write(head + body[: len(body) // 2])
            if reply.fault == "cut":
                self._transport.close()
        elif not self._transport.is_closing():
            self._transport.write(head + body)
            self._server.answered_at[received.number] = time.monotonic()

    def _drip(self, body: bytes) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(body[:1])
        if len(body) > 1:
            self._server._loop.call_later(0.05, self._drip, body[1:])


def _response(received: Received, reply: Reply) -> tuple[bytes, bytes]:
    body, content_type = reply.body, reply.content_type
    if body is None and reply.status < 300 and received.body.get("stream") is True:
        body, content_type = _stream(received, reply), "text/event-stream"
    if body is None:
        content = _error(received, reply) if reply.status >= 300 else _answer(received, reply)
        body = json.dumps(content).encode()
    lines = [
        f"HTTP/1.1 {reply.status} {_phrase(reply.status)}",
        f"content-type: {content_type}",
        f"content-length: {len(body)}",
        *(f"{name}: {value}" for name, value in reply.headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _answer(received: Received, reply: Reply) -> dict[str, Any]:
    input_tokens, output_tokens = reply.usage
    if received.path.endswith("/messages"):
        return {
            "id": f"msg_{received.number}",
            "type": "message",
            "role": "assistant",
            "model": received.body.get("model"),
            "content": [{"type": "text", "text": reply.text}],
            "stop_reason": reply.finish_reason or "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": input_tokens, "output_tokens": output_tokens},
        }
    return {
        "id": f"chatcmpl-{received.number}",
        "object": "chat.completion",
        "created": 0,
        "model": received.body.get("model"),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": reply.text, "refusal": None},
                "finish_reason": reply.finish_reason or "stop",
            }
        ],
        "usage": {
            "prompt_tokens": input_tokens,
            "completion_tokens": output_tokens,
            "total_tokens": input_tokens + output_tokens,
        },
    }


def _stream(received: Received, reply: Reply) -> bytes:
    pieces = [reply.text[start : start + 3] for start in range(0, len(reply.text), 3)]
    whole = _answer(received, reply)
    if received.path.endswith("/messages"):
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}},
            *({"type": "content_block_delta", "delta": {"text": piece}} for piece in pieces),
            {"type": "message_delta", "delta": {"stop_reason": whole["stop_reason"]}},
            {"type": "message_stop"},
        ]
        lines = [
            f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"
            for event in events
        ]
    else:
        usage = whole["usage"] if "stream_options" in received.body else None
        end = {"index": 0, "delta": {}, "finish_reason": whole["choices"][0]["finish_reason"]}
        choices = [[{"index": 0, "delta": {"content": piece}}] for piece in pieces]
        events = [*({"choices": choice} for choice in [*choices, [end]]), {"usage": usage}]
        lines = [f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events] + [
            "data: [DONE]\n\n"
        ]
    return "".join(lines).encode()


def _error(received: Received, reply: Reply) -> dict[str, Any]:
    if received.path.endswith("/messages"):
        return {
            "type": "error",
            "error": {"type": reply.code or "api_error", "message": reply.message},
        }
    return {
        "error": {
            "message": reply.message,
            "type": "invalid_request_error",
            "param": reply.param,
            "code": reply.code,
        }
    }
