"""The rule on limits of the answer that cannot both be meant."""

import re
from collections.abc import Iterator

from pytest_promptopt.linting.rule import Finding, Rule
from pytest_promptopt.linting.sheet import Passage, Sheet, words_of
from pytest_promptopt.linting.sources import ANTHROPIC_CLEAR
from pytest_promptopt.prompts.answer_place import WHOLE

_UNIT = r"(?P<unit>words?|sentences?|characters?|paragraphs?|bullet points?|bullets|lines?)"
_MOST = re.compile(
    r"\b(?:at most|no more than|not more than|(?:a )?max(?:imum)?(?: of)?|up to|under|less than"
    r"|fewer than|within|not exceed(?:ing)?|limit\w* (?:\w+ )?to)\s+"
    rf"(?P<count>\d{{1,5}})[\s-]+{_UNIT}\b",
    re.IGNORECASE,
)
_LEAST = re.compile(
    r"\b(?:at least|no (?:less|fewer) than|not (?:less|fewer) than|(?:a )?min(?:imum)?(?: of)?"
    rf"|more than|over)\s+(?P<count>\d{{1,5}})[\s-]+{_UNIT}\b",
    re.IGNORECASE,
)
_OF_THE_WHOLE = re.compile(
    r"\b(?:answer|respond|response|reply|output|summary|keep (?:it|this)"
    r"|be (?:brief|concise|short))\b",
    re.IGNORECASE,
)
_OF_A_PART = re.compile(
    r"\b(?:each|every|per|titles?|headings?|subject|section|paragraph|bullets?|steps?|fields?"
    r"|descriptions?|intro\w*|names?|slides?|headlines?|if|when|otherwise|unless|except)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]+")
_WHY = re.compile(
    r"\b(?:explain (?:why|how you|your|yourself)|justify (?:your|why)"
    r"|(?:give|state|include|add|provide) (?:a |an |the |your |brief |short |one-line )*"
    r"(?:explanations?|reasoning|rationale|justifications?|reasons?)\b(?! (?:for|of|to|why) th))",
    re.IGNORECASE,
)
_NOT_WHY = re.compile(
    r"\b(?:no|without(?: any)?|(?:do not|don['’]t|never) (?:give|include|add|provide|write|output)"
    r"(?: any| an)?) (?:explanations?|reasoning|justifications?|reasons)\b"
    r"|\b(?:answer|respond|reply|return|output)\b[^.\n]{0,40}"
    r"\b(?:label|number|word|letter|name|category|score) only\b"
    r"|\bonly (?:with )?(?:the|a|one|its) (?:\w+ )?(?:label|number|word|letter|category|score)\b",
    re.IGNORECASE,
)
_OF_ANSWER = re.compile(
    r"\b(?:answer|respond|response|reply|return|output|give|write|provide|only|just|include|add)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:no|not|never|without|avoid|don['’]t)\b(?:\W+\w+){0,3}\W*\Z", re.IGNORECASE
)
_PARTED = re.compile(r"</?[A-Za-z][\w-]*>|\bJSON\b|\bXML\b", re.IGNORECASE)


def _conflicts(sheet: Sheet) -> Iterator[Finding]:
    yield from _conflicting_counts(sheet)
    if sheet.prompt.answer != WHOLE or sheet.prompt.response_format != "text":
        return
    if any(_PARTED.search(passage.text) for passage in sheet.passages):
        return
    asked = [(p, found) for p in sheet.passages if (found := _asked(_WHY, p.plain))]
    denied = [(p, found) for p in sheet.passages if (found := _not_asked(p.plain))]
    if asked and denied:
        passage, found = denied[0]
        message = f"“{words_of(found)}” and “{words_of(asked[0][1])}” conflict"
        yield sheet.in_passage(passage, found, message)


def _asked(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first match that no negation stands before."""
    matches = pattern.finditer(text)
    return next((m for m in matches if not _DENIED.search(text, 0, m.start())), None)


def _not_asked(text: str) -> re.Match[str] | None:
    """The first match in a sentence on the answer."""
    for sentence in _SENTENCE.finditer(text):
        if _OF_ANSWER.search(sentence[0]):
            found = _NOT_WHY.search(text, sentence.start(), sentence.end())
            if found is not None:
                return found
    return None


def _conflicting_counts(sheet: Sheet) -> Iterator[Finding]:
    """Limits of the whole answer that cannot both be meant."""
    first: dict[str, tuple[str, int, str]] = {}
    for passage, found, bound in _limits(sheet):
        count, unit = int(found["count"]), found["unit"].lower().rstrip("s")
        known = first.get(unit)
        if known is None:
            first[unit] = (bound, count, words_of(found))
            continue
        other_bound, other, words = known
        is_apart = (
            count != other
            if bound == other_bound
            else (count - other) * (bound == "most" or -1) < 0
        )
        if is_apart:
            message = f"“{words_of(found)}” and “{words}” conflict"
            yield sheet.in_passage(passage, found, message)


def _limits(sheet: Sheet) -> Iterator[tuple[Passage, re.Match[str], str]]:
    for passage in sheet.passages:
        plain = passage.plain
        for sentence in _SENTENCE.finditer(plain):
            if not _OF_THE_WHOLE.search(sentence[0]) or _OF_A_PART.search(sentence[0]):
                continue
            for bound, pattern in (("most", _MOST), ("least", _LEAST)):
                for found in pattern.finditer(plain, sentence.start(), sentence.end()):
                    yield passage, found, bound


RULES = (
    Rule(
        code="PL108",
        title="limits that conflict",
        reason="Of two orders that exclude each other a model follows now one, now the other.",
        source=ANTHROPIC_CLEAR,
        remedy="keep one of them",
        find=_conflicts,
    ),
)
