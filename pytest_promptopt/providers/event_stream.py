"""An answer that arrives in pieces: server-sent events, put together to what would come at once."""

from collections.abc import AsyncIterable, AsyncIterator, Mapping
from typing import Any, Protocol

from pytest_promptopt.providers.wire import Asked, read_object, unexpected

_END = b"[DONE]"


class Assembly(Protocol):
    """What the events of one stream come to."""

    def add(self, event: Mapping[str, Any]) -> None:
        """Take the next event; raises ProviderError where it is none of an answer."""
        ...

    @property
    def is_whole(self) -> bool:
        """Whether the answer came to its end."""
        ...

    def content(self) -> dict[str, Any]:
        """The JSON object that the same answer is where it does not arrive in pieces."""
        ...


async def read_stream(
    asked: Asked, chunks: AsyncIterable[bytes], assembly: Assembly
) -> dict[str, Any]:
    """The answer in a stream; raises ProviderError for one that fails or ends before it."""
    async for data in _events(chunks):
        assembly.add(read_object(asked, data, "text/event-stream"))
    if not assembly.is_whole:
        raise unexpected(asked, "a stream that ends in the middle")
    return assembly.content()


async def _events(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The data of each event: a line, since none of these servers breaks its JSON."""
    async for line in _lines(chunks):
        data = line.removeprefix(b"data:").strip()
        if data == _END:
            return
        if data and line.startswith(b"data:"):
            yield data


async def _lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Ended by a line feed alone: U+2028 and the like may stand in JSON."""
    begun: list[bytes] = []
    async for chunk in chunks:
        first, *others = chunk.split(b"\n")
        begun.append(first)
        for following in others:
            yield b"".join(begun)
            begun = [following]
    yield b"".join(begun)
