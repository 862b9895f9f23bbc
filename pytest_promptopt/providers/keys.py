"""The key that goes with a call, and keeping it out of messages."""

import re
from collections.abc import Mapping

from pytest_promptopt.errors import NotConfiguredError
from pytest_promptopt.providers.request import Model

KEY_VARIABLES = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
"""Where the SDKs look for keys."""

# Where a variable has an alternative that the SDK reads too.
_ALTERNATIVES = {"ANTHROPIC_API_KEY": "ANTHROPIC_AUTH_TOKEN"}
_SENDABLE = re.compile(r"[\x21-\x7e]+")
_LOOKS_SECRET = re.compile(
    r"\b(?:sk|pk|gsk|ghp|gho|ghs|xai|hf|key|Bearer)[-_ ][\w*.=+/-]{6,}|\beyJ[\w-]{10,}[\w.-]*"
)


def find_key(model: Model, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The variable that holds the model's key, and the key; None where no key is sent.

    Raises NotConfiguredError if the variable is not set or holds what no header can carry.
    """
    if model.key_variable is None:
        return None
    for variable in (model.key_variable, _ALTERNATIVES.get(model.key_variable, "")):
        key = environ.get(variable, "").strip()
        if key and not _SENDABLE.fullmatch(key):
            raise NotConfiguredError(
                f"{model} cannot use {variable}: it holds characters that no HTTP header can "
                "carry: set it again without spaces and line breaks"
            )
        if key:
            return variable, key
    raise NotConfiguredError(f"{model} needs an API key: set {model.key_variable}")


def without_secrets(text: str, key: str | None = None) -> str:
    """The text with ``key``, and whatever else looks like one, replaced by ``[key]``."""
    if key:
        text = text.replace(key, "[key]")
    return _LOOKS_SECRET.sub("[key]", text)
