"""One request to GitHub and its answer, or what became of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pytest_promptopt.errors import ForgeError
from pytest_promptopt.forge.address import check_address, check_token
from pytest_promptopt.forge.refusal import shown, words_of

if TYPE_CHECKING:
    import httpx2

TIMEOUT_SECONDS = 30.0
MOST_BYTES = 20_000_000

_VERSION = "2022-11-28"
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request; ``deed`` says in errors what it is to do: "read acme/shop#7".

    ``path`` starts with a slash and is quoted; it counts from the root of the API. ``is_query``
    says of a POST that it changes nothing.
    """

    deed: str
    path: str
    method: str = "GET"
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    is_query: bool = False

    @property
    def is_write(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET" and not self.is_query

    @property
    def is_repeatable(self) -> bool:
        """Whether doing it twice is the same as once."""
        return self.method != "POST" or self.is_query

    @property
    def content(self) -> bytes | None:
        """The body as it is sent."""
        return None if self.body is None else json.dumps(self.body).encode()

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def failed(self, why: str, *, is_refused: bool = False) -> str:
        """The sentence that it was not done; ``why`` begins with who did something else.

        Without ``is_refused`` nobody knows whether it was, which matters if doing it twice does.
        """
        if is_refused or self.is_repeatable:
            return f"Could not {self.deed}: {why}."
        return (
            f"Could not {self.deed} for certain: {why}, and may or may not have done it. Look at "
            "it there before trying again."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeReply:
    """An answer of any status.

    ``said`` is what GitHub says of a request that it refused, safe to show; ``next_page`` is the
    address of the next part of a list. Names of ``headers`` are found in any case.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    said: str
    next_page: str | None


class PassingError(ForgeError):
    """A fault that another try may not meet.

    ``may_repeat`` tells whether a second try can do no harm: GitHub never got the request, or
    doing it twice is the same as once.
    """

    def __init__(self, message: str, *, may_repeat: bool, status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.may_repeat = may_repeat


class Wire:
    """Connections to one API, which alone gets the token. To be closed.

    Raises UsageError where the address or the token cannot be used. The proxies of the
    environment are used, but not for this machine.
    """

    def __init__(self, *, api_url: str, token: str, now: Callable[[], float]) -> None:
        import httpx2

        self._address = check_address(api_url, "the API's address")
        self._token = check_token(token, "the token")
        self._now = now
        self._root = httpx2.URL(self._address)
        self._client = _open_client(self._address, self._token)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, call: Call, at: str | None = None) -> ForgeReply:
        """The answer to ``call``, whatever its status.

        ``at`` is where GitHub sends us for it: a next page or a new place. Raises ForgeError where
        that is elsewhere or the answer is too large, and PassingError where there is none.
        """
        import httpx2

        never_sent = (
            httpx2.ConnectError,
            httpx2.ConnectTimeout,
            httpx2.PoolTimeout,
            httpx2.ProxyError,
        )
        url = self._url(call) if at is None else self._own_url(call, at)
        try:
            with self._client.stream(
                call.method, url, content=call.content, headers=_JSON if call.body else None
            ) as response:
                content = self._read(call, response)
        except httpx2.RequestError as error:
            cause = self._shown(str(error)) or type(error).__name__
            raise self._unanswered(
                call, cause, is_sent=not isinstance(error, never_sent)
            ) from error
        return ForgeReply(
            status=response.status_code,
            headers=response.headers,
            content=content,
            said="" if response.is_success else self._shown(words_of(content)),
            next_page=response.links.get("next", {}).get("url"),
        )

    def _url(self, call: Call) -> "httpx2.URL":
        import httpx2

        return httpx2.URL(self._address + call.target)

    def _own_url(self, call: Call, at: str) -> "httpx2.URL":
        import httpx2

        try:
            url = self._root.join(at)
        except (httpx2.InvalidURL, ValueError):
            url = None
        if url is None or url.origin != self._root.origin or url.userinfo:
            raise ForgeError(
                f"Could not {call.deed}: {self._root.host} sends us to another host, which does "
                "not get the token."
            )
        return url

    def _read(self, call: Call, response: "httpx2.Response") -> bytes:
        # The client's timeout starts anew with each piece that arrives.
        deadline = self._now() + TIMEOUT_SECONDS
        content = bytearray()
        for piece in response.iter_bytes():
            content += piece
            if len(content) > MOST_BYTES:
                raise ForgeError(
                    f"Asked to {call.deed}, GitHub gave an answer of over {MOST_BYTES:,} bytes.",
                    status=response.status_code,
                )
            if self._now() > deadline:
                raise self._unanswered(call, f"not complete after {TIMEOUT_SECONDS:g} s")
        return bytes(content)

    def _unanswered(self, call: Call, cause: str, *, is_sent: bool = True) -> PassingError:
        what = "did not answer" if is_sent else "cannot be reached"
        why = f"{self._root.netloc.decode('ascii')} {what} ({cause})"
        return PassingError(
            call.failed(why, is_refused=not is_sent),
            may_repeat=call.is_repeatable or not is_sent,
        )

    def _shown(self, text: str) -> str:
        return shown(text.replace(self._token, "[token]"))


def _open_client(address: str, token: str) -> "httpx2.Client":
    import httpx2

    # A checked address is plain only on this machine, which no proxy reaches.
    is_plain = address.startswith("http:")
    return httpx2.Client(
        headers={
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": _VERSION,
            "User-Agent": "pytest-promptopt",
        },
        trust_env=not is_plain,
        verify=not is_plain,
        timeout=TIMEOUT_SECONDS,
        follow_redirects=False,
    )
