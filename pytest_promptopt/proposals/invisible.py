"""Characters of a text that a reader does not see, or that move what is seen."""

import re
import unicodedata
from collections.abc import Iterator

_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs"}
_SEEN = " \n\r\t"
# What joins letters or emoji, and the blank of scripts that are as wide.
_WITHIN = "\u200c\u200d\u3000"
# Fillers, blanks and variation selectors, which count as letters, marks or symbols.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0d\uffa0"
    "\U000e0100-\U000e01ef]"
)


def invisible_in(text: str) -> Iterator[str]:
    """Every character that hides, in the order of the text.

    Line ends, tabs and the ordinary blank are none, nor are joiners and wide blanks within emoji
    and scripts that need them.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return
    for place, char in enumerate(text):
        is_hidden = unicodedata.category(char) in _CATEGORIES or _BLANK.match(char)
        if is_hidden and char not in _SEEN and not _joins(text, place):
            yield char


def _joins(text: str, place: int) -> bool:
    around = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
    is_within = len(around) == 2 and not any(char.isascii() for char in around)
    return text[place] in _WITHIN and is_within
