"""Requests, and a provider that is told what to do."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pytest_promptopt.messages import Message
from pytest_promptopt.providers.request import Completion, Model, Request, Usage

MINI = Model(provider="openai", name="gpt-5-mini")


def ask(
    text: str = "Hello?",
    *,
    model: Model = MINI,
    sample: int = 0,
    origin: Path | None = None,
    **parameters: Any,
) -> Request:
    return Request(
        model=model,
        messages=(Message(role="user", content=text),),
        parameters=parameters,
        sample=sample,
        origin=origin,
    )


def answer(text: str = "Hello.", **fields: Any) -> Completion:
    fields.setdefault("usage", Usage(input_tokens=7, output_tokens=2))
    return Completion(text=text, **fields)


class Answering:
    """Echoes the last message, or does what ``behave`` does; remembers what it was asked."""

    def __init__(self, behave: Callable[[Request], Awaitable[Completion]] | None = None) -> None:
        self.asked: list[str] = []
        self.closed = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self._behave = behave

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request.messages[-1].content)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self._behave is not None:
                return await self._behave(request)
            return answer(f"re: {request.messages[-1].content}")
        finally:
            self.in_flight -= 1

    async def close(self) -> None:
        self.closed += 1


def failing(*errors: Exception) -> Answering:
    """Raises the errors, one a call, then answers."""
    left = list(errors)

    async def behave(request: Request) -> Completion:
        if left:
            raise left.pop(0)
        return answer()

    return Answering(behave)


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.naps: list[float] = []

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)
