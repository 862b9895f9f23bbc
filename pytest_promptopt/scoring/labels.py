"""Which of a set of labels a text names."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

import regex

# Scripts written without spaces, in which a label stands inside running text.
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_WORD = rf"[[\p{{L}}\p{{M}}\p{{N}}]--{_UNSPACED}]"
_JOINER = r"[_\-.'’]"
_DIGIT = r"\p{Nd}"
_MASK = "\0"


def folded(text: str) -> str:
    """``text`` without regard to case, line ends and the ways to write an accent."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def named_labels(labels: Iterable[str], text: str) -> tuple[str, ...]:
    """Those of ``labels`` that stand in ``text`` as whole words, in their order.

    Case does not count. A label inside a longer one counts as the longer one. A word goes on
    over a hyphen, point, apostrophe or underscore to the next letter, and over ``+`` and ``#``
    after a letter: ``c`` is not named by ``c++``, ``spam`` not by ``non-spam``.
    """
    labels = tuple(labels)
    rest, found = folded(text), set()
    for label in longest_first(labels):
        wanted = folded(label)
        if wanted in rest:
            rest, times = label_pattern(wanted).subn(_MASK, rest)
            if times:
                found.add(label)
    return tuple(label for label in labels if label in found)


def longest_first(labels: Iterable[str]) -> Sequence[str]:
    """``labels`` so that one inside another comes after it."""
    return sorted(labels, key=lambda label: -len(folded(label)))


@lru_cache(maxsize=1024)
def label_pattern(label: str) -> "regex.Pattern[str]":
    """Finds ``label``, which is folded, as a whole word in folded text."""
    before = "" if regex.match(_UNSPACED, label) else rf"(?<!{_WORD})(?<!{_WORD}{_JOINER})"
    after = rf"(?!{_WORD})(?!{_JOINER}{_WORD})(?![+#])"
    if regex.match(_UNSPACED, label[-1]):
        after = ""
    if regex.match(_DIGIT, label):
        before += rf"(?<![-−.])(?<!{_DIGIT},)"
    if regex.match(_DIGIT, label[-1]):
        after += rf"(?!,{_DIGIT})"
    return regex.compile(f"(?V1){before}{regex.escape(label)}{after}")
