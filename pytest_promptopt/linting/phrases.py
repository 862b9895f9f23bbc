"""Rules on phrases: what is said the long way round, or of nobody knows what."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pytest_promptopt.linting.rule import Finding, Rule
from pytest_promptopt.linting.sheet import Passage, Sheet, words_of
from pytest_promptopt.linting.sources import ANTHROPIC_CLEAR, NEGATION, OPENAI

_DONT = r"(?:do not|don['’]t|never)"
_BEING = r"(?:be|being|sound|get)"
_TOO = r"(?:too |overly |so |very |excessively )?"
# Before an order stands nothing in its sentence, or a word that joins it to another order.
_ORDERED = re.compile(
    r"(?:^|[.!?:;,(\n—–-]|\*\*|\d[.)]|\b(?:and|but|or|then|also|please|always))[\s*_>#•·]*$",
    re.IGNORECASE,
)
_SHOWN_BEFORE = 24


class Phrase(NamedTuple):
    """A negation, and the positive; ``dropped`` where the rest is right without it."""

    pattern: re.Pattern[str]
    positive: str
    dropped: str | None = None


def _phrase(pattern: str, positive: str, dropped: str | None = None) -> Phrase:
    return Phrase(re.compile(rf"\b{pattern}", re.IGNORECASE), positive, dropped)


_NOT = rf"(?:{_DONT} |avoid )"
_PHRASES = (
    _phrase(r"(?:do not|don['’]t) (?:forget|fail|neglect) to (?=\w)", "say what is to be done", ""),
    _phrase(r"never (?:forget|fail|neglect) to (?=\w)", "always …", "always "),
    _phrase(
        rf"{_NOT}{_BEING} {_TOO}(?:verbose|wordy|long[- ]winded|lengthy)\b",
        "be brief: say how long",
    ),
    _phrase(rf"{_NOT}{_BEING} {_TOO}(?:vague|unspecific|generic|general)\b", "be specific"),
    _phrase(rf"{_NOT}{_BEING} {_TOO}(?:rude|impolite|unfriendly)\b", "be polite"),
    _phrase(
        rf"{_NOT}(?:us(?:e|ing) )?(?:any |{_TOO})(?:complex|complicated|difficult|fancy) "
        r"(?:language|words?|terms|vocabulary|sentences)\b",
        "use plain words",
    ),
    _phrase(rf"{_NOT}(?:us(?:e|ing) )(?:the )?passive voice\b", "use the active voice"),
    _phrase(
        rf"{_NOT}(?:us(?:e|ing) |writ(?:e|ing) )?{_TOO}long sentences\b", "use short sentences"
    ),
    _phrase(
        rf"{_DONT} (?:make|write) (?:it|the \w+|your \w+|them) too (?:long|short)\b",
        "say how long",
    ),
    _phrase(rf"{_NOT}(?:us(?:e|ing) )(?:any )?jargon\b", "use plain words"),
    _phrase(
        rf"{_NOT}us(?:e|ing) (?:any )?markdown\b(?!(?: formatting| syntax)? (?:like|such))",
        "write plain text",
    ),
    _phrase(rf"{_NOT}us(?:e|ing) (?:any )?(?:bullet points|bullets)\b", "write in paragraphs"),
    _phrase(rf"{_DONT} stop until\b", "go on until"),
    _phrase(rf"{_DONT} repeat yourself\b", "say each thing once"),
    _phrase(
        rf"{_DONT} (?:answer|respond|reply|write|speak|output)(?: \w+)? in any (?:other )?language"
        r"(?: other than| but| except) \w+",
        "answer in that language",
    ),
    _phrase(rf"{_DONT} be afraid (?:to|of)\b", "say when to"),
)
_DOUBLE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_DONT} (?:ever |always )?"
        r"(?:avoid|omit|refuse|refrain from|exclude|never|not)\b",
        r"\b(?:never|cannot|can['’]t) not\b",
        rf"\b{_DONT}\b[^.!?\n]{{0,80}}\bunless\b[^.!?\n]{{0,60}}\b(?:not|n['’]t|no|never)\b",
        rf"\b{_DONT}\b[^.!?\n,]{{0,60}}\bwithout (?:not|never|no)\b",
    )
)
_TASK = (
    r"(?:translate|summari[sz]e|classify|categori[sz]e|extract|rewrite|paraphrase|proofread"
    r"|grade|rate|rank|evaluate|explain|compare|critique)"
)
_TWO_TASKS = re.compile(
    rf"(?:^|(?<=[.!?:\n] )|(?<=\n))(?:please )?(?P<one>{_TASK})\b[^.!?\n]{{0,120}}?"
    rf"(?:,? and|,|;|&) (?:also )?(?P<other>{_TASK}) "
    r"(?:the|its?|them|their|an?|this|that|these|each|any|all|what|how|why|whether|your|to|in|into)\b",
    re.IGNORECASE | re.MULTILINE,
)
_ORDER = re.compile(
    r"\b(?:first|firstly|then|next|after(?:wards)?|before|finally|lastly|second|steps?|in order)\b"
    r"|^\s*(?:\d+[.)]|[-*•])\s|\bJSON\b|</?\w+>|^#+ ",
    re.IGNORECASE | re.MULTILINE,
)
_PRONOUN = re.compile(
    r"\A\W*(?:(?:please )?(?:summari[sz]e|translate|classify|explain|rewrite|improve|fix|review"
    r"|shorten|analy[sz]e|describe|correct|continue|answer) "
    r"(?P<object>it|them|(?:that|those)(?=\W*$| (?:in|into|to|for|as|with)\b))\b"
    r"(?! (?:is|are|was|were)\b|\W{0,4}\{\{)"
    r"|(?P<subject>they|he|she|them|their|his|her)\b"
    r"|(?P<it>it) (?!is\b|was\b|has been\b|seems\b|takes\b|will be\b|would be\b|['’]s\b)\w+)",
    re.IGNORECASE | re.MULTILINE,
)


def _negations(sheet: Sheet) -> Iterator[Finding]:
    for passage in sheet.passages:
        plain = passage.plain
        for phrase in _PHRASES:
            for found in phrase.pattern.finditer(plain):
                if not _is_order(plain, found.start()) or _is_name(found[0]):
                    continue
                message = f"“{words_of(found)}”: the positive is plain: {phrase.positive}"
                yield _told(sheet, passage, found, message, phrase.dropped)


def _told(
    sheet: Sheet, passage: Passage, found: re.Match[str], message: str, dropped: str | None
) -> Finding:
    """The finding; with ``dropped`` the words give way to it, and the next one begins as they."""
    with_next = re.compile(re.escape(found[0]) + r"\w").match(passage.text, found.start())
    if dropped is None or with_next is None:
        return sheet.in_passage(passage, found, message)
    rest = f"{dropped}{with_next[0][-1]}"
    rest = rest[0].upper() + rest[1:] if found[0][0].isupper() else rest
    return sheet.in_passage(passage, with_next, message, fix=rest)


def _is_order(text: str, start: int) -> bool:
    return _ORDERED.search(text[max(0, start - _SHOWN_BEFORE) : start]) is not None


def _is_name(words: str) -> bool:
    """Whether the words are written as a name is, such as Don't Repeat Yourself."""
    second = words.split()[1]
    return second[0].isupper() and not second.isupper()


def _double_negations(sheet: Sheet) -> Iterator[Finding]:
    for passage in sheet.passages:
        plain = passage.plain
        for pattern in _DOUBLE:
            for found in pattern.finditer(plain):
                yield sheet.in_passage(passage, found, f"“{words_of(found)}” negates twice")


def _two_tasks(sheet: Sheet) -> Iterator[Finding]:
    if any(_ORDER.search(passage.text) for passage in sheet.passages):
        return
    for passage in sheet.passages:
        for found in _TWO_TASKS.finditer(passage.plain):
            one, other = found["one"].lower(), found["other"].lower()
            if one != other:
                message = f"“{one} … {other}” are two tasks, and nothing says which comes first"
                yield sheet.in_passage(passage, found, message)


def _pronoun(sheet: Sheet) -> Iterator[Finding]:
    first = sheet.passages[0] if sheet.passages else None
    if first is None or first.index > 0:
        return
    found = _PRONOUN.match(first.plain)
    if found is not None:
        pronoun = found["object"] or found["subject"] or found["it"]
        message = f"“{pronoun}” stands at the beginning, where there is nothing to refer to"
        yield sheet.in_passage(first, found, message)


RULES = (
    Rule(
        code="PL104",
        title="a negation where the positive is plain",
        reason="What not to do leaves open what to do, and names what is not wanted.",
        source=NEGATION,
        remedy="say what to do instead",
        find=_negations,
    ),
    Rule(
        code="PL105",
        title="a double negation",
        reason="Readers, models among them, lose count of negations.",
        source=NEGATION,
        remedy="say it without either negation",
        find=_double_negations,
    ),
    Rule(
        code="PL106",
        title="two tasks without an order",
        reason="One of two tasks tends to be done on the result of the other, or not at all.",
        source=OPENAI,
        remedy="number the steps, or give each task a prompt of its own",
        find=_two_tasks,
    ),
    Rule(
        code="PL107",
        title="a pronoun without a referent at the start",
        reason="A model starts from the text alone, and guesses what “it” may be.",
        source=ANTHROPIC_CLEAR,
        remedy="name the thing",
        find=_pronoun,
    ),
)
