"""A bound on how much a server may answer."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

MOST_BYTES = 32 * 1024 * 1024
"""Of one answer. The longest real ones have less than a thirtieth of that."""

UNPACKED = {"Accept-Encoding": "identity"}
"""Answers are small, and what comes packed can be a thousand times as large."""


class TooLargeError(Exception):
    """The server sends more than an answer can have; says how much or in which packing."""


class BoundedStream(httpx2.AsyncByteStream):
    """Passes the bytes of ``stream`` on until they are too many."""

    def __init__(self, stream: "AsyncIterable[bytes]") -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        count = 0
        async for chunk in self._stream:
            count += len(chunk)
            if count > MOST_BYTES:
                raise TooLargeError(f"more than {MOST_BYTES >> 20} MiB")
            yield chunk

    async def aclose(self) -> None:
        """Close the stream."""
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()


async def bound(response: httpx2.Response) -> None:
    """Hold ``response``, whose body is not read yet, to the bound.

    Raises :class:`TooLargeError` where it comes packed, which nobody asked for.
    """
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in {"", "identity"}:
        raise TooLargeError(f"an answer packed with {packing[:40]}, which was not asked for")
    response.stream = BoundedStream(response.stream)  # type: ignore[arg-type]
