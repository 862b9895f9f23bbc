"""The choice that a judge's answer comes to."""

import re
from collections.abc import Sequence

from pytest_promptopt.scoring.mentions import (
    EDGE,
    Mention,
    clause_after,
    clause_before,
    is_alone,
    is_denied,
    mentions,
    sentence_before,
)
from pytest_promptopt.scoring.statements import NAMES, Marked, Statements, searched

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
# Whose answer is told; one that may itself be "yes", "4" or "A" is then no verdict.
_OWNED = re.compile(
    r"\b(?:student|user|model|assistant|candidate|submi\w+|expert|response|reply|given|provided|its|their)\b(?:'s)?"
    r"(?: (?:answers?|response|reply|output|choice))?(?: (?:is|was|answered|chose|gave))?\W*$",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"yes|no|true|false|\w|\d+", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"\s(?:answers?|responses?|reply|replies|one|options?|choice|version|solution|value)\b", re.I
)
_FIELD_NAME = re.compile(r"(?:^|[.;!?\n(])\W*(\w[\w']*(?: [\w']+){0,3})\W*[:=]\W*$")
_OTHER_ANSWER = re.compile(
    r"\b(?:reference|expected|correct|gold\w*|ground truth|question)(?: answer)?\s*[:=]",
    re.IGNORECASE,
)
# What follows a choice in a sentence that gives it and no more.
_GIVEN = re.compile(r"\W*(?:$|\n|\b(?:because|since|as|for|due)\b)", re.IGNORECASE)
# After one of these a sentence may name what it decides against before.
_CONCLUSION = (
    r"\b(?:so|therefore|thus|hence|overall|finally|final|conclu\w+|reflection|settled?|"
    r"i(?:'d)? (?:would )?(?:say|choose|pick|prefer|rate|give|call|go))\b"
)
_CONCLUDES = re.compile(rf"{_CONCLUSION}[^.!?]*$|\bbut(?: the| my)?\W*$|:\W*$", re.IGNORECASE)
_FINAL = re.compile(
    rf"{_CONCLUSION}\W*(?:(?:my|the|an?|is|it|this)\W+)*(?:(?:{NAMES})\b\W*)?(?:is\W*)?$",
    re.IGNORECASE,
)
_OF_ANSWER = re.compile(r"[<\"]?answer", re.IGNORECASE)
_NEAR = 80
_SENTENCE = re.compile(r"[.!?;]\s")
_SEARCHED_CHARACTERS = 1_000
_CONTRAST = re.compile(
    r"[\s,(]*\b(?:as opposed to|rather than|instead of|and not|but not|not|over|versus|vs\.?|"
    r"against|than|beats?)"
    r"(?: an?)?[\s*_`\"'“(]*$",
    re.IGNORECASE,
)
_BEFORE_A_NUMBER = re.compile(
    r"(?:^|[:=>*\"'(]|->|\b(?:an?|is|as|it|this|be|(?:score|grade|rating) of|give|rate|score|"
    r"rating|deserves|choose))\s*$",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"[\s*_`>#-]*(?:\d+[.)]\s*)?(?:[\w-]+\s){0,2}[\w-]+[*_`]*\s*[:=]|\s*\||\s*\d+[.)]\s|[^?\n]{1,80}\?"
)
_OWN_LINE = re.compile(r"[\s>*_`#-]*(?:(?:my|the|final|overall)\s+)*$", re.IGNORECASE)
_FENCED = re.compile(r"(?P<mark>```+|~~~+).*?(?:(?P=mark)|\Z)", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(
    rf"{_FENCED.pattern}|^[ \t]*>[^\n]*$"
    r"|<(?P<tag>answer|question|context|reference|blockquote|quote|q|cite|code|pre)>.*?</(?P=tag)>"
    r"|\"[^\"\n]+\"(?:\s*:)?|`[^`\n]+`|(?<!\w)'[^'\n]+'(?!\w)"
    r"|“[^”\n]+”|‘[^’\n]+’|„[^“”\n]+[“”]|«[^»\n]+»|‹[^›\n]+›|「[^」\n]+」|『[^』\n]+』",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_BRACKETED = re.compile(r"\([^()\n]+\)|\[[^\[\]\n]*[:=\s][^\[\]\n]*\]")
_JSON_IN_A_LINE = re.compile(r"^[^\n{]*\{.*$", re.MULTILINE)
_OBJECT = re.compile(r"\{[^{}\n]*+\}")
_CORRECTED = re.compile(r"\W*\w+,\W*")


def read_verdict(answer: str, choices: Sequence[str], *, is_cut: bool = False) -> str | None:
    """The one of ``choices`` that ``answer`` comes to, None where that cannot be told.

    In this order: the whole answer; the field of a JSON object; the tag, box or double bracket
    (``<choice>…</choice>``); what follows the last ``Answer:`` and the like; what the last line
    ends in; what the answer opens with. Where these contradict each other or themselves, only a
    last line that is nothing but a choice, a line of its own with ``Answer:``, or a conclusion is
    believed. What is quoted, also in a block or fence, what a sentence denies ("this is not
    good"), or tells of another answer ("a better reply would have been good") is no verdict, nor is
    JSON within a sentence, unless that ends in it after a colon. Of an answer that ``is_cut`` off
    only the first three count.
    """
    answer = searched(answer)
    found = _read(answer, choices, is_cut=is_cut)
    around = _JSON_IN_A_LINE.sub(_without_told, answer) if found is not None else answer
    is_told = around != answer and _read(around, choices, is_cut=is_cut) != found
    return None if is_told else found


def _without_told(line: re.Match[str]) -> str:
    """The line without its JSON, where that stands in a sentence and may tell of what is judged."""
    before, _, rest = line[0].partition("{")
    is_given = before.rstrip().endswith(":") and rest.rstrip().endswith("}")
    if is_given or not re.search(r"\w", before):
        return line[0]
    return _OBJECT.sub(lambda found: " " if '"' in found[0] else found[0], line[0])


def _read(answer: str, choices: Sequence[str], *, is_cut: bool) -> str | None:
    statements = Statements(choices)
    text = statements.plain(answer)
    whole = statements.whole(text)
    if whole is not None or not text:
        return whole
    own = statements.plain(_without_quotes(statements, answer))
    field, is_said = statements.in_json(answer)
    if is_said:
        around = _FENCED.sub(" ", answer)
        is_fenced = around != answer and re.search(r"\w", around)
        return None if is_fenced and read_verdict(around, choices) not in {None, field} else field
    formal = statements.formal(own)
    if formal is None:
        return None
    if formal or is_cut:
        return _formal_verdict(statements, own, formal)
    return _Prose(statements, choices, _without(_BRACKETED, statements, own)).verdict()


def _formal_verdict(statements: Statements, text: str, formal: Sequence[Marked]) -> str | None:
    """The choice in the tags or the like, unless a line marks another one."""
    if not formal:
        return None
    choice = _settled(text, _without_answers(formal, text) or formal)
    marked = _without_answers(statements.marked(text), text)
    return choice if all(one.choice == choice for one in marked) else None


def _settled(text: str, stated: Sequence[Marked]) -> str | None:
    """The choice of the last statement, unless another differs of which it is no conclusion."""
    *before, last = stated
    others = [one for one in before if one.choice != last.choice]
    if not others or _CORRECTED.fullmatch(text, others[-1].end, last.start):
        return last.choice
    is_final = _is_final(last, text) and not any(_is_final(one, text) for one in others)
    return last.choice if is_final or _is_last_line(last, others, text) else None


def _is_final(stated: Marked, text: str) -> bool:
    """Whether what stands right before it says that it concludes."""
    before = (text[max(0, end - _NEAR) : end] for end in (stated.start, stated.end))
    return any(map(_FINAL.search, before))


def _is_last_line(last: Marked, others: Sequence[Marked], text: str) -> bool:
    """Whether the last line is nothing but ``last``, and a sentence states the others."""
    before = text[: last.start].rstrip(" ")
    is_line = before.endswith("\n") and re.fullmatch(EDGE, text[last.end :])
    is_told = before.rstrip().endswith(":")
    return bool(is_line) and not is_told and not any(_is_line(one, text) for one in others)


def _is_line(stated: Marked, text: str) -> bool:
    before, after = text[: stated.start], text[stated.end :]
    line = before.rpartition("\n")[2] + after.partition("\n")[0]
    return re.fullmatch(EDGE, line) is not None


def _without_answers(stated: Sequence[Marked], text: str) -> Sequence[Marked]:
    """What is not called an answer, which may be the one that is judged."""
    return [one for one in stated if not _OF_ANSWER.match(text, one.start)]


def _without_quotes(statements: Statements, text: str) -> str:
    """``text`` without what it quotes; the whole of it where nothing is left."""
    left = _without(_QUOTED, statements, text)
    return left if re.search(r"\w", left) else text


def _without(pattern: re.Pattern[str], statements: Statements, text: str) -> str:
    """``text`` without what matches, save a choice by itself and the key of a field."""

    def kept(match: re.Match[str]) -> str:
        is_key = match[0].endswith(":")
        is_choice = statements.whole(statements.plain(match[0])) is not None
        return match[0] if is_key or is_choice else " "

    return pattern.sub(kept, text)


class _Prose:
    """Reads the verdict out of sentences."""

    def __init__(self, statements: Statements, choices: Sequence[str], text: str) -> None:
        self._statements = statements
        self._choices = choices
        self._text = text.strip()
        self._last = self._text.rpartition("\n")[2][-_SEARCHED_CHARACTERS:]

    def verdict(self) -> str | None:
        alone = self._statements.whole(self._last)
        if alone is not None:
            first = self._statements.whole(self._text.partition("\n")[0])
            return alone if first in (None, alone) else None
        opening, ending = self._statements.at_start(self._text), self._ending()
        marked = self._statements.marked(self._text)
        if marked:
            is_settled = _settled(self._text, marked) is not None
            return self._with_marker(marked[-1], opening, ending) if is_settled else None
        if opening is not None and ending not in (None, opening):
            return None
        if ending is not None:
            return None if self._fields() - {ending} else ending
        return opening if self._names_no_other(opening, self._last) else None

    def _with_marker(self, marked: Marked, opening: str | None, ending: str | None) -> str | None:
        """What is marked, unless the answer opens or ends otherwise."""
        line = self._text[: marked.start].rpartition("\n")[2]
        is_own_line = _OWN_LINE.match(line) is not None
        if ending not in (None, marked.choice) and not _FIELD.match(self._last):
            return None
        if ending is None and self._may_be_judged(marked):
            return None
        if is_own_line or opening == marked.choice:
            return marked.choice
        sentence = _SENTENCE.split(line)[-1]
        is_plain = _CONCLUDES.search(sentence) or self._names_no_other(marked.choice, sentence)
        return marked.choice if opening is None and is_plain else None

    def _may_be_judged(self, marked: Marked) -> bool:
        """Whether "the answer is yes" may tell what is judged: it goes on, or tells another too."""
        marker = self._text[marked.start : marked.end].casefold()
        if not marker.startswith("answer") or not _ANSWER.fullmatch(marked.choice):
            return False
        rest = self._text[marked.end :].lstrip("*_`\"': ")[len(marked.choice) :]
        goes_on = marker.endswith("is") and not _GIVEN.match(rest)
        return goes_on or _OTHER_ANSWER.search(self._text) is not None

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
                is_meant = self._is_meant(mention, line) and not self._is_contested(mention, line)
                return mention.choice if is_meant else None
            line = line[: contrast.start()]
        return None

    def _at_end(self, line: str) -> Mention | None:
        found = mentions(self._choices, line)
        return found[-1] if found and re.fullmatch(EDGE, line[found[-1].end :]) else None

    def _is_meant(self, mention: Mention, line: str) -> bool:
        if not self._is_grade(mention, line) or _ATTRIBUTE.match(line, mention.end):
            return False
        before, after = clause_before(mention, line), clause_after(mention, line)
        field = _FIELD_NAME.search(line[: mention.start])
        told_by = f"{field[1].replace('_', ' ') if field else ''}\n{before}"
        is_aside = _REPORTED.search(before) or _ASIDE.search(told_by) or _ASIDE.search(after)
        is_owned = _ANSWER.fullmatch(mention.choice) and any(
            map(_OWNED.search, told_by.split("\n"))
        )
        return not (is_aside or is_owned or is_denied(mention, line))

    def _is_grade(self, mention: Mention, line: str) -> bool:
        if not mention.choice[:1].isdigit():
            return True
        before = sentence_before(mention, line)
        is_first = re.fullmatch(EDGE, before)
        return is_alone(mention, line) if is_first else bool(_BEFORE_A_NUMBER.search(before))

    def _is_contested(self, ending: Mention, line: str) -> bool:
        """Whether the text means another choice too, and ``ending`` is no conclusion from it."""
        sentence = sentence_before(ending, line)
        text = self._text[: self._text.rfind(line) + ending.start][-_SEARCHED_CHARACTERS:]
        found = [m for m in mentions(self._choices, text) if m.choice != ending.choice]
        whole = text + line[ending.start :]
        joined = self._statements.joined(whole, found[-1].end) if found else None
        if joined is not None and joined.start == len(text):
            return True
        is_conclusion = re.fullmatch(EDGE, sentence) or _CONCLUDES.search(sentence)
        return not is_conclusion and not self._names_no_other(ending.choice, text)

    def _names_no_other(self, choice: str | None, text: str) -> bool:
        """Whether ``text`` means no choice but ``choice``; "yes or no?" means none."""
        return all(
            mention.choice == choice
            or not self._is_meant(mention, text)
            or self._statements.joined(text, mention.end)
            for mention in mentions(self._choices, text)
        )
