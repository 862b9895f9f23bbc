"""HTTP on loopback: reads requests and sends answers."""

import json
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.forge.github.api import Answer
from tests.forge.github.records import Received
from tests.git_server import May, answer_git, is_git_path


class Server(ThreadingHTTPServer):
    """Serves the API with ``answer`` and git from ``folder``.

    ``note`` is told of each request by git, ``fail`` of each error of our own.
    """

    daemon_threads = False
    block_on_close = True

    def __init__(
        self,
        *,
        folder: Path,
        answer: Callable[[Received], Answer],
        may_git: May,
        note: Callable[[Received], None],
        fail: Callable[[str], None],
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.answer = answer
        self.may_git = may_git
        self.note = note
        self.fail = fail
        self._connections: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), name="github")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and close what is still connected."""
        self.shutdown()
        self._thread.join()
        for connection in tuple(self._connections):
            drop(connection)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            self.fail("".join(traceback.format_exception(error)))
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection, on which requests are answered one after another."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def _take(self) -> None:
        address = urlsplit(self.path)
        if is_git_path(self.path):
            self.server.note(self._received(address.path, dict(parse_qsl(address.query)), None))
            answer_git(self, self.server.folder, self.server.may_git)
            return
        content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        self._send(self.server.answer(self._received(address.path, query, _body(content))))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _take  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _received(self, path: str, query: dict[str, str], body: object) -> Received:
        return Received(
            method=self.command,
            path=path,
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            status=None,
            at_seconds=time.monotonic(),
        )

    def _send(self, answer: Answer) -> None:
        if answer.is_dropped:
            self.close_connection = True
            drop(self.connection)
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)


def drop(connection: socket.socket) -> None:
    """Close a connection without a word."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The other side was faster.
        return


def _body(content: bytes) -> object:
    """The JSON, None where there is none, and the bytes where they are no JSON."""
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content
