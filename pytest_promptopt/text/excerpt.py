"""A value as it can stand in a reason: short, on one line, nothing unprintable."""

import json
from typing import Any

_LENGTH = 80


def excerpt(value: Any) -> str:
    """``value`` as JSON, cut after 80 characters."""
    if isinstance(value, str):
        value = value[: _LENGTH + 1]
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return "a value nested too deeply to show"
    return one_line(text)


def one_line(text: str, length: int = _LENGTH) -> str:
    """The first ``length`` characters of ``text``, with every unprintable one escaped.

    Line ends are escaped too, so that no text of a model can start a line of a log.
    """
    cut = text if len(text) <= length + 2 else f"{text[:length]}…"
    return "".join(char if char.isprintable() else _escaped(char) for char in cut)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
