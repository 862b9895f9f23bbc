"""git over HTTP on loopback: real repositories behind ``git http-backend``."""

import os
import re
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_NAME = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_PATH = re.compile(
    rf"/(?P<repository>{_NAME}/{_NAME})"
    r"/(?P<service>info/refs|git-upload-pack|git-receive-pack)"
)
# As GitHub has them: every commit can be asked for by its id.
_SETTINGS = {
    "http.receivepack": "true",
    "receive.autogc": "false",
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowReachableSHA1InWant": "true",
}

May = Callable[[str, bool, str | None], bool]


def is_git_path(path: str) -> bool:
    """Whether a request for ``path`` is one that :func:`answer_git` answers."""
    return _PATH.fullmatch(urlsplit(path).path) is not None


def answer_git(handler: BaseHTTPRequestHandler, root: Path, may: May) -> None:
    """Answer one request for ``/owner/name.git/…`` from the bare repository there in ``root``.

    ``may`` is asked with ``owner/name``, whether it is a push, and the ``Authorization`` header.
    If it may not, the answer is 401 where there is no such header, else 403. As on GitHub, two
    such headers are refused, and the ``.git`` may be left out.
    """
    body = _body(handler)
    address = urlsplit(handler.path)
    found = _PATH.fullmatch(address.path)
    if found is None:
        _answer(handler, HTTPStatus.NOT_FOUND, {}, b"Not Found")
        return
    is_push = "git-receive-pack" in (found["service"], address.query.removeprefix("service="))
    repository = found["repository"].removesuffix(".git")
    authorizations = handler.headers.get_all("Authorization", [])
    if len(authorizations) > 1:
        _answer(handler, HTTPStatus.BAD_REQUEST, {}, b"Duplicate header: Authorization")
        return
    authorization = authorizations[0] if authorizations else None
    if not may(repository, is_push, authorization):
        _refuse(handler, is_known=authorization is not None)
        return
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **_settings(),
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
        "REQUEST_METHOD": handler.command,
        "PATH_INFO": f"/{repository}.git/{found['service']}",
        "QUERY_STRING": address.query,
        "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
        "REMOTE_ADDR": "127.0.0.1",
    }
    if is_push:
        environment["REMOTE_USER"] = "pusher"
    backend = subprocess.run(
        ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
    )
    head, _, content = backend.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").splitlines() if line)
    status = HTTPStatus(int(headers.pop("Status", "200").split()[0]))
    _answer(handler, status, headers, content)


def make_bare(source: Path, root: Path, name: str) -> Path:
    """A bare copy of the repository ``source``, to be served as ``name``, an ``owner/name``."""
    target = root / f"{name}.git"
    subprocess.run(
        ["git", "clone", "--quiet", "--bare", "--template=", str(source), str(target)], check=True
    )
    return target


@dataclass(frozen=True, slots=True, kw_only=True)
class GitRequest:
    """A request as it arrived; header names are in lower case."""

    path: str
    headers: Mapping[str, str]


class GitServer:
    """A server of the bare repositories in ``root``; up while it is entered.

    ``requests`` are those that arrived, in order, answered or refused.
    """

    def __init__(self, root: Path, may: May = lambda _name, _is_push, _header: True) -> None:
        self.requests: list[GitRequest] = []
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                requests.append(GitRequest(path=self.path, headers=headers))
                answer_git(self, root, may)

            do_POST = do_GET  # noqa: N815 - the name is http.server's

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="git", daemon=True
        )

    @property
    def url(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
    chunks = []
    while size := int(handler.rfile.readline().partition(b";")[0], 16):
        chunks.append(handler.rfile.read(size))
        handler.rfile.readline()
    while handler.rfile.readline().strip():
        pass
    return b"".join(chunks)


def _settings() -> dict[str, str]:
    numbered = list(enumerate(_SETTINGS.items()))
    keys = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in numbered}
    values = {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in numbered}
    return {"GIT_CONFIG_COUNT": str(len(numbered)), **keys, **values}


def _refuse(handler: BaseHTTPRequestHandler, *, is_known: bool) -> None:
    if is_known:
        _answer(handler, HTTPStatus.FORBIDDEN, {}, b"Permission denied")
    else:
        challenge = {"WWW-Authenticate": 'Basic realm="git"'}
        _answer(handler, HTTPStatus.UNAUTHORIZED, challenge, b"Who are you?")


def _answer(
    handler: BaseHTTPRequestHandler,
    status: HTTPStatus,
    headers: Mapping[str, str],
    content: bytes,
) -> None:
    handler.send_response(status)
    for name, value in ({"Content-Type": "text/plain"} | dict(headers)).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)
