"""Anthropic's messages, at Anthropic or anywhere else that speaks them."""

import functools
import json
import time
from collections.abc import Mapping
from typing import Any, cast

from pytest_promptopt.messages import Message
from pytest_promptopt.providers.exchange import (
    Assemble,
    Exchange,
    Opening,
    Reply,
    Sdk,
    SdkClient,
    Service,
)
from pytest_promptopt.providers.message import MessageAssembly
from pytest_promptopt.providers.models import ANTHROPIC_KEY_VARIABLE
from pytest_promptopt.providers.rate_limits import anthropic_rate_limit
from pytest_promptopt.providers.request import Completion, FinishReason, Request, Tell, Usage
from pytest_promptopt.providers.settings import ProviderSettings
from pytest_promptopt.providers.wire import count, failed_within, without

_TOKEN_VARIABLE = "ANTHROPIC_AUTH_TOKEN"
_API_VERSION = "2026-10-21"
_DEFAULT_MAX_TOKENS = 4096
_FIXED = frozenset({"model", "messages", "system", "max_tokens", "output_config"})
_FORMAT = frozenset({"output_config"})

# Our names, which are OpenAI's, and Anthropic's for the same thing.
_NAMES = {
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "stop": "stop_sequences",
    "stop_sequences": "stop_sequences",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "thinking": "thinking",
    "metadata": "metadata",
    "service_tier": "service_tier",
    "speed": "speed",
}
# What the SDK's `messages.create` takes by name; the rest goes as its `extra_body`.
NAMED = frozenset(
    {
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "output_config",
        "service_tier",
        "speed",
        "stop_sequences",
        "system",
        "thinking",
    }
)
_FINISH_REASONS = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "pause_turn": FinishReason.LENGTH,
    "refusal": FinishReason.REFUSAL,
    "sensitive": FinishReason.REFUSAL,
}


class AnthropicProvider:
    """Answers as the ``anthropic`` SDK does; one connection pool for each address and key."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings

    async def complete(self, request: Request) -> Completion:
        """The text of a message; raises ProviderError only."""
        return await self._message(request)

    async def stream(self, request: Request, tell: Tell) -> Completion:
        """The same, whose pieces ``tell`` is told of as they arrive."""
        return await self._message(request, lambda _: MessageAssembly(tell))

    async def _message(self, request: Request, assemble: Assemble | None = None) -> Completion:
        reply = await self._exchange.post(
            request.model,
            body_of(request),
            optional=frozenset() if request.is_format_needed else _FORMAT,
            assemble=assemble,
        )
        return _completion(reply, _ignored(request))

    async def close(self) -> None:
        """Close all connections."""
        if "_exchange" in self.__dict__:
            await self._exchange.close()

    @functools.cached_property
    def _exchange(self) -> Exchange:
        return Exchange(self._settings, _SERVICE)


def _credentials(opening: Opening) -> Mapping[str, str]:
    key = {} if opening.key is None else {"Authorization": f"Bearer {opening.key}"}
    return {"anthropic-version": _API_VERSION, **key}


def _load_sdk() -> Sdk:
    import anthropic

    return Sdk(
        open_client=_open_client,
        status_error=anthropic.APIStatusError,
        timeout_error=anthropic.APITimeoutError,
        connection_error=anthropic.APIConnectionError,
    )


def _open_client(opening: Opening) -> SdkClient:
    import anthropic

    is_token = opening.key_variable == _TOKEN_VARIABLE
    client = anthropic.AsyncAnthropic(
        api_key=None if is_token else opening.key,
        auth_token=opening.key if is_token else None,
        base_url=opening.address,
        timeout=opening.timeout_seconds,
        max_retries=0,
        http_client=opening.http_client,
        open_telemetry=False,
    )
    return cast(SdkClient, client)


_SERVICE = Service(
    address="https://api.anthropic.com",
    path="/v1/messages",
    fixed=_FIXED,
    streaming={"stream": True},
    credentials=_credentials,
    prefix="ANTHROPIC_",
    variables=frozenset({ANTHROPIC_KEY_VARIABLE, _TOKEN_VARIABLE, "ANTHROPIC_BASE_URL"}),
    load_sdk=_load_sdk,
)


def body_of(request: Request) -> dict[str, Any]:
    """What is sent."""
    system = "\n\n".join(
        message.content for message in request.messages if message.role == "system"
    )
    turns = _turns(request.messages)
    body: dict[str, Any] = {
        "max_tokens": _DEFAULT_MAX_TOKENS,
        **_parameters(request.parameters),
        "model": request.model.name,
        # Anthropic answers to somebody: a system message alone is asked as the user's.
        "messages": turns or [{"role": "user", "content": system}],
    }
    if system and turns:
        body["system"] = system
    if request.response_format == "json_schema" and request.json_schema is not None:
        schema = request.json_schema.get("schema", {})
        body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    return body


def _parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    known = {_NAMES[name]: value for name, value in parameters.items() if name in _NAMES}
    if isinstance(known.get("stop_sequences"), str):
        known["stop_sequences"] = [known["stop_sequences"]]
    return known


def _turns(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    """User and assistant in turn: neighbours of one role become one message."""
    turns: list[dict[str, str]] = []
    for message in messages:
        if message.role == "system":
            continue
        if turns and turns[-1]["role"] == message.role:
            turns[-1]["content"] += f"\n\n{message.content}"
        else:
            turns.append({"role": message.role, "content": message.content})
    return turns


def _ignored(request: Request) -> tuple[str, ...]:
    notes = [
        f"{name} was left out: Anthropic has no such parameter"
        for name in request.parameters
        if name not in _NAMES
    ]
    if request.response_format == "json_object":
        notes.append("json_object was left out: Anthropic knows a JSON schema or nothing")
    return tuple(notes)


def _completion(reply: Reply, notes: tuple[str, ...]) -> Completion:
    reason = str(reply.content.get("stop_reason"))
    if reason == "error":
        raise failed_within(reply.asked, json.dumps(reply.content).encode())
    if reason == "tool_use":
        notes = (*notes, "the answer is a call of a tool")
    return Completion(
        text=_text(reply, "text"),
        finish_reason=_FINISH_REASONS.get(reason, FinishReason.OTHER),
        usage=_usage(reply.content.get("usage")),
        latency_seconds=reply.latency_seconds,
        notes=(*notes, *reply.notes),
        reasoning=_text(reply, "thinking"),
        rate_limit=anthropic_rate_limit(reply.headers, now=time.time()),
    )


def _text(reply: Reply, key: str) -> str:
    blocks = reply.content.get("content")
    if blocks is None and str(reply.content.get("stop_reason")) in _FINISH_REASONS:
        return ""
    if not isinstance(blocks, list):
        raise without(reply.asked, "a list of content blocks", reply.content)
    texts = [block.get(key) for block in blocks if isinstance(block, dict)]
    return "".join(text for text in texts if isinstance(text, str))


def _usage(usage: object) -> Usage:
    first, output_tokens = count(usage, "input_tokens"), count(usage, "output_tokens")
    if first is None or output_tokens is None:
        return Usage(is_known=False)
    cached = count(usage, "cache_read_input_tokens") or 0
    written = count(usage, "cache_creation_input_tokens") or 0
    return Usage(
        input_tokens=first + written + cached, output_tokens=output_tokens, cached_tokens=cached
    )
