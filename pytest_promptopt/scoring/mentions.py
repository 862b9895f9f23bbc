"""Mentions of some choices in a text, and whether it denies them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import regex

from pytest_promptopt.scoring.folding import shaped

# Scripts written without spaces, in which a choice stands inside running text.
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_WORD = rf"[[\p{{L}}\p{{M}}\p{{N}}]--{_UNSPACED}]"
# Korean joins its endings to words of other scripts.
_WORD_AFTER = rf"[{_WORD}--\p{{Hangul}}]"
_JOINER = r"[_\-.']"
_DIGIT = r"\p{Nd}"

EDGE = r"[\s.,;:!?*_`~\"'“”«»()\[\]{}<>|\\/#=$\-—]*"

# Words that stand in a sentence for something else than the choice of that name.
_ORDINARY = frozenset(
    [
        *("a", "an", "am", "and", "any", "are", "as", "at", "be", "both", "by", "can", "do", "for"),
        *("he", "hi", "i", "if", "in", "is", "it", "may", "me", "my", "neither", "new", "no"),
        *("non", "none", "nor", "not", "of", "off", "on", "one", "or", "other", "out", "so"),
        *("some", "that", "the", "this", "to", "too", "up", "us", "was", "we", "with", "you"),
        *("nein", "nicht", "kein", "je", "le", "la", "de", "en", "et", "es", "un"),
    ]
)
_STATES = re.compile(
    r"(?:\b(?:is|be|are|as|say|choose|chose|pick|select|answer|answers|option|choice|letter|label|"
    r"class|category|code|number|with|for|to|by|belongs?|not|but|so|est|es|ist|lautet)|[:=]|->|→)"
    r"[\s*_`\"'“(\[]*$",
    re.IGNORECASE,
)
_HEADING_END = re.compile(r"[ *_`\"'\]]*(?:[:)]|\.(?:\s|$)|\s-\s|—)")
_STATEMENT_END = re.compile(
    r"[ \t*_`\"'”\]]*(?:[.;:!()\n]|$|\s-\s|—|\b(?:because|since)\b"
    r"|(?<=\bnone )of (?:these|those|them|the)\b)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?](?=\s)|[。\n]")
# Joins one choice to another one: "A and B", "yes/no".
_JOINT = re.compile(r"[ \t*_`\"']*(?:/|&|\band\b|\bor\b)[ \t*_`\"']*")

# How much text around a mention may bear on it.
_NEAR = 400

_AFFIRMED = re.compile(
    r"\bno (?:doubt|question)\b|\bwithout (?:a |any )?doubt\b|\bnot (?:only|just|merely|simply)\b"
    r"|\bnothing but\b|\bnone other than\b",
    re.IGNORECASE,
)
_DENIES = (
    r"(?:not|never|neither|nor|none|nothing|cannot|can't|hardly|barely|scarcely|without|lacks?|"
    r"fails? to|doubt(?:s|ful)?|unlike(?:ly)?|except|excluding"
    r"|nicht|kein\w*|weder|niet|geen|inte|ikke|pas|ne|né|não|nem|nu|nie|není|ei|bukan|tidak|không"
    r"|не|ни|нет|δεν|ليس|ليست|غير)\b"
    r"|\b(?:far from|rather than|instead of|other than|as opposed to|opposed to|less than|"
    r"anything but|versus|vs)\b"
)
_DENIAL = re.compile(
    rf"\b{_DENIES}|n't\b|\b(?:no|non)(?:[\s-]\w+)?[^\w,]*$|[不没沒非無无未]\w{{0,4}}\W{{0,2}}$"
    r"|\b(?:almost|nearly|partially|partly|half|semi|quasi)\W*$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"[\s*_`\"'”)\]]*(?:(?:is|are|was|were|does|do|would|can|could|seems?|looks?)\s*"
    r"(?:not|n't|never|no longer|hardly)\b|(?:isn't|aren't|wasn't|doesn't|don't|can't|cannot)\b"
    r"|(?:is|are|was|seems?|looks?|would be) (?:wrong|incorrect|false|unlikely|out|excluded|"
    r"ruled out|impossible)\b|can be (?:ruled out|excluded)"
    # "Spam? No.", "spam: no", and the languages that deny behind the word.
    r"|[?:=]\W*(?:no|nein|non|false)\W*(?:[.,;}\n]|$)"
    r"|değil|नहीं|(?:で|じゃ|では)(?:な|あり)|\w{0,2}\s?(?:아니|아닙|않))",
    re.IGNORECASE,
)
_TURN = (
    r"—|\s-\s"
    r"|\b(?:but|however|because|since|though|although|while|whereas|therefore)\b"
    r"|,(?=\s*(?:it|it's|this|these|he|she|they|i|we|so|rather|instead|hence|thus|yet|just"
    r"|sondern|aber|sino|pero|mais|ma|maar|а|но)\b)"
)
# A turn right after the denial does not end it: "not because it is spam", "anything but spam".
_CLAUSE_END = regex.compile(
    rf"[.!?;:](?=\s|$)|[。\n]|(?<!\b(?:{_DENIES}|non?|n't|anything|nothing)\s*)(?:{_TURN})", regex.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A choice that stands in a text, from ``start`` to ``end``."""

    choice: str
    start: int
    end: int


def mentions(choices: Iterable[str], text: str) -> Sequence[Mention]:
    """Where ``text``, which is shaped, names ``choices`` as whole words, in text order.

    A choice inside a longer one counts as the longer one. Case does not count, but a single
    letter is named in running text by a capital only, and an ordinary word ("no", "a") only where
    it is stated: alone, at the end of a statement ("I would say no.") or before a colon.
    """
    found: list[Mention] = []
    is_taken = bytearray(len(text))
    for choice in longest_first(choices):
        for match in choice_pattern(choice).finditer(text):
            start, end = match.span()
            if not any(is_taken[start:end]):
                is_taken[start:end] = b"\1" * (end - start)
                found.append(Mention(choice=choice, start=start, end=end))
    found.sort(key=lambda mention: mention.start)
    is_meant = [_is_meant(mention, text) for mention in found]
    for place, (one, other) in enumerate(pairwise(found)):
        if _is_joined(one, other, text) and any(is_meant[place : place + 2]):
            is_meant[place : place + 2] = True, True
    return [mention for mention, is_one in zip(found, is_meant, strict=True) if is_one]


def _is_joined(one: Mention, other: Mention, text: str) -> bool:
    """Whether the two stand side by side: "A and B", and two letters that end a statement."""
    if _JOINT.fullmatch(text, one.end, other.start):
        return True
    are_letters = other.end - other.start == one.end - one.start == 1
    are_side_by_side = are_letters and not text[one.end : other.start].strip(" \t,;*_`\"'")
    return are_side_by_side and _STATEMENT_END.match(text, other.end) is not None


def _is_meant(mention: Mention, text: str) -> bool:
    word = shaped(mention.choice).strip()
    is_letter = len(word) == 1 and word.isalpha() and word.isascii()
    if is_letter and text[mention.start].isupper():
        # "A" begins many a sentence, and "I" stands anywhere.
        is_word = word in "iI" or (word in "aA" and _opens_sentence(mention, text))
        return not is_word or is_alone(mention, text)
    if is_letter or word.lower() in _ORDINARY:
        return is_alone(mention, text)
    return True


def _opens_sentence(mention: Mention, text: str) -> bool:
    return re.fullmatch(EDGE, sentence_before(mention, text)) is not None


def is_alone(mention: Mention, text: str) -> bool:
    """Whether nothing but the choice stands in its sentence, brackets or statement."""
    before = sentence_before(mention, text)
    ends = _STATEMENT_END.match(text, mention.end) is not None
    if re.fullmatch(EDGE, before) or (before.endswith("(") and text.startswith(")", mention.end)):
        return ends or text.startswith(",", mention.end)
    return ends and _STATES.search(before) is not None


def is_heading(mention: Mention, text: str) -> bool:
    """Whether the choice begins a line, or the text, and a colon, bracket or point ends it."""
    before, line_end, line = _before(mention, text).rpartition("\n")
    if not re.fullmatch(r"[\s>*_`\"'(\[#-]*", line):
        return False
    last = before.rstrip()[-1:]
    is_new = not line_end or not (last == "," or last.isalnum())
    return is_new and _HEADING_END.match(text, mention.end) is not None


def is_denied(mention: Mention, text: str) -> bool:
    """Whether the clause around ``mention`` says that it is not so."""
    before = clause_before(mention, text)
    return bool(_DENIAL.search(before) or _DENIED_AFTER.match(text, mention.end))


def sentence_before(mention: Mention, text: str) -> str:
    """What stands in the same sentence before ``mention``."""
    return _SENTENCE_END.split(_before(mention, text))[-1]


def clause_before(mention: Mention, text: str) -> str:
    """What stands in the same clause before ``mention``, without affirmations like "no doubt"."""
    return _CLAUSE_END.split(_AFFIRMED.sub("", _before(mention, text)))[-1]


def clause_after(mention: Mention, text: str) -> str:
    """What stands in the same clause after ``mention``."""
    return _CLAUSE_END.split(text[mention.end : mention.end + _NEAR])[0]


def _before(mention: Mention, text: str) -> str:
    return text[max(0, mention.start - _NEAR) : mention.start]


def longest_first(choices: Iterable[str]) -> Sequence[str]:
    """``choices`` so that one inside another comes after it."""
    return sorted(choices, key=lambda choice: -len(choice))


@lru_cache(maxsize=1024)
def whole_pattern(choice: str) -> "regex.Pattern[str]":
    """Matches shaped text that is ``choice`` but for quotes and marks around it."""
    return regex.compile(f"{EDGE}?{choice_pattern(choice).pattern}{EDGE}", regex.V1 | regex.I)


@lru_cache(maxsize=1024)
def choice_pattern(choice: str) -> "regex.Pattern[str]":
    """Finds ``choice`` as a whole word in shaped text.

    A word goes on over a hyphen, point, apostrophe or underscore to the next letter, and over
    ``+`` and ``#`` after a letter: ``c`` is not named by ``c++``, ``spam`` not by ``non-spam``.
    Separators inside the choice may be others: ``in_progress`` is named by ``in progress``.
    """
    text = " ".join(shaped(choice).split())
    before = "" if regex.match(_UNSPACED, text) else rf"(?<!{_WORD})(?<!{_WORD}{_JOINER})"
    word = _WORD if regex.match(r"\p{Hangul}", text[-1]) else _WORD_AFTER
    after = rf"(?!{word})(?!{_JOINER}{_WORD})(?![+#])"
    if regex.match(_UNSPACED, text[-1]):
        after = ""
    if regex.match(_DIGIT, text):
        before += rf"(?<![-−.])(?<!{_DIGIT},)(?<!(?:^|\s)[<>])(?<!{_DIGIT}\s?/\s?)"
    if regex.match(_DIGIT, text[-1]):
        zeros = r"(?:\.0+)?" if regex.fullmatch(rf"-?{_DIGIT}+", text) else ""
        after = rf"{zeros}{after}(?!,{_DIGIT})(?!\s?/\s?{_DIGIT})"
    return regex.compile(f"{before}{''.join(_parts(text))}{after}", regex.V1 | regex.I)


def _parts(text: str) -> Iterator[str]:
    for part in regex.split(r"(?<=\w)([\s_\-]+)(?=\w)", text):
        if part.strip(" _-"):
            yield regex.escape(part).replace("'", "'?")
        else:
            # A soft hyphen is gone already, so that a hyphen between letters may be none.
            yield r"[\s_\-]*" if part == "-" and not regex.search(_DIGIT, text) else r"[\s_\-]+"
