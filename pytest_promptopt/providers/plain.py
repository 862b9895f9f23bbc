"""A client that asks as the SDKs do, with what they ask through and without the rest of them."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    import httpx2


class StatusError(Exception):
    """The server answered with a status that is no success; ``response`` has been read."""

    def __init__(self, response: "httpx2.Response") -> None:
        super().__init__(f"status {response.status_code}")
        self.response = response


class PlainClient:
    """Posts to below ``address`` through ``http_client``, which it closes.

    Takes the place of an SDK's client. It never tries again and follows nowhere.
    """

    def __init__(
        self, address: str, http_client: "httpx2.AsyncClient", credentials: Mapping[str, str]
    ) -> None:
        self._parts = urlsplit(address)
        self._http_client = http_client
        self._headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": f"pytest-promptopt/{version('pytest-promptopt')}",
            **credentials,
        }

    async def post(self, path: str, *, content: bytes, stream: bool, **_: Any) -> "httpx2.Response":
        """The answer, with ``stream`` before it is read; raises StatusError and httpx2's errors."""
        below = self._parts._replace(path=self._parts.path.rstrip("/") + path)
        request = self._http_client.build_request(
            "POST", urlunsplit(below), content=content, headers=self._headers
        )
        response = await self._http_client.send(request, stream=stream)
        if not response.is_success:
            await response.aread()
            raise StatusError(response)
        return response

    async def close(self) -> None:
        """Close the connections."""
        await self._http_client.aclose()
