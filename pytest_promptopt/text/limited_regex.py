"""Regular expressions of others: compiled and searched within limits."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

TIMEOUT_SECONDS = 1.0

_LONGEST_PATTERN = 5_000
# ``regex`` copies what a counted repeat stands after; without a limit, a{1000} nested a few
# times takes all the memory there is.
_MOST_REPEATS = 100_000
_DEEPEST_NESTING = 100
# The time limit does not reach into a class of characters, which is tried sign by sign.
_MOST_COMPARISONS = 500_000_000
# g and u are JavaScript's, where they change nothing for a search like this one.
_FLAGS = "imsxgu"
_FLAG_WORDS = {"ignorecase": "i", "multiline": "m", "dotall": "s", "verbose": "x"}
_PART = re.compile(
    r"\\[pPN]\{[^}]*\}"
    r"|\\."
    r"|\[\^?\]?(?:\\.|[^\]\\])*+\]"
    r"|\{(?P<least>\d+)?(?:,(?P<most>\d*))?\}"
    r"|.",
    re.DOTALL,
)


class PatternError(Exception):
    """A regular expression that cannot be used; says why."""


def compile_pattern(pattern: str, flags: str = "") -> "regex.Pattern[str]":
    """The compiled ``pattern``; raises :class:`PatternError`.

    ``flags`` are letters out of ``imsx`` or Python's words for them. A pattern means what it
    means to ``re``, besides ``\\p{…}``. Search with :func:`is_found`.
    """
    letters = _letters(flags)
    if letters - {*_FLAGS}:
        raise PatternError(f"unknown flags {flags!r:.40} (known: i, m, s, x)")
    if len(pattern) > _LONGEST_PATTERN:
        raise PatternError(f"longer than {_LONGEST_PATTERN:,} characters")
    if _repeats(pattern) > _MOST_REPEATS:
        raise PatternError(f"repeats of repeats add up to more than {_MOST_REPEATS:,}")

    import regex

    try:
        return regex.compile(_literal_braces(pattern), _flags(letters))
    except (regex.error, ValueError, OverflowError, RecursionError) as error:
        raise PatternError(str(error)) from error


def is_found(
    compiled: "regex.Pattern[str]", text: str, *, timeout_seconds: float = TIMEOUT_SECONDS
) -> bool:
    """Whether the pattern is in ``text``; raises :class:`PatternError` beyond the limits."""
    return search(compiled, text, timeout_seconds=timeout_seconds) is not None


def search(
    compiled: "regex.Pattern[str]", text: str, *, timeout_seconds: float = TIMEOUT_SECONDS
) -> "regex.Match[str] | None":
    """Where the pattern is first found in ``text``; raises like :func:`is_found`."""
    if len(compiled.pattern) * len(text) > _MOST_COMPARISONS:
        raise PatternError(f"an answer of {len(text):,} characters is too long to search for it")
    try:
        return compiled.search(text, timeout=timeout_seconds)
    except TimeoutError:
        raise PatternError(f"it took longer than {TIMEOUT_SECONDS:g} s to search") from None
    except MemoryError:
        raise PatternError("it takes too much memory") from None


def _flags(letters: set[str]) -> int:
    import regex

    known = {"i": regex.I, "m": regex.M, "s": regex.S, "x": regex.X}
    return sum(known.get(letter, 0) for letter in letters)


def _letters(flags: str) -> set[str]:
    plain = flags.lower()
    for word, letter in _FLAG_WORDS.items():
        plain = plain.replace(word, letter)
    return set(plain) - set(" ,|")


def _literal_braces(pattern: str) -> str:
    """``pattern`` without the fuzzy matching that ``regex`` reads into ``V_{eff}``."""
    return _PART.sub(lambda part: r"\{" if part[0] == "{" else part[0], pattern)


def _repeats(pattern: str) -> int:
    """How long the pattern would be with its counted repeats written out."""
    sizes, last = [0], 0
    for part in _PART.finditer(pattern):
        text = part[0]
        if text == "(":
            sizes.append(0)
            if len(sizes) > _DEEPEST_NESTING:
                raise PatternError(f"groups nested deeper than {_DEEPEST_NESTING}")
            last = 0
        elif text == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        elif part["least"] or part["most"]:
            times = max(_count(part["least"]), _count(part["most"]))
            sizes[-1] += last * (times - 1)
            last *= times
        else:
            last = 1
            sizes[-1] += 1
    return max(sizes)


def _count(digits: str | None) -> int:
    return int((digits or "0")[:9])
