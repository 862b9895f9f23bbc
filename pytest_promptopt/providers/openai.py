"""OpenAI's chat completions, at OpenAI or anywhere else that speaks them."""

import functools
import json
from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean
from typing import Any, cast

from pytest_promptopt.providers import embeddings
from pytest_promptopt.providers.chat import ChatAssembly, reasoning_of, refusal_of, text_of
from pytest_promptopt.providers.exchange import (
    Assemble,
    Exchange,
    Opening,
    Reply,
    Sdk,
    SdkClient,
    Service,
)
from pytest_promptopt.providers.models import OPENAI_KEY_VARIABLE
from pytest_promptopt.providers.rate_limits import openai_rate_limit
from pytest_promptopt.providers.request import Completion, FinishReason, Request, Tell, Usage
from pytest_promptopt.providers.settings import ProviderSettings
from pytest_promptopt.providers.wire import count, failed_within, unexpected, without

# The question itself, and how it is asked: not for a parameter to set or for us to leave out.
_FIXED = frozenset({"model", "messages", "response_format", "stream", "n"})

# What the SDK's `chat.completions.create` takes by name; the rest goes as its `extra_body`.
NAMED = frozenset(
    {
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "seed",
        "service_tier",
        "stop",
        "store",
        "temperature",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
    }
)
_FORMAT = frozenset({"response_format"})

# Leaves out infinity, NaN and integers that no float can hold.
_HUGE = 1e100

# OpenAI's words, and those of models that a gateway hands on as they are.
_FINISH_REASONS = {
    **dict.fromkeys(("stop", "eos", "end_turn", "stop_sequence"), FinishReason.STOP),
    **dict.fromkeys(("length", "max_tokens", "model_length"), FinishReason.LENGTH),
    **dict.fromkeys(
        ("content_filter", "sensitive", "refusal", "safety", "recitation", "prohibited_content"),
        FinishReason.REFUSAL,
    ),
}
# A failure inside a success: gateways answer 200 before they know how it ends.
_FAILURES = frozenset(
    {"error", "network_error", "internal_error", "insufficient_system_resource", "abort"}
)
_CALLS = frozenset({"tool_calls", "function_call"})


class OpenAIProvider:
    """Answers as the ``openai`` SDK does; one connection pool for each address and key."""

    embeds = True

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings

    async def complete(self, request: Request) -> Completion:
        """The first choice of a chat completion, or vectors; raises ProviderError only."""
        if request.response_format == "embedding":
            reply = await self._embeddings.post(request.model, embeddings.body_of(request))
            return embeddings.completion(reply, len(request.messages))
        return await self._chat(request)

    async def stream(self, request: Request, tell: Tell) -> Completion:
        """The same of a chat, whose pieces ``tell`` is told of as they arrive."""
        return await self._chat(request, functools.partial(ChatAssembly, tell))

    async def _chat(self, request: Request, assemble: Assemble | None = None) -> Completion:
        reply = await self._exchange.post(
            request.model,
            body_of(request),
            optional=frozenset() if request.is_format_needed else _FORMAT,
            assemble=assemble,
        )
        return _completion(reply, _ignored(request))

    async def close(self) -> None:
        """Close all connections."""
        for name in ("_exchange", "_embeddings"):
            if name in self.__dict__:
                await getattr(self, name).close()

    @functools.cached_property
    def _exchange(self) -> Exchange:
        return Exchange(self._settings, _SERVICE)

    @functools.cached_property
    def _embeddings(self) -> Exchange:
        service = replace(_SERVICE, path="/embeddings", fixed=embeddings.FIXED)
        return Exchange(self._settings, service)


def _credentials(opening: Opening) -> Mapping[str, str]:
    return {} if opening.key is None else {"Authorization": f"Bearer {opening.key}"}


def _load_sdk() -> Sdk:
    import openai

    return Sdk(
        open_client=_open_client,
        status_error=openai.APIStatusError,
        timeout_error=openai.APITimeoutError,
        connection_error=openai.APIConnectionError,
    )


def _open_client(opening: Opening) -> SdkClient:
    import openai

    client = openai.AsyncOpenAI(
        api_key=opening.key,
        # Empty, or the SDK takes the administrator's key from the environment instead.
        admin_api_key="",
        base_url=opening.address,
        timeout=opening.timeout_seconds,
        max_retries=0,
        http_client=opening.http_client,
    )
    return cast(SdkClient, client)


_SERVICE = Service(
    address="https://api.openai.com/v1",
    path="/chat/completions",
    fixed=_FIXED,
    streaming={"stream": True, "stream_options": {"include_usage": True}},
    credentials=_credentials,
    prefix="OPENAI_",
    variables=frozenset({OPENAI_KEY_VARIABLE, "OPENAI_BASE_URL"}),
    load_sdk=_load_sdk,
)


def body_of(request: Request) -> dict[str, Any]:
    """What is sent."""
    parameters = {name: value for name, value in request.parameters.items() if name not in _FIXED}
    body = {
        **parameters,
        "model": request.model.name,
        "messages": [
            {"role": message.role, "content": message.content} for message in request.messages
        ],
    }
    if request.response_format == "json_schema" and request.json_schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": dict(request.json_schema),
        }
    elif request.response_format == "json_object":
        body["response_format"] = {"type": "json_object"}
    return body


def _ignored(request: Request) -> tuple[str, ...]:
    return tuple(
        f"{name} was left out: it is not a parameter of a prompt"
        for name in request.parameters
        if name in _FIXED
    )


def _completion(reply: Reply, notes: tuple[str, ...]) -> Completion:
    choice = _first_choice(reply)
    message = choice.get("message") or {}
    refusal = refusal_of(message)
    text = text_of(reply.asked, message)
    reason = _finish_reason(choice)
    if reason in _CALLS or message.get("tool_calls"):
        notes = (*notes, "the answer is a call of a tool")
    return Completion(
        text=text or refusal,
        finish_reason=(
            FinishReason.REFUSAL if refusal else _FINISH_REASONS.get(reason, FinishReason.OTHER)
        ),
        usage=_usage(reply.content.get("usage")),
        latency_seconds=reply.latency_seconds,
        notes=(*notes, *reply.notes),
        reasoning=reasoning_of(message),
        log_probability=_log_probability(choice.get("logprobs")),
        rate_limit=openai_rate_limit(reply.headers),
    )


def _first_choice(reply: Reply) -> dict[str, Any]:
    choices = reply.content.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        raise without(reply.asked, "choices[0].message", reply.content)
    reason = _finish_reason(choice)
    if choice.get("error") or reason in _FAILURES:
        error = choice.get("error") or reason
        raise failed_within(reply.asked, json.dumps({"error": error}).encode())
    # Gemini sends no message where nothing was written.
    is_nothing = _FINISH_REASONS.get(reason) in (FinishReason.LENGTH, FinishReason.REFUSAL)
    if "message" not in choice and not is_nothing:
        raise without(reply.asked, "choices[0].message", reply.content)
    if not isinstance(choice.get("message"), dict | None):
        raise unexpected(reply.asked, "choices[0].message that is no object")
    return choice


def _finish_reason(choice: Mapping[str, Any]) -> str:
    return str(choice.get("finish_reason")).lower().partition(":")[0]


def _log_probability(listed: object) -> float | None:
    tokens = listed.get("content") if isinstance(listed, dict) else None
    if not isinstance(tokens, list) or not tokens:
        return None
    values = [token.get("logprob") if isinstance(token, dict) else None for token in tokens]
    known = [value for value in values if isinstance(value, int | float) and abs(value) < _HUGE]
    return min(fmean(known), 0.0) if len(known) == len(values) else None


def _usage(usage: object) -> Usage:
    if not isinstance(usage, dict):
        return Usage(is_known=False)
    input_tokens, output_tokens = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    if input_tokens is None or output_tokens is None:
        return Usage(is_known=False)
    told = (
        count(usage.get("prompt_tokens_details"), "cached_tokens"),
        count(usage, "prompt_cache_hit_tokens"),
        count(usage, "cached_tokens"),
    )
    cached = next(filter(None, told), 0)
    # Some count reasoning in the total alone, or beside what is completed.
    beyond = (count(usage, "total_tokens") or 0) - input_tokens
    reasoning = count(usage.get("completion_tokens_details"), "reasoning_tokens") or 0
    beside = reasoning if reasoning > output_tokens else 0
    return Usage(
        input_tokens=input_tokens,
        output_tokens=max(output_tokens + beside, beyond),
        cached_tokens=min(cached, input_tokens),
    )
