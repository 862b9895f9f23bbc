"""The words of a text, in every script."""

import string

import regex

# Scripts without spaces between words, whose signs count one by one.
_SIGNS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_SIGN = rf"[{_SIGNS}]\p{{M}}*+"
_WORD = regex.compile(rf"{_SIGN}|[[\p{{L}}\p{{N}}\p{{M}}]--[{_SIGNS}]]++", regex.V1)
_SPELT = regex.compile(rf"{_SIGN}|[^\s{_SIGNS}]++", regex.V1)
_PUNCTUATION = regex.compile(rf"[\p{{P}}{regex.escape(string.punctuation)}]+")


def words(text: str) -> list[str]:
    """What stands between spaces and signs; of scripts without spaces, each sign."""
    return _WORD.findall(text)


def spelt_words(text: str) -> list[str]:
    """What stands between spaces, whatever signs it has; of scripts without, each sign."""
    return _SPELT.findall(text)


def without_punctuation(text: str) -> str:
    """``text`` without the punctuation of every script and the signs of ASCII."""
    return _PUNCTUATION.sub("", text)
