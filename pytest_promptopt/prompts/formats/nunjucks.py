"""Templates of nunjucks, of which ours understand the variables."""

import re
from collections.abc import Iterator

_COMMENT = re.compile(r"\{#.{0,4000}?#\}", re.DOTALL)
# `safe` changes nothing there, where nothing is escaped.
_PLAIN = re.compile(r"\{\{\s*([^\W\d][\w-]*(?:\.[\w-]+)*)\s*(?:\|\s*safe\s*)?\}\}")
_DUMPED = re.compile(r"\{\{-?\s*([^\W\d][\w.]*)\s*\|\s*dump(?:\s*\|\s*safe)?\s*-?\}\}")
_LOGIC = re.compile(r"\{%.{0,400}?%\}|\{\{(?!\{).{0,400}?\}\}", re.DOTALL)


def as_template(text: str) -> str:
    """The text with what nunjucks writes otherwise, and means the same, in our way."""
    return _PLAIN.sub(r"{{\1}}", _COMMENT.sub("", text))


def as_json_template(text: str) -> str:
    """Text of JSON in which a value that is dumped is a text with a placeholder."""
    return _DUMPED.sub(r'"{{\1}}"', _COMMENT.sub("", text))


def not_understood(text: str) -> Iterator[tuple[int, str]]:
    """Filters, logic and expressions that stay, each with the line of ``text`` from 0."""
    seen = set()
    for match in _LOGIC.finditer(text):
        found = " ".join(match[0].split())
        if found not in seen and not _PLAIN.fullmatch(match[0]):
            seen.add(found)
            yield text.count("\n", 0, match.start()), found


def why_not(found: str) -> str:
    """Why the piece of a template is not understood."""
    if found.startswith("{%"):
        return f"logic in a template stays text: {found[:80]}"
    if re.match(r"\{\{-?\s*(process\.)?env\.", found):
        return f"a variable of the environment is not read and stays text: {found[:80]}"
    return f"a filter or expression in a template stays text: {found[:80]}"
