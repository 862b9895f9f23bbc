"""The words of a text, in every script."""

import regex

# Scripts without spaces between words, whose signs count one by one.
_SIGNS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_SIGN = rf"[{_SIGNS}]\p{{M}}*+"
_WORD = regex.compile(rf"{_SIGN}|[[\p{{L}}\p{{N}}\p{{M}}]--[{_SIGNS}]]++", regex.V1)
_SPELT = regex.compile(rf"{_SIGN}|[^\s{_SIGNS}]++", regex.V1)


def words(text: str) -> list[str]:
    """What stands between spaces and signs; of scripts without spaces, each sign."""
    return _WORD.findall(text)


def spelt_words(text: str) -> list[str]:
    """What stands between spaces, whatever signs it has; of scripts without, each sign."""
    return _SPELT.findall(text)
