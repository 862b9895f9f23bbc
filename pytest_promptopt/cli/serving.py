"""A page served on this machine alone, made anew when what it shows has changed, and a desk."""

import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

from pytest_promptopt.cli.desk import Desk
from pytest_promptopt.errors import PromptoptError, UsageError
from pytest_promptopt.text.terminal import printable

_HOST = "127.0.0.1"
_MOST_BYTES = 10_000
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(slots=True, kw_only=True)
class Served:
    """What is shown: its ``version``, the page of a version, and the ``desk`` for labels of it."""

    version: Callable[[], str]
    render: Callable[[str], str]
    desk: Desk
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
    """Answers with the page, its version and the desk's, and with nothing else."""

    server: PageServer
    server_version = "promptopt"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        """Answer a GET, which changes nothing."""
        served = self.server.served
        try:
            match self._asked():
                case None:
                    return
                case [""]:
                    self._answer(HTTPStatus.OK, served.page(), kind="text/html")
                case ["version"]:
                    self._answer(HTTPStatus.OK, served.version())
                case ["label", id, ""] if (page := served.desk.page(id)) is not None:
                    self._answer(HTTPStatus.OK, page, kind="text/html")
                case ["label", _, "said"]:
                    self._answer(HTTPStatus.METHOD_NOT_ALLOWED, "only the page asks this\n")
                case _:
                    self._answer(HTTPStatus.NOT_FOUND, "there is nothing\n")
        except PromptoptError as error:
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, f"{printable(str(error))}\n")

    def do_POST(self) -> None:
        """Answer a POST, which is a message to the desk."""
        match self._asked():
            case None:
                return
            case ["label", id, "said"]:
                body = self._body()
                reply = None if body is None else self.server.served.desk.reply(id, body)
                if reply is not None:
                    kind = "application/json" if reply.is_state else "text/plain"
                    self._answer(reply.status, reply.text, kind=kind)
                elif body is not None:
                    self._answer(HTTPStatus.NOT_FOUND, "there is nothing\n")
            case _:
                self._answer(HTTPStatus.NOT_FOUND, "there is nothing\n")

    def _asked(self) -> Sequence[str] | None:
        """The parts of the path behind the token; None where that was refused."""
        if not self.server.is_own(self.headers.get("Host")):
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, "another host name was asked for\n")
            return None
        start = f"/{self.server.token}/"
        if not secrets.compare_digest(self.path[: len(start)].encode(), start.encode()):
            self._answer(HTTPStatus.NOT_FOUND, "there is nothing\n")
            return None
        return self.path[len(start) :].split("/")

    def _body(self) -> bytes | None:
        """What the page's script sent; None where something else did, which is told."""
        refused = self._refusal()
        if refused is not None:
            self._answer(*refused)
            return None
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _refusal(self) -> tuple[HTTPStatus, str] | None:
        """Why what was sent is not read.

        A page of elsewhere can send neither the token, which it does not know, nor its header and
        kind without asking first (CORS), which nobody here allows; and browsers tell who sends.
        """
        headers = self.headers
        token = headers.get("X-Promptopt-Token", "")
        if not secrets.compare_digest(token.encode(), self.server.token.encode()):
            return HTTPStatus.FORBIDDEN, "the page's token is missing\n"
        origins = {None, f"http://{headers['Host']}"}
        sites = {None, "same-origin"}
        if headers.get("Origin") not in origins or headers.get("Sec-Fetch-Site") not in sites:
            return HTTPStatus.FORBIDDEN, "a page of elsewhere sent it\n"
        if headers.get_content_type() != "application/json":
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "expected application/json\n"
        length = headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in headers:
            return HTTPStatus.LENGTH_REQUIRED, "expected a Content-Length\n"
        if len(length) > len(str(_MOST_BYTES)) or int(length) > _MOST_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {_MOST_BYTES:,} bytes\n"
        return None

    def _answer(self, status: HTTPStatus, text: str, kind: str = "text/plain") -> None:
        content = text.encode("utf-8", "backslashreplace")
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: the address holds the token."""
