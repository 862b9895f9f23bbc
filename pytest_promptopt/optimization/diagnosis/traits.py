"""Traits that texts have in common: casing, beginnings and ends, forms, writing systems."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import takewhile

from pytest_promptopt.text.tags import quoted

LEAST_FOR_A_PATTERN = 3
"""What fewer texts share is chance."""

_LONGEST_FORM = 40
_SCRIPT_SHARE = 0.05
_ISO_DATE = "9999-99-99"


def casing_of(texts: Sequence[str]) -> str:
    """Which of lower, upper and capitalised all are; empty if none, or if most have no letters."""
    cased = [text for text in texts if text.lower() != text.upper()]
    if 2 * len(cased) < max(len(texts), 1):
        return ""
    if all(text == text.lower() for text in cased):
        return "lower"
    if all(text == text.upper() for text in cased):
        return "upper"
    return "capitalised" if all(text[0].isupper() for text in cased) else ""


def common_start(texts: Sequence[str]) -> str:
    """What all begin with, up to the end of a word; figures are chance and do not count."""
    start = shared_start(texts)
    return "" if any(char.isdigit() for char in start) else start[:_LONGEST_FORM]


def common_end(texts: Sequence[str]) -> str:
    """What all end with, from the end of a word on."""
    backwards = common_start([text[::-1] for text in texts])
    return backwards[::-1]


def shared_start(texts: Sequence[str]) -> str:
    """Like :func:`common_start`, however long and whatever it holds."""
    if len(set(texts)) < LEAST_FOR_A_PATTERN:
        return ""
    # Between the first and the last in order, all others share what these two do.
    pairs = zip(min(texts), max(texts), strict=False)
    start = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return start[: max((i + 1 for i, char in enumerate(start) if not char.isalnum()), default=0)]


def shared_end(texts: Sequence[str]) -> str:
    """Like :func:`common_end`, however long and whatever it holds."""
    return shared_start([text[::-1] for text in texts])[::-1]


def common_form(texts: Sequence[str], *, share: float) -> str:
    """The form of at least ``share`` of ``texts`` if it tells something: figures, or capitals."""
    if len(texts) < LEAST_FOR_A_PATTERN or len(set(texts)) < 2:
        return ""
    [(form, count)] = Counter(form_of(text) for text in texts).most_common(1)
    is_code = form.isalpha() and form.isupper() and len(form) > 1
    tells = is_code or ("9" in form and form.strip("9") != "")
    return form if tells and count >= share * len(texts) and len(form) <= _LONGEST_FORM else ""


_JOINERS = {
    ", ": "a comma and a space",
    "; ": "a semicolon and a space",
    " | ": "a bar between spaces",
    " > ": "`>` between spaces",
    " - ": "a hyphen between spaces",
    " ": "spaces",
    "-": "hyphens",
    ",": "commas",
    "|": "bars",
    ";": "semicolons",
    ".": "full stops",
    "_": "underscores",
}
_OF_ITEMS = frozenset({", ", "; ", " | ", " > ", ",", "|", ";"})
_WORDS_OF_AN_ITEM = 3


def parts_of(texts: Sequence[str]) -> str:
    """What all are made of, with what separates it: single letters, or short items.

    Empty where they are not, and for items also where most texts are but one.
    """
    for joiner, name in _JOINERS.items():
        split = [text.split(joiner) for text in texts]
        parts = [part for found in split for part in found]
        several = sum(len(found) > 1 for found in split)
        if several == len(texts) and all(len(part) == 1 for part in parts):
            return f"single letters separated by {name}"
        if joiner in _OF_ITEMS and 2 * several > len(texts) and all(map(_is_item, parts)):
            return f"items separated by {name}"
    return ""


def _is_item(part: str) -> bool:
    return 0 < len(part.split()) <= _WORDS_OF_AN_ITEM


def form_of(text: str) -> str:
    """``text`` with 9 for every digit, A and a for letters; cut where no form is that long."""
    return "".join(_sign(char) for char in text[: _LONGEST_FORM + 1])


def _sign(char: str) -> str:
    if char.isdigit():
        return "9"
    if char.isalpha():
        return "A" if char.isupper() else "a"
    return char


def shown_form(form: str) -> str:
    """A form as people write it."""
    if form == _ISO_DATE:
        return "YYYY-MM-DD"
    if form.isalpha():
        return f"of {len(form)} capital letters"
    return f"{quoted(form)} (9 is any digit, A and a any letter)"


def scripts_of(texts: Iterable[str]) -> tuple[str, ...]:
    """The writing systems of the letters in ``texts`` by Unicode's names, the most used first.

    Those with less than a twentieth of the letters are left out.
    """
    counts = Counter(script for text in texts for script in map(script_of, text) if script)
    total = sum(counts.values())
    return tuple(name for name, count in counts.most_common() if count >= _SCRIPT_SHARE * total)


@lru_cache(maxsize=4096)
def script_of(char: str) -> str:
    """The writing system of a letter (``LATIN``, ``CJK``), empty for other signs."""
    return unicodedata.name(char, "").partition(" ")[0] if char.isalpha() else ""
