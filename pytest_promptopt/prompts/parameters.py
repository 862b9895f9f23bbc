"""Model parameters under one set of names, whatever dialect the file is written in."""

import re
from collections.abc import Mapping
from typing import Any

KNOWN_PARAMETERS = frozenset(
    {
        "temperature",
        "max_tokens",
        "top_p",
        "top_k",
        "min_p",
        "seed",
        "stop",
        "frequency_penalty",
        "presence_penalty",
        "repetition_penalty",
        "reasoning_effort",
        "verbosity",
        "logit_bias",
        "service_tier",
    }
)
# Parameters of some servers whose names come close to a known one's.
FOREIGN_PARAMETERS = frozenset({"min_k", "min_tokens", "top_a", "top_h", "top_n"})
SYNONYMS = {
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "max_new_tokens": "max_tokens",
    "stop_sequences": "stop",
}


def snake_case(name: str) -> str:
    """``maxTokens`` and ``max-tokens`` are ``max_tokens``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()


def camel_case(name: str) -> str:
    """``max_tokens`` as ``maxTokens``."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def canonical_name(name: str) -> str:
    """``maxTokens``, ``max-tokens`` and ``max_completion_tokens`` are all ``max_tokens``."""
    snake = snake_case(name)
    return SYNONYMS.get(snake, snake)


def canonical_parameters(raw: Mapping[str, Any]) -> dict[str, Any]:
    """``raw`` under canonical names, without those that are null."""
    return {canonical_name(name): value for name, value in raw.items() if value is not None}
