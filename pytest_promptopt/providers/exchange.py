"""One question and its answer over HTTP, as either SDK would ask it."""

import asyncio
import errno
import functools
import ipaddress
import json
import os
import re
import socket
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard
from urllib.parse import urlsplit

from pytest_promptopt.errors import (
    NotConfiguredError,
    ProviderError,
    RefusedError,
    TransientError,
    UnreachableError,
)
from pytest_promptopt.providers.adaptation import Adaptations
from pytest_promptopt.providers.connections import ClientPool
from pytest_promptopt.providers.event_stream import Assembly, read_stream
from pytest_promptopt.providers.key_filter import KeyFilter
from pytest_promptopt.providers.keys import find_key
from pytest_promptopt.providers.request import Model
from pytest_promptopt.providers.settings import ProviderSettings
from pytest_promptopt.providers.wire import (
    Asked,
    error_of_status,
    read_object,
    read_refusal,
)

if TYPE_CHECKING:
    import httpx2

_SHORTEST_SECRET = 16
_STREAM = "stream"
_STREAMS = re.compile(r"\bstream", re.IGNORECASE)
# What a server answers that does not stream, or that is none.
_AT_ONCE = re.compile("json|html", re.IGNORECASE)
_UNREACHABLE = {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH}

Assemble = Callable[[Asked], Assembly]


class SdkClient(Protocol):
    """What both SDKs' asynchronous clients have in common, and the plain one."""

    async def post(self, path: str, *, cast_to: Any, content: bytes, stream: bool) -> Any:
        """Send a POST; ``cast_to`` says what comes back, with ``stream`` before it is read."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What an SDK's client is opened with; without ``key`` it must send none."""

    address: str
    key_variable: str | None
    key: str | None = field(repr=False)
    http_client: "httpx2.AsyncClient"
    timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sdk:
    """How calls are sent: through an SDK, or as it would.

    The errors are what its clients raise for a status, which has the ``response``, for a timeout
    and for a connection.
    """

    open_client: Callable[[Opening], SdkClient]
    status_error: type[Exception]
    timeout_error: type[Exception]
    connection_error: type[Exception]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A kind of server as the exchange uses it.

    ``fixed`` are the members of a body that are never left out, ``streaming`` those that ask for
    the answer as it is written. ``credentials`` are the headers that make an address know who
    asks. Settings in the environment have names that begin with ``prefix``: all but ``variables``
    are left to the SDK, which ``load_sdk`` loads.
    """

    address: str
    path: str
    fixed: frozenset[str]
    streaming: Mapping[str, Any] = field(default_factory=dict)
    credentials: Callable[[Opening], Mapping[str, str]]
    prefix: str
    variables: frozenset[str]
    load_sdk: Callable[[], Sdk]

    def sdk(self, key_variable: str | None) -> Sdk:
        """How an address is asked whose key is in that variable: mostly without the SDK.

        Loading that takes as long as hundreds of calls. It is done where the environment has more
        for it than is read here; all of that is meant for no other host.
        """
        others = os.environ.keys() - self.variables
        has_more = any(name.startswith(self.prefix) for name in others)
        is_own = key_variable in self.variables
        return self.load_sdk() if is_own and has_more else self._plain()

    def _plain(self) -> Sdk:
        import httpx2

        from pytest_promptopt.providers.plain import PlainClient, StatusError

        return Sdk(
            open_client=lambda opening: PlainClient(
                opening.address, opening.http_client, self.credentials(opening)
            ),
            status_error=StatusError,
            timeout_error=httpx2.TimeoutException,
            connection_error=httpx2.TransportError,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A successful answer: its JSON object, and what the call was like."""

    asked: Asked
    content: dict[str, Any]
    headers: Mapping[str, str]
    latency_seconds: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Endpoint:
    address: str
    key_variable: str | None
    key: str | None = field(repr=False)
    sdk: Sdk
    pool: ClientPool[SdkClient]

    def asked(self, model: Model) -> Asked:
        return Asked(
            model=model, address=self.address, key_variable=self.key_variable, key=self.key
        )


class Exchange:
    """Sends bodies to any number of addresses and keys, and translates what comes back.

    Nothing is retried below: whether to try again is decided by who asks. Only parameters
    that a server refuses are adapted here, because nobody above knows the wire format.
    """

    def __init__(self, settings: ProviderSettings, service: Service) -> None:
        self._settings = settings
        self._service = service
        self._adaptations = Adaptations()
        self._endpoints: dict[tuple[str | None, str | None], _Endpoint] = {}
        self._log_filters: dict[str, KeyFilter] = {}

    async def post(
        self,
        model: Model,
        body: Mapping[str, Any],
        *,
        optional: frozenset[str] = frozenset(),
        assemble: Assemble | None = None,
    ) -> Reply:
        """The answer to ``body``, of which ``optional`` may be left out although it is fixed.

        With ``assemble`` it is asked for as it is written, if the server does that; the reply is
        the same. Raises NotConfiguredError before anything is sent if the key is missing, else
        RefusedError or TransientError.
        """
        endpoint = self._endpoint(model)
        asked = endpoint.asked(model)
        while True:
            adaptable = body.keys() - (self._service.fixed - optional)
            adapted = self._adaptations.apply(model, body, adaptable)
            streaming = self._streaming(model) if assemble is not None else {}
            started = time.perf_counter()
            try:
                response, content = await self._send(
                    endpoint, asked, {**adapted.body, **streaming}, assemble
                )
            except endpoint.sdk.status_error as error:
                refused: Any = error
                sent = (adaptable & adapted.body.keys()) | streaming.keys()
                if self._has_learned(model, sent, refused.response):
                    continue
                raise _status_error(asked, refused.response) from error
            return Reply(
                asked=asked,
                content=_without_key(content, asked),
                headers=response.headers,
                latency_seconds=time.perf_counter() - started,
                notes=adapted.notes,
            )

    async def close(self) -> None:
        """Close all connections."""
        for endpoint in self._endpoints.values():
            await endpoint.pool.close()
        for log_filter in self._log_filters.values():
            log_filter.remove()

    def _streaming(self, model: Model) -> Mapping[str, Any]:
        """What asks the model for a stream, as far as it is known to accept that."""
        asking = self._service.streaming
        known = self._adaptations.apply(model, asking, asking.keys()).body
        return known if _STREAM in known else {}

    async def _send(
        self,
        endpoint: _Endpoint,
        asked: Asked,
        body: Mapping[str, Any],
        assemble: Assemble | None,
    ) -> tuple["httpx2.Response", dict[str, Any]]:
        import httpx2

        from pytest_promptopt.providers.bounded import TooLargeError

        model = asked.model
        content = _encode(model, body)
        seconds = self._settings.timeout_seconds
        try:
            with endpoint.pool.client() as client:
                # The SDK's timeout starts anew with each byte that arrives.
                async with asyncio.timeout(seconds):
                    response = await client.post(
                        self._service.path,
                        cast_to=httpx2.Response,
                        content=content,
                        stream=assemble is not None,
                    )
                    return response, await _read(asked, response, assemble)
        except (TimeoutError, endpoint.sdk.timeout_error, httpx2.TimeoutException) as error:
            raise TransientError(
                f"{model}: {endpoint.address} did not answer within {seconds:g} s"
            ) from error
        except TooLargeError as error:
            raise RefusedError(f"{model}: {endpoint.address} sent {error}") from error
        except httpx2.InvalidURL as error:
            raise NotConfiguredError(
                f"{model}: {endpoint.address!r} is no address ({error}): mend the base URL"
            ) from error
        except (endpoint.sdk.connection_error, httpx2.TransportError) as error:
            nobody = _unreachable(error)
            if nobody:
                raise UnreachableError(
                    f"{model}: is the server running at {endpoint.address}? {nobody}"
                ) from error
            raise TransientError(
                f"{model}: the connection to {endpoint.address} failed "
                f"({asked.shown(_cause(error))})"
            ) from error

    def _has_learned(
        self, model: Model, adaptable: Collection[str], response: "httpx2.Response"
    ) -> bool:
        if response.status_code not in (400, 422):
            return False
        refusal = read_refusal(response.content)
        if self._adaptations.learn(model, adaptable, refusal):
            return True
        # However it is worded, an answer that is not streamed is as good.
        is_about_streams = _STREAMS.search(f"{refusal.parameter} {refusal.message}")
        if _STREAM not in adaptable or not is_about_streams:
            return False
        self._adaptations.leave_out(model, _STREAM)
        return True

    def _endpoint(self, model: Model) -> _Endpoint:
        route = model.base_url, model.key_variable
        if route not in self._endpoints:
            self._endpoints[route] = self._open(model)
        return self._endpoints[route]

    def _open(self, model: Model) -> _Endpoint:
        found = find_key(model, self._settings.environ)
        variable, key = found or (None, None)
        address = model.base_url or self._service.address
        timeout_seconds = self._settings.timeout_seconds
        sdk = self._service.sdk(variable)

        def open_client() -> SdkClient:
            client = sdk.open_client(
                Opening(
                    address=address,
                    key_variable=variable,
                    key=key,
                    http_client=_http_client(address, timeout_seconds),
                    timeout_seconds=timeout_seconds,
                )
            )
            if _is_secret(key) and key not in self._log_filters:
                self._log_filters[key] = KeyFilter(key)
            return client

        return _Endpoint(
            address=address,
            key_variable=variable,
            key=key,
            sdk=sdk,
            pool=ClientPool(open_client),
        )


async def _read(
    asked: Asked, response: "httpx2.Response", assemble: Assemble | None
) -> dict[str, Any]:
    content_type = response.headers.get("content-type", "")
    try:
        if assemble is None or _AT_ONCE.search(content_type):
            return read_object(asked, await response.aread(), content_type)
        return await read_stream(asked, response.aiter_bytes(), assemble(asked))
    finally:
        await response.aclose()


def _without_key(content: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """An answer that repeats the key, however escaped, must not carry it into cache or report."""
    key = asked.key
    if not _is_secret(key) or key not in json.dumps(content, ensure_ascii=False):
        return content
    replaced: dict[str, Any] = _replaced(content, key)
    return replaced


def _is_secret(key: str | None) -> TypeGuard[str]:
    """Whether it is no dummy such as ``ollama``, which may well be a word of an honest answer."""
    return key is not None and len(key) >= _SHORTEST_SECRET


def _replaced(value: Any, key: str) -> Any:
    match value:
        case str():
            return value.replace(key, "[key]")
        case dict():
            return {
                name.replace(key, "[key]"): _replaced(item, key) for name, item in value.items()
            }
        case list():
            return [_replaced(item, key) for item in value]
        case _:
            return value


def _status_error(asked: Asked, response: "httpx2.Response") -> ProviderError:
    return error_of_status(
        asked,
        response.status_code,
        response.headers,
        read_refusal(response.content),
        now=time.time(),
    )


def _encode(model: Model, body: Mapping[str, Any]) -> bytes:
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        # Half a surrogate pair, where an answer was cut off in an emoji, becomes U+FFFD.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    except (TypeError, ValueError) as error:
        raise RefusedError(
            f"{model}: the messages or parameters hold something that JSON cannot carry "
            f"({type(error).__name__}): look for NaN or infinity"
        ) from error


def _unreachable(error: BaseException | None) -> str:
    """Why nobody can be reached; empty where that is not what failed."""
    if isinstance(error, BaseExceptionGroup):
        return _unreachable(error.exceptions[0])
    if isinstance(error, socket.gaierror):
        return str(error.strerror)
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return os.strerror(error.errno)
    return _unreachable(error.__cause__ or error.__context__) if error is not None else ""


def _cause(error: BaseException) -> str:
    cause = error.__cause__ or error
    return str(cause) or type(cause).__name__


def _http_client(address: str, timeout_seconds: float) -> "httpx2.AsyncClient":
    import httpx2

    from pytest_promptopt.providers.bounded import UNPACKED, bound

    is_plain_loopback = urlsplit(address).scheme == "http" and _is_loopback(address)
    try:
        return httpx2.AsyncClient(
            # A proxy of the environment cannot reach this machine's own loopback.
            trust_env=not is_plain_loopback,
            verify=False if is_plain_loopback else _tls_context(),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None),
            timeout=timeout_seconds,
            follow_redirects=False,
            headers=UNPACKED,
            event_hooks={"response": [bound]},
        )
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        # What it says could have the proxy's password.
        raise NotConfiguredError(
            f"{address} is asked through the proxy of the environment (HTTP_PROXY, HTTPS_PROXY or "
            f"ALL_PROXY), which cannot be used ({type(error).__name__}): give one that begins with "
            "http://, install socksio for one with socks5://, or name the host in NO_PROXY"
        ) from error


@functools.cache
def _tls_context() -> Any:
    import httpx2

    return httpx2.create_ssl_context()


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
