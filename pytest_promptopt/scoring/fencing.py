"""The answer as a judge is shown it, in a fence that ends where we say and not where it says."""

import re

# What ends the place of the answer in a prompt: a tag, or a line of signs such as ``` or [END].
_END = re.compile(
    r"\{\{\s*(?:completion|answer|reasoning)\s*\}\}\s*(?:</(?P<tag>[^<>\s]+)\s*>|(?P<line>(?![\w{]|</)\S[^\n{]{2,}))"
)


def fenced(said: str, prompt: str) -> str:
    """What a model ``said`` for ``{{completion}}`` and the like in ``prompt``.

    Where it holds what ends its place there, that is broken up by a backslash.
    """
    for end in {_pattern(found) for found in _END.finditer(prompt)}:
        said = end.sub(r"\g<0>\\", said)
    return said


def _pattern(end: re.Match[str]) -> re.Pattern[str]:
    """The first sign of what may end the place too, whatever its case and blanks."""
    if end["tag"]:
        return re.compile(rf"<(?=\s{{0,9}}/\s{{0,9}}{re.escape(end['tag'])}\b)", re.IGNORECASE)
    line = end["line"]
    rest = r"\s+".join(re.escape(part) for part in line[1:].split())
    return re.compile(rf"{re.escape(line[0])}(?={rest})", re.IGNORECASE)
