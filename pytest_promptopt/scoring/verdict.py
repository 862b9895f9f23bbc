"""The choice that a judge's answer names."""

import re
from collections.abc import Sequence

from pytest_promptopt.scoring.labels import folded, label_pattern, longest_first, named_labels

# A verdict stands near the end, and a line of more than this is none.
_SEARCHED_CHARACTERS = 10_000
_LONGEST_LINE = 1_000

_EDGE = r"[\s.,;:!?*_`~\"'“”‘’«»()\[\]{}<>|\\/#=\-–—]*"
_TAG = re.compile(
    r"<(?P<name>choice|answer|verdict|score|rating|grade)>(?P<content>[^<]*)</(?P=name)>",
    re.IGNORECASE,
)
_MARKER = re.compile(
    r"\b(?:answer|choice|verdict|rating|score|grade|result|decision|label|judge?ment|conclusion)"
    r"[\"'*_`]*\s*(?::|=|\bis\b|->|→)"
)
# What may follow a choice that opens a sentence; "good answers would …" is no verdict.
_GOES_ON = r"\s*(?:$|[.,;:!?()\[\]{}\"'*_`|/–—-]|\b(?:because|since|as|for|due|with|out)\b)"
_SENTENCE_END = re.compile(r"[.!?:;–—]\s|[.!?:;–—]$")
_NEGATION = re.compile(
    r"\b(?:not|never|neither|nor|none|cannot|hardly|barely|scarcely|without|lacks?|fails?|"
    r"far from|rather than|instead of|less than|anything but|nicht|kein\w*|pas|ne|não|не|нет)\b"
    r"|n['’]t\b|\bno(?:\s\w+)?\W*$|不|没"
)
# How far the scale goes is not what was given: "4/5", "4 out of 5", "on a scale of 1 to 5".
_SCALE = re.compile(
    r"(?<=\d)\s*(?:/|out of)\s*\d+\b"
    r"|\(?\b(?:on )?(?:a |the )?scale (?:of|from) \d+ ?(?:to|-|–) ?\d+\)?"
    r"|(?<=\d)\s*(?:stars?|points?)\b"
)
_BEFORE_A_NUMBER = re.compile(
    r"(?:^|[:=>*\"'(]|->|\b(?:an?|is|as|it|be|of|give|rate|score|rating|deserves|choose))\s*$"
)


def read_verdict(answer: str, choices: Sequence[str], *, is_cut: bool = False) -> str | None:
    """The one of ``choices`` that ``answer`` comes to, None where that cannot be told.

    In this order: the whole answer; the last tag (``<choice>…</choice>``); in the last line what
    follows ``Answer:`` and the like, or what the line ends in; ``Answer:`` in an earlier line; a
    first line that is a choice, or opens with one while the last line names no other. Longer
    choices win over those they contain, and a choice in a sentence that negates it ("this is not
    good") is none. Of an answer that ``is_cut`` off only the first two count.
    """
    reader = _Reader(choices)
    tail = answer.strip()[-_SEARCHED_CHARACTERS:]
    whole = reader.whole(answer)
    if whole is not None or not tail:
        return whole
    for tag in reversed(list(_TAG.finditer(tail))):
        tagged = reader.whole(tag["content"])
        # Judges also quote what they judge, between the tags in which they were shown it.
        if tagged is not None or tag["name"].lower() != "answer":
            return tagged
    if is_cut:
        return None
    lines = [line for line in map(reader.plain, tail.splitlines()) if line]
    return _from_lines(reader, first=answer.strip().partition("\n")[0], lines=lines)


def _from_lines(reader: "_Reader", *, first: str, lines: Sequence[str]) -> str | None:
    last = lines[-1] if lines else ""
    opening = reader.whole(first)
    marked = reader.marked(last)
    if marked is not None:
        return marked
    ending = reader.at_end(last)
    if ending is not None:
        is_contradicted = opening not in (None, ending) and reader.whole(last) is None
        return None if is_contradicted else ending
    found = reader.marked("\n".join(lines)) or opening
    if found is not None:
        return found
    opening = reader.at_start(reader.plain(first))
    return opening if reader.names_no_other(opening, last) else None


class _Reader:
    """Finds choices in text that is folded to one case."""

    def __init__(self, choices: Sequence[str]) -> None:
        self._choices = longest_first(choices)
        self._is_numeric = any(char.isdigit() for choice in choices for char in choice)

    def plain(self, line: str) -> str:
        """``line`` folded, without what is said about the scale."""
        text = folded(line[-_LONGEST_LINE:])
        return _SCALE.sub("", text) if self._is_numeric else text

    def whole(self, text: str) -> str | None:
        """The choice that ``text`` is, but for quotes, marks and a scale."""
        if len(text) > _LONGEST_LINE:
            return None
        plain = self.plain(text)
        for choice in self._choices:
            if re.fullmatch(f"{_EDGE}{re.escape(folded(choice))}{_EDGE}", plain):
                return choice
        return None

    def names_no_other(self, choice: str | None, line: str) -> bool:
        """Whether no choice but ``choice`` stands in ``line``."""
        return set(named_labels(self._choices, line)) <= {choice}

    def at_end(self, line: str) -> str | None:
        """The choice that ``line`` ends in, unless its sentence negates it."""
        for choice in self._choices:
            for match in label_pattern(folded(choice)).finditer(line):
                if re.fullmatch(_EDGE, line[match.end() :]):
                    return choice if self._is_meant(line[: match.start()], choice) else None
        return None

    def marked(self, text: str) -> str | None:
        """The choice after the last ``answer:`` or the like that one follows."""
        for marker in reversed(list(_MARKER.finditer(text))):
            choice = self.at_start(text[marker.end() :])
            if choice is not None:
                return choice
        return None

    def at_start(self, text: str) -> str | None:
        """The choice that ``text`` opens with."""
        opening = re.match(_EDGE, text)
        rest = text[opening.end() :] if opening else text
        for choice in self._choices:
            match = label_pattern(folded(choice)).match(rest)
            if match and re.match(_GOES_ON, rest[match.end() :], re.MULTILINE):
                return choice
        return None

    def _is_meant(self, before: str, choice: str) -> bool:
        sentence = _SENTENCE_END.split(before)[-1]
        if _NEGATION.search(sentence):
            return False
        return not choice[:1].isdigit() or _BEFORE_A_NUMBER.search(before) is not None
