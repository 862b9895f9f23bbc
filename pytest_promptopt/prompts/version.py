"""The version of a prompt: a hash of what is sent, whatever judges the answers."""

import hashlib
import json
from typing import Any

from pytest_promptopt.prompts.answer_place import WHOLE
from pytest_promptopt.prompts.prompt import Prompt

_PART_LENGTH = 16
_VERSION_LENGTH = 12


def digest(value: Any) -> str:
    """16 hex digits for JSON-like ``value``, in which the order of a mapping's keys is nothing."""
    encoded = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(encoded.encode("ascii")).hexdigest()[:_PART_LENGTH]


def text_digest(prompt: Prompt) -> str:
    """That of roles, messages, the wanted format of the answer and its place in what is said.

    CRLF counts as LF.
    """
    messages = [
        [message.role, message.template.text.replace("\r\n", "\n")] for message in prompt.messages
    ]
    # Prompts without it keep the hash that they had before there was such a key.
    answer = [] if prompt.answer == WHOLE else [prompt.answer.content]
    return digest([messages, prompt.response_format, prompt.json_schema, *answer])


def version_of(prompt: Prompt) -> str:
    """12 hex digits for the prompt's text, model and parameters."""
    return version_of_parts(text_digest(prompt), digest(prompt.model), digest(prompt.parameters))


def version_of_parts(text: str, model: str, parameters: str) -> str:
    """The version of a prompt whose parts have these digests."""
    return digest([text, model, parameters])[:_VERSION_LENGTH]
