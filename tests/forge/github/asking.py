"""Asks a fake GitHub as any client would."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.forge.github_server import FakeGitHub

BEFORE = "".join(f"{number}\n" for number in range(1, 31))
AFTER = BEFORE.replace("3\n", "three\n", 1).replace("27\n", "twenty-seven\n")
PULLS = "/repos/acme/shop/pulls"
PULL = f"{PULLS}/1"
COMMENTS = "/repos/acme/shop/issues/1/comments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    content: Any

    @property
    def words(self) -> str:
        """An error's message and the messages of its parts."""
        errors = self.content.get("errors", ())
        texts = [one if isinstance(one, str) else one.get("message", one) for one in errors]
        return ": ".join([self.content["message"], *map(str, texts)])


@dataclass(slots=True, kw_only=True)
class Client:
    """Asks the fake without knowing anything about it."""

    github: FakeGitHub
    token: str | None

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
    ) -> Reply:
        """Send JSON to a path of the API."""
        url = self.github.api_url + path + (f"?{urlencode(query)}" if query else "")
        return self.send(method, url, None if body is None else json.dumps(body), headers or {})

    def send(self, method: str, url: str, text: str | None, headers: Mapping[str, str]) -> Reply:
        """Send any text to any address."""
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        request = urllib.request.Request(
            url,
            method=method,
            data=None if text is None else text.encode(),
            headers={"User-Agent": "test", **authorization, **headers},
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return _reply(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return _reply(error.code, error.headers, error.read())


def _reply(status: int, headers: Any, content: bytes) -> Reply:
    is_json = headers["Content-Type"].startswith("application/json")
    return Reply(
        status=status,
        headers=dict(headers),
        content=json.loads(content) if is_json else content.decode(),
    )
