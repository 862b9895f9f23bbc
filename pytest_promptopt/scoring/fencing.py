"""The answer as a judge is shown it, in a fence that ends where we say and not where it says."""

import functools
import re
from collections.abc import Collection

from pytest_promptopt.prompts.golden import JUDGED


def fenced(said: str, prompt: str, names: Collection[str] = JUDGED) -> str:
    """What somebody ``said`` for one of the placeholders ``names`` in ``prompt``.

    Where it holds what ends the place of one of them, that is broken up by a backslash.
    """
    for end in {_pattern(found) for found in _ends(tuple(names)).finditer(prompt)}:
        said = end.sub(r"\g<0>\\", said)
    return said


@functools.cache
def _ends(names: tuple[str, ...]) -> re.Pattern[str]:
    """What ends a place in a prompt: a tag, or a line of signs such as ``` or [END]."""
    listed = "|".join(map(re.escape, names))
    return re.compile(
        rf"\{{\{{\s*(?:{listed})\s*\}}\}}\s*"
        r"(?:</(?P<tag>[^<>\s]+)\s*>|(?P<line>(?![\w{]|</)\S[^\n{]{2,}))"
    )


def _pattern(end: re.Match[str]) -> re.Pattern[str]:
    """The first sign of what may end the place too, whatever its case and blanks."""
    if end["tag"]:
        return re.compile(rf"<(?=\s{{0,9}}/\s{{0,9}}{re.escape(end['tag'])}\b)", re.IGNORECASE)
    line = end["line"]
    rest = r"\s+".join(re.escape(part) for part in line[1:].split())
    return re.compile(rf"{re.escape(line[0])}(?={rest})", re.IGNORECASE)
