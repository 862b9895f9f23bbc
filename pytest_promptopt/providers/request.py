"""The request that goes to a model, and the completion that comes back."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from pytest_promptopt.codec import Amount, Count, Number, from_json, to_json
from pytest_promptopt.messages import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model and where it is asked.

    ``is_file`` tells ``local:weights.gguf`` from ``local/name``. ``base_url`` is None for the
    provider's own address. ``key_variable`` names the environment variable that holds the key
    for that address, the provider's usual one included; None means that no key is sent.
    ``revision`` tells apart the states of a model that changes under its name (a local file).
    """

    provider: str
    name: str
    is_file: bool = False
    base_url: str | None = None
    key_variable: str | None = None
    revision: str | None = None

    def __str__(self) -> str:
        return f"{self.provider}{':' if self.is_file else '/'}{self.name}"

    @property
    def endpoint(self) -> tuple[str, str]:
        """Provider and address: what concurrency and faults are shared by."""
        return self.provider, self.base_url or ""


class Tell(Protocol):
    """Somebody who watches an answer arrive."""

    def __call__(self, text: str, *, is_reasoning: bool = False) -> object:
        """Take the next piece of the answer, or of the reasoning beside it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to a model.

    ``parameters`` have snake_case names as in OpenAI's chat completions. ``sample`` counts
    repeated answers to the same question from 0. ``json_schema`` is the wrapper with ``name`` and
    ``schema``; ``response_format`` is ``"text"``, ``"json_object"`` or ``"json_schema"``;
    with ``"embedding"`` the answer is a JSON list with the vector of each message.
    With ``forced_answer`` that very answer is wanted, with its ``log_probability``.
    Without ``is_format_needed`` a model that refuses the format may answer without it.
    ``origin`` is the prompt file that asks: it says where an answer is recorded. ``tell`` is told
    of the answer as it arrives, in the event loop's thread, where its provider can. These three
    are no part of the question.
    """

    model: Model
    messages: tuple[Message, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    response_format: str = "text"
    json_schema: Mapping[str, Any] | None = None
    sample: int = 0
    forced_answer: str | None = None
    is_format_needed: bool = field(default=True, compare=False)
    origin: Path | None = field(default=None, compare=False)
    tell: Tell | None = field(default=None, compare=False, repr=False)
    _fingerprint: str = field(default="", init=False, compare=False, repr=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over everything that can change the answer; never over a key."""
        if not self._fingerprint:
            # Each part of the client's way asks for it.
            object.__setattr__(self, "_fingerprint", self._hashed())
        return self._fingerprint

    def _hashed(self) -> str:
        content: dict[str, Any] = {
            "provider": self.model.provider,
            "base_url": self.model.base_url,
            "model": self.model.name,
            "revision": self.model.revision,
            "messages": [[message.role, message.content] for message in self.messages],
            "parameters": dict(self.parameters),
            "response_format": self.response_format,
            "json_schema": self.json_schema,
            "sample": self.sample,
        }
        if self.forced_answer is not None:
            content["forced_answer"] = self.forced_answer
        encoded = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(encoded.encode("utf-8", "surrogatepass")).hexdigest()

    def forcing(self, answer: str) -> "Request":
        """The same question for the log-probability of ``answer``.

        Without the prompt's parameters, format and sample, which choose among answers.
        """
        # A token holds at least one byte of UTF-8, and one token ends the answer.
        most_tokens = len(answer.encode("utf-8", "surrogatepass")) + 1
        return replace(
            self,
            parameters={"max_tokens": most_tokens},
            response_format="text",
            json_schema=None,
            sample=0,
            forced_answer=answer,
        )


class FinishReason(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    LENGTH = "length"
    REFUSAL = "refusal"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, as the provider counted them.

    ``cached_tokens`` are those of the input that it had in its own cache. Without ``is_known``
    the provider told no numbers, and these are none or estimated.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    is_known: bool = True

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """What a provider's headers say may still be sent, and in how many seconds that renews."""

    requests_remaining: int | None = None
    requests_reset_seconds: float | None = None
    tokens_remaining: int | None = None
    tokens_reset_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's answer.

    ``text`` is as it came; ``reasoning`` is what the provider gave beside it.
    ``latency_seconds`` is that of the call that brought it, also where it comes from the cache;
    ``cost_usd`` is None where the price is unknown. ``saved`` says that nothing was sent for it.
    ``notes`` tell what had to be changed to get it, such as a parameter that the model refuses.
    ``log_probability`` is the mean natural logarithm of the probabilities of the answer's tokens
    as the provider lists them, None where it lists none. Once read, ``whole`` is what the model
    said besides its reasoning where the text is only the answer in it. ``rate_limit`` is what the
    headers of this very call said; it is not kept.
    """

    text: str
    finish_reason: FinishReason = FinishReason.STOP
    usage: Usage = Usage()
    latency_seconds: float = 0.0
    cost_usd: float | None = None
    saved: bool = False
    notes: tuple[str, ...] = ()
    log_probability: float | None = None
    reasoning: str = ""
    whole: str | None = None
    rate_limit: RateLimit | None = field(default=None, compare=False)

    def to_json(self) -> dict[str, Any]:
        """The answer as it is kept, without ``saved``, ``rate_limit`` and what is as usual."""
        usage = self.usage
        kept = _Kept(
            text=self.text,
            finish_reason=self.finish_reason,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            latency_seconds=round(self.latency_seconds, 4),
            cost_usd=self.cost_usd,
            notes=self.notes,
            log_probability=self.log_probability,
            cached_tokens=usage.cached_tokens,
            usage_is_known=usage.is_known,
            reasoning=self.reasoning,
        )
        data: dict[str, Any] = to_json(kept)
        return {key: value for key, value in data.items() if _USUAL.get(key, ...) != value}

    @classmethod
    def from_json(cls, data: Any, *, saved: bool = False) -> "Completion":
        """The inverse of :meth:`to_json`; raises ValueError that names what is not as it was."""
        kept = from_json(_Kept, data)
        return cls(
            text=kept.text,
            finish_reason=kept.finish_reason,
            usage=Usage(
                input_tokens=kept.input_tokens,
                output_tokens=kept.output_tokens,
                cached_tokens=kept.cached_tokens,
                is_known=kept.usage_is_known,
            ),
            latency_seconds=kept.latency_seconds,
            cost_usd=kept.cost_usd,
            saved=saved,
            notes=kept.notes,
            log_probability=kept.log_probability,
            reasoning=kept.reasoning,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A completion as it stands in the cache, in recordings and in the journal of a search."""

    text: str
    finish_reason: FinishReason
    input_tokens: Count
    output_tokens: Count
    latency_seconds: Amount
    cost_usd: Amount | None
    notes: tuple[str, ...]
    log_probability: Number | None = None
    cached_tokens: Count = 0
    usage_is_known: bool = True
    reasoning: str = ""


_USUAL = {item.name: item.default for item in fields(_Kept)}
