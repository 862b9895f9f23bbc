"""A repository ``acme/shop`` on a loopback server that wants a token, and clones of it."""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.command import CommandError
from pytest_promptopt.proposals.branch import commit_edit
from pytest_promptopt.proposals.remote import Remote
from tests.git_server import GitServer, make_bare
from tests.history.commits import History, git

TOKEN = "ghs_" + "Ab3" * 12
ENCODED = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
HEADER = f"Basic {ENCODED}"
BRANCH = "prompts/a"


class Shop:
    """The repository with two commits on ``main``, ``first`` and ``second``.

    ``on_request`` is called with each request, told whether it is one of a push.
    """

    def __init__(self, folder: Path) -> None:
        self.history = History(folder / "project")
        self.first = self.history.commit("Add", a="old\n")
        self.second = self.history.commit("Go on", a="older\n")
        self.bare = make_bare(self.history.folder, folder / "served", "acme/shop")
        self.on_request: Callable[[bool], None] = lambda _is_push: None
        self.may_read = True
        self.may_push = True
        self.server = GitServer(folder / "served", self._may)
        self._folder = folder

    def _may(self, _name: str, is_push: bool, header: str | None) -> bool:
        self.on_request(is_push)
        return header == HEADER and self.may_read and (self.may_push or not is_push)

    @property
    def url(self) -> str:
        return f"{self.server.url}/acme/shop.git"

    @property
    def remote(self) -> Remote:
        return Remote(url=self.url, token=TOKEN)

    @property
    def headers(self) -> list[str | None]:
        """The ``Authorization`` headers that came, each once."""
        came = (request.headers.get("authorization") for request in self.server.requests)
        return list(dict.fromkeys(came))

    def clone(self, *options: str) -> Path:
        """A clone of the server's branches, which nothing was asked of the server for."""
        path = self._folder / "clone"
        git(self._folder, "clone", "--quiet", *options, self.bare.as_uri(), str(path))
        return path

    def publish(self, *refspecs: str) -> None:
        """Have what the project has on the server."""
        self.history.git("push", "--quiet", str(self.bare), *refspecs)

    def hidden_commit(self) -> str:
        """A new commit on the server, three behind ``main``, that no branch or tag has."""
        commit = self.history.commits(3)
        self.publish("HEAD:refs/pull/1/head")
        return commit

    def on_server(self, *arguments: str) -> str:
        return git(self.bare, *arguments)

    def branch(self) -> str:
        """The commit of :data:`BRANCH` on the server, empty for none."""
        return self.on_server("for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}")

    def hook(self, script: str) -> None:
        """Run this for each push to the server."""
        write_script(self.bare / "hooks/pre-receive", script)


def write_script(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def edit(clone: Path, parent: str, content: bytes = b"new\n") -> str:
    """A commit that follows the parent."""
    return commit_edit(clone, parent, {"a.prompt.yml": content}, "Improve a\n")


def error_of(call: Callable[[], None], kind: type[HistoryError] = HistoryError) -> str:
    """What the error of ``call`` says; neither it nor its causes hold the token."""
    with pytest.raises(kind) as caught:
        call()
    error: BaseException | None = caught.value
    while error is not None:
        reason = error.reason if isinstance(error, CommandError) else ""
        for text in (str(error), repr(error), reason):
            assert TOKEN not in text
            assert ENCODED.rstrip("=") not in text
        error = error.__cause__ or error.__context__
    return str(caught.value)


@contextmanager
def answering(status: int, **headers: str) -> Iterator[tuple[str, list[str | None]]]:
    """Another server, which answers all alike: its URL, and the ``Authorization`` that came."""
    came: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(self.headers.get("Authorization"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
