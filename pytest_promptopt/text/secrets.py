"""Secrets in texts: found by their shape or value, and taken out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_promptopt.text.markdown import inline

_SHORTEST_VALUE = 8
_SHAPES = {
    "a private key": r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY",
    "an API key": (
        r"\bsk-(?=[A-Za-z_-]{0,100}[0-9])[A-Za-z0-9_-]{16,}|\bAIza[A-Za-z0-9_-]{35}"
        r"|\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"
    ),
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
    "a Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    "a package registry's token": (
        r"\bnpm_[A-Za-z0-9]{36}|\bpypi-(?=[A-Za-z_-]{0,100}[0-9])[A-Za-z0-9_-]{32,}"
    ),
    "a JSON web token": r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*",
    "an AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a bearer token": r"(?i:\bbearer\s+)(?=[A-Za-z._~+/-]*[0-9])[A-Za-z0-9._~+/-]{16,}",
}
_IN_ADDRESS = re.compile(r"(?<=://)[^/\s@]+(?=@)")
_ANY_SHAPE = re.compile("|".join(f"({pattern})" for pattern in _SHAPES.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where in a text something stands that looks like a secret, and of what ``kind``."""

    kind: str
    start: int
    end: int


def shapes_in(text: str) -> Iterator[Shape]:
    """What has the shape of a key or token, in the order of the text."""
    kinds = tuple(_SHAPES)
    for match in _ANY_SHAPE.finditer(text):
        if match.lastindex is not None:
            kind = kinds[match.lastindex - 1]
            yield Shape(kind=kind, start=match.start(), end=match.end())


class Secrets:
    """Finds keys and tokens by their shape, and the given ``values`` wherever they stand.

    Values shorter than eight characters are left out: they would be found in ordinary text.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = tuple(value for value in values if len(value) >= _SHORTEST_VALUE)

    def find(self, text: str) -> str | None:
        """What kind of secret ``text`` seems to hold, never the secret; None for none."""
        shape = next(shapes_in(text), None)
        if shape is not None:
            return shape.kind
        if any(value in text for value in self._values):
            return "the value of a secret environment variable"
        return None


def without_shapes(text: str) -> str:
    """``text`` without what has the shape of a secret, or stands before the host of an address."""
    return _ANY_SHAPE.sub("[secret]", _IN_ADDRESS.sub("[secret]", text))


def without_values(text: str, secrets: Iterable[str]) -> str:
    """``text`` without the values of secrets, as they are or written for Markdown."""
    for secret in secrets:
        for written in (secret, inline(secret)):
            text = text.replace(written, "[secret]")
    return text
