"""A page served on this machine alone, made anew when what it shows has changed."""

import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

from pytest_promptopt.errors import PromptoptError, UsageError

_HOST = "127.0.0.1"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(slots=True, kw_only=True)
class Served:
    """What is shown: its ``version``, and the page of a version."""

    version: Callable[[], str]
    render: Callable[[str], str]
    _made: tuple[str, str] = ("", "")
    _lock: Lock = field(default_factory=Lock)

    def page(self) -> str:
        """The page of now, made once a version."""
        with self._lock:
            version = self.version()
            if self._made[0] != version:
                self._made = (version, self.render(version))
            return self._made[1]


class PageServer(ThreadingHTTPServer):
    """Serves the page on loopback, under a path that nobody can guess.

    Requests that name another host are refused: a page of elsewhere whose name leads to this
    machine (DNS rebinding) sees nothing. Raises UsageError where the port cannot be had.
    """

    daemon_threads = True

    def __init__(self, served: Served, port: int = 0) -> None:
        self.served = served
        self.token = secrets.token_urlsafe(16)
        try:
            super().__init__((_HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise UsageError(
                f"port {port} cannot be had ({why}); leave it out for one that is free"
            ) from error

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing where the browser went away meanwhile, as it does when a page is reloaded."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{_HOST}:{self.server_port}/{self.token}/"

    def is_own(self, host: str | None) -> bool:
        """Whether a browser that was given our address asks."""
        return host in {f"{name}:{self.server_port}" for name in (_HOST, "localhost")}


class _Handler(BaseHTTPRequestHandler):
    """Answers with the page or its version, and with nothing else."""

    server: PageServer
    server_version = "promptopt"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer a GET."""
        if not self.server.is_own(self.headers.get("Host")):
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, "another host name was asked for\n")
            return
        start = f"/{self.server.token}/"
        is_known = secrets.compare_digest(self.path[: len(start)].encode(), start.encode())
        try:
            match self.path[len(start) :] if is_known else "?":
                case "":
                    self._answer(HTTPStatus.OK, self.server.served.page(), kind="html")
                case "version":
                    self._answer(HTTPStatus.OK, self.server.served.version())
                case _:
                    self._answer(HTTPStatus.NOT_FOUND, "there is nothing\n")
        except PromptoptError as error:
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, f"{error}\n")

    def _answer(self, status: HTTPStatus, text: str, kind: str = "plain") -> None:
        content = text.encode("utf-8", "backslashreplace")
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"text/{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: the address holds the token."""
