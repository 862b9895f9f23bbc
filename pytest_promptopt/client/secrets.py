"""Whether a text looks as if it held a secret."""

import re
from collections.abc import Iterable

_SHORTEST_VALUE = 8
_SHAPES = {
    "a private key": r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY",
    "an API key": r"\bsk-(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
    "an AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a bearer token": r"(?i:\bbearer\s+)(?=[A-Za-z._~+/-]*[0-9])[A-Za-z0-9._~+/-]{16,}",
}
_ANY_SHAPE = re.compile("|".join(f"({pattern})" for pattern in _SHAPES.values()))


class Secrets:
    """Finds keys and tokens by their shape, and the given ``values`` wherever they stand.

    Values shorter than eight characters are left out: they would be found in ordinary text.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = tuple(value for value in values if len(value) >= _SHORTEST_VALUE)

    def find(self, text: str) -> str | None:
        """What kind of secret ``text`` seems to hold, never the secret; None for none."""
        match = _ANY_SHAPE.search(text)
        if match is not None and match.lastindex is not None:
            return tuple(_SHAPES)[match.lastindex - 1]
        if any(value in text for value in self._values):
            return "the value of a secret environment variable"
        return None
