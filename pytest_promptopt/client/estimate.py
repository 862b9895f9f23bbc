"""An estimate of the tokens that a request takes, before it is sent."""

import json
from dataclasses import replace

from pytest_promptopt.providers.request import Completion, Request, Usage

DEFAULT_OUTPUT_TOKENS = 4096
"""What a request without a limit of its own is taken to answer at most."""

LIKELY_OUTPUT_TOKENS = 256
"""What a request is taken to answer in a plan, where its own limit is not lower."""

_OVERHEAD_PER_MESSAGE = 16
_OVERHEAD_PER_REQUEST = 64
_OVERHEAD_PER_SCHEMA = 512
_BYTES_PER_LIKELY_TOKEN = 4


def most_usage(request: Request) -> Usage:
    """An upper bound.

    A token of a byte-level tokenizer holds at least one byte of UTF-8, so the bytes bound the
    input. The output is bounded by the request's own limit, else ``DEFAULT_OUTPUT_TOKENS`` is
    assumed.
    """
    overhead = _OVERHEAD_PER_REQUEST + _OVERHEAD_PER_MESSAGE * len(request.messages)
    if request.json_schema is not None:
        overhead += _OVERHEAD_PER_SCHEMA
    limit = _output_limit(request)
    return Usage(
        input_tokens=_input_bytes(request) + overhead,
        output_tokens=DEFAULT_OUTPUT_TOKENS if limit is None else limit,
    )


def likely_usage(request: Request) -> Usage:
    """What the request will take if it is ordinary text: for plans and rates, not for bounds."""
    limit = _output_limit(request)
    return Usage(
        input_tokens=_input_bytes(request) // _BYTES_PER_LIKELY_TOKEN + 4 * len(request.messages),
        output_tokens=min(LIKELY_OUTPUT_TOKENS, LIKELY_OUTPUT_TOKENS if limit is None else limit),
    )


def estimated_usage(request: Request, completion: Completion) -> Usage:
    """What a call likely took of which the provider told nothing; not known."""
    answered = len((completion.text + completion.reasoning).encode("utf-8", "surrogatepass"))
    return replace(
        likely_usage(request),
        output_tokens=answered // _BYTES_PER_LIKELY_TOKEN + 1,
        is_known=False,
    )


def _input_bytes(request: Request) -> int:
    texts = [message.content for message in request.messages]
    if request.json_schema is not None:
        texts.append(json.dumps(request.json_schema))
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def _output_limit(request: Request) -> int | None:
    for name in ("max_tokens", "max_completion_tokens"):
        limit = request.parameters.get(name)
        if isinstance(limit, int):
            return limit
    return None
