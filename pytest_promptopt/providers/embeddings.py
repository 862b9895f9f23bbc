"""OpenAI's embeddings: the vectors of some texts, at OpenAI or anywhere else that gives them."""

import json
import math
import operator
from typing import Any

from pytest_promptopt.providers.exchange import Reply
from pytest_promptopt.providers.request import Completion, Request, Usage
from pytest_promptopt.providers.wire import count, unexpected, without

FIXED = frozenset({"model", "input"})
# The seventh digit is noise, and takes a tenth of a recording.
_DIGITS = 6


def body_of(request: Request) -> dict[str, Any]:
    """What is sent: every message is a text of its own."""
    texts = [message.content for message in request.messages]
    return {"model": request.model.name, "input": texts, "encoding_format": "float"}


def completion(reply: Reply, texts: int) -> Completion:
    """The vectors of so many texts in their order, as a JSON list of lists.

    Raises ProviderError unless there are as many, of the same length and of finite numbers.
    """
    return Completion(
        text=json.dumps(_vectors(reply, texts), separators=(",", ":")),
        usage=_usage(reply.content.get("usage")),
        latency_seconds=reply.latency_seconds,
        notes=reply.notes,
    )


def _vectors(reply: Reply, texts: int) -> list[list[float]]:
    data = reply.content.get("data")
    entries = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
    if all(isinstance(entry.get("index"), int) for entry in entries):
        entries.sort(key=operator.itemgetter("index"))
    found = [entry.get("embedding") for entry in entries]
    vectors = [vector for vector in found if isinstance(vector, list) and vector]
    if len(vectors) < texts:
        raise without(reply.asked, f"the vectors of {texts} texts in `data`", reply.content)
    if len({len(vector) for vector in vectors}) > 1:
        raise unexpected(reply.asked, "vectors of different lengths")
    if not all(_is_finite(number) for vector in vectors for number in vector):
        raise unexpected(reply.asked, "a vector that holds something else than finite numbers")
    return [[float(f"{number:.{_DIGITS}g}") for number in vector] for vector in vectors[:texts]]


def _is_finite(number: object) -> bool:
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    return is_number and math.isfinite(number)  # type: ignore[arg-type]


def _usage(usage: object) -> Usage:
    tokens = count(usage, "prompt_tokens")
    return Usage(is_known=False) if tokens is None else Usage(input_tokens=tokens)
