"""The choice that a judge's answer comes to."""

import re
from collections.abc import Sequence

from pytest_promptopt.scoring.mentions import (
    EDGE,
    Mention,
    clause_after,
    clause_before,
    is_denied,
    mentions,
)
from pytest_promptopt.scoring.statements import Marked, Statements

# What is told of other answers than the one that is judged, or of one that might have been.
_ASIDE = re.compile(
    r"(?<!\bi )(?<!rating )(?<!grade )(?<!score )(?<!verdict )\bwould\b|\bcould\b|\bshould\b"
    r"|\bmight\b|\bmust\b|\bif\b|\bbetter\b|\bbest\b|\bideal\b|\bperfect\b|\bmax(?:imum)?\b"
    r"|\bhighest\b|\bpossible\b|\brequires?\b|\bneeds?\b|\bexpected\b|\breference\b"
    r"|\bgold(?:en)?\b|\bground truth\b|\bcorrect answer\b",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:maybe|perhaps|possibly)\W*$"
    r"|\b(?:says|said|states|stated|claims|claimed|thinks)(?: (?!and\b|but\b)\S+){0,4}\W*$",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r"[\s,(]*\b(?:as opposed to|rather than|instead of|and not|but not|not|over|versus|vs\.?)"
    r"(?: an?)?[\s*_`\"'“(]*$",
    re.IGNORECASE,
)
_BEFORE_A_NUMBER = re.compile(
    r"(?:^|[:=>*\"'(]|->|\b(?:an?|is|as|it|this|be|of|give|rate|score|rating|deserves|choose))\s*$",
    re.IGNORECASE,
)
_FIELD = re.compile(r"[\s*_`>#-]*(?:[\w-]+\s){0,2}[\w-]+[*_`]*\s*[:=]")
_OWN_LINE = re.compile(r"[\s>*_`#-]*(?:(?:my|the|final|overall)\s+)*$", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"\n]+\"|“[^”\n]+”|^>[^\n]*$|^```.*?(?:^```|\Z)", re.M | re.S)


def read_verdict(answer: str, choices: Sequence[str], *, is_cut: bool = False) -> str | None:
    """The one of ``choices`` that ``answer`` comes to, None where that cannot be told.

    In this order: the whole answer; the field of a JSON object; the last tag, box or double
    bracket (``<choice>…</choice>``); what follows the last ``Answer:`` and the like; what the
    last line ends in; what the answer opens with. Where these contradict each other, only a last
    line that is nothing but a choice, or a line of its own with ``Answer:``, is believed. What a
    sentence denies ("this is not good"), quotes, or tells of another answer ("a better reply
    would have been good") is no verdict. Of an answer that ``is_cut`` off only the first three
    count.
    """
    statements = Statements(choices)
    text = statements.plain(answer)
    whole = statements.whole(text)
    if whole is not None or not text:
        return whole
    field, is_said = statements.in_json(answer)
    if is_said:
        return field
    formal, is_said = statements.formal(text)
    if is_said or is_cut:
        return formal
    return _Prose(statements, choices, _without_quotes(statements, text)).verdict()


def _without_quotes(statements: Statements, text: str) -> str:
    """``text`` without what it quotes, save a choice by itself."""

    def kept(match: re.Match[str]) -> str:
        return match[0] if statements.whole(match[0].strip("`")) else " "

    return _QUOTED.sub(kept, text)


class _Prose:
    """Reads the verdict out of sentences."""

    def __init__(self, statements: Statements, choices: Sequence[str], text: str) -> None:
        self._statements = statements
        self._choices = choices
        self._text = text.strip()
        self._last = self._text.rpartition("\n")[2]

    def verdict(self) -> str | None:
        alone = self._statements.whole(self._last)
        if alone is not None:
            return alone
        opening, ending = self._statements.at_start(self._text), self._ending()
        marked = self._statements.marked(self._text)
        if marked is not None:
            return self._with_marker(marked, opening, ending)
        if opening is not None and ending not in (None, opening):
            return None
        if ending is not None:
            return None if self._fields() - {ending} else ending
        return opening if self._names_no_other(opening) else None

    def _with_marker(self, marked: Marked, opening: str | None, ending: str | None) -> str | None:
        """What is marked, unless the answer opens or ends otherwise."""
        line = self._text[: marked.start].rpartition("\n")[2]
        is_own_line = _OWN_LINE.match(line) is not None
        if ending not in (None, marked.choice) and not _FIELD.match(self._last):
            return None
        return marked.choice if is_own_line or opening in (None, marked.choice) else None

    def _fields(self) -> set[str]:
        """What is given on lines such as ``Style: 2``."""
        lines = [line for line in self._text.splitlines() if _FIELD.match(line)]
        found = (self._at_end(line) for line in lines)
        return {mention.choice for mention in found if mention is not None}

    def _ending(self) -> str | None:
        """The choice that the last line ends in, unless it is denied or told of another answer."""
        line = self._last
        for _ in range(2):
            mention = self._at_end(line)
            if mention is None:
                return None
            before = line[: mention.start]
            contrast = _CONTRAST.search(before)
            if contrast is None:
                return mention.choice if self._is_meant(mention, line) else None
            line = line[: contrast.start()]
        return None

    def _at_end(self, line: str) -> Mention | None:
        found = mentions(self._choices, line)
        return found[-1] if found and re.fullmatch(EDGE, line[found[-1].end :]) else None

    def _is_meant(self, mention: Mention, line: str) -> bool:
        before, after = clause_before(mention, line), clause_after(mention, line)
        is_aside = _REPORTED.search(before) or _ASIDE.search(before) or _ASIDE.search(after)
        return not is_aside and not is_denied(mention, line) and self._is_grade(mention, line)

    def _is_grade(self, mention: Mention, line: str) -> bool:
        is_number = mention.choice[:1].isdigit()
        return not is_number or _BEFORE_A_NUMBER.search(line[: mention.start]) is not None

    def _names_no_other(self, choice: str | None) -> bool:
        """Whether the last line means no choice but ``choice``."""
        found = mentions(self._choices, self._last)
        return all(m.choice == choice or not self._is_meant(m, self._last) for m in found)
