"""Text without the differences that no reader sees."""

import re
import unicodedata
from typing import Literal

_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"), "-")
_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc\u2032\u00b4`"), "'")
# Soft hyphen, zero widths, marks of direction, byte order mark.
_UNSEEN = dict.fromkeys(
    [
        *(0x00AD, 0x200B, 0x2060, 0xFEFF),
        *(0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    ]
)
_SIGNS = {**_HYPHENS, **_APOSTROPHES, **_UNSEEN}
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_LINE_END = re.compile(r"\r\n?|[\u2028\u2029\x85]")


def tidy(text: str) -> str:
    """``text`` as it looks: one way to write an accent and a line end, nothing invisible."""
    if text.isascii() and "\r" not in text:
        return text
    return _normalized("NFC", _LINE_END.sub("\n", text).translate(_UNSEEN))


def shaped(text: str) -> str:
    """``text`` with one form of each hyphen, apostrophe, digit and width; case and lines stay."""
    if text.isascii() and "`" not in text and "\r" not in text:
        return text
    return ascii_digits(_normalized("NFKC", _LINE_END.sub("\n", text).translate(_SIGNS)))


def ascii_digits(text: str) -> str:
    """``text`` with the digits of every script as 0 to 9."""
    return _OTHER_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), text)


def _normalized(form: Literal["NFC", "NFKC"], text: str) -> str:
    import regex

    # As in stream-safe text (UAX #15, section 13): sorting marks takes quadratic time.
    bounded = regex.sub(r"(\p{M}{30})(?=\p{M})", "\\1\u034f", text)
    return unicodedata.normalize(form, bounded)


def folded(text: str) -> str:
    """``text`` as :func:`shaped` makes it, on one line and without regard to case."""
    return " ".join(shaped(text).casefold().split())
