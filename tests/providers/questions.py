"""Requests to ask in these tests, and asking them once."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pytest_promptopt.messages import Message
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Model, Request
from pytest_promptopt.providers.settings import ProviderSettings

KEY = "sk-test-1234567890abcdef"
KEY_VARIABLES = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")


class Watched:
    """What was told of the answer, and of the reasoning beside it."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.reasoning = ""

    def tell(self, text: str, *, is_reasoning: bool = False) -> None:
        if is_reasoning:
            self.reasoning += text
        else:
            self.pieces.append(text)


def settings(root: Path = Path(), **changes: Any) -> ProviderSettings:
    return ProviderSettings(
        **{
            "root": root,
            "environ": dict.fromkeys(KEY_VARIABLES, KEY),
            "timeout_seconds": 5.0,
            **changes,
        }
    )


def openai_model(base_url: str, *, key_variable: str | None = "OPENAI_API_KEY") -> Model:
    return Model(provider="openai", name="gpt-x", base_url=base_url, key_variable=key_variable)


def anthropic_model(base_url: str, *, key_variable: str | None = "ANTHROPIC_API_KEY") -> Model:
    return Model(
        provider="anthropic", name="claude-x", base_url=base_url, key_variable=key_variable
    )


def question(
    model: Model,
    *messages: tuple[str, str],
    parameters: Mapping[str, Any] | None = None,
    **rest: Any,
) -> Request:
    spoken = messages or (("system", "Answer with one word."), ("user", "Which team?"))
    return Request(
        model=model,
        messages=tuple(Message(role=role, content=text) for role, text in spoken),  # type: ignore[arg-type]
        parameters=parameters or {},
        **rest,
    )


def ask(
    make: Callable[[ProviderSettings], Provider], *requests: Request, **changes: Any
) -> list[Completion]:
    """The answers to the requests, asked one after another of one provider."""

    async def asked() -> list[Completion]:
        provider = make(settings(**changes))
        try:
            return [await provider.complete(request) for request in requests]
        finally:
            await provider.close()

    return asyncio.run(asked())
