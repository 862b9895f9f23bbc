"""Statements of a choice by its form: alone, in a tag, after ``Answer:``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.scoring.folding import shaped
from pytest_promptopt.scoring.json_value import NotJsonError, read_json
from pytest_promptopt.scoring.mentions import (
    EDGE,
    Mention,
    choice_pattern,
    longest_first,
    whole_pattern,
)

# A verdict stands at the beginning or the end, and a line of more than this is none.
_SEARCHED_CHARACTERS = 10_000
_LONGEST_LINE = 1_000

# What a verdict is called.
NAMES = (
    "verdict|score|grade|rating|choice|judgement|judgment|decision|conclusion|result|label|"
    "category|class|classification|winner|overall|option|answer"
)
_FORMS = (
    re.compile(rf"<(?P<name>{NAMES})>(?P<content>[^<]*)</(?P=name)>", re.IGNORECASE),
    re.compile(r"\\(?P<name>boxed|fbox)\{(?:\\text\{)?(?P<content>[^{}]*)\}"),
    re.compile(r"(?P<name>\[\[)(?P<content>[^\[\]]*)\]\]"),
    re.compile(
        rf"\"(?P<name>{NAMES})\"\s*:\s*(?P<content>\"[^\"\n]*\"|[^\s,}}\]\"]+)", re.IGNORECASE
    ),
)
_QUALIFIER = (
    r"expected|reference|correct|right|ideal|best|better|perfect|gold(?:en)?|true|given|provided|"
    r"original|possible|max(?:imum)?|min(?:imum)?|highest|lowest|student|user|model|assistant|"
    r"candidate|expert|submitted|target|its|their|his|her|your"
)
# What one who solves a task calls the answer that is given, and a judge another one.
_OF_A_SOLUTION = re.compile(r"(?:correct|right|true|best)\s+", re.IGNORECASE)
_MARKER = re.compile(
    rf"(?<!\w)(?P<qualifier>(?:{_QUALIFIER})(?:'s)?\s+)?(?:{NAMES})"
    r"[\"'*_`\]]*\s*(?::|=|\bis\b|->|→|(?<=\])(?!\())",
    re.IGNORECASE,
)
# What may follow a choice that opens a sentence; "good answers would …" is no verdict.
_GOES_ON = re.compile(
    r"\s*(?:$|\n|[.,;:!()\[\]{}\"'*_`|/=—]|-(?!\w)|<|"
    r"\b(?:because|since|as|for|due|with|though|although)\b)",
    re.IGNORECASE,
)
_ALTERNATIVE = re.compile(
    r"[ \t*_`\"',/|(&+>→-]*(?:(?:or|and|to|maybe|perhaps|possibly)\b[ \t*_`\"',(]*)*"
)
# How far the scale goes is not what was given: "4/5", "4 out of 5", "on a scale of 1 to 5".
_UNIT = r"(?:stars?|points?|pts?|Punkten?|分|点|점)"
_SCALE = re.compile(
    rf"(?<=\d)[\])]*\s*{_UNIT}?\s*\(?(?:/|\b(?:out )?of\b|\bvon\b|\bsur\b|\bde\b|\bsu\b|\bиз\b)"
    rf"\s*[(\[]*(?P<top>\d+)(?:\.0+)?(?![\d.,]*\d)[\])]*(?:\s*{_UNIT}\b)?"
    r"|\(?\b(?:on )?(?:a |the )?scale (?:of|from) \d+ ?(?:to|-) ?\d+\)?"
    r"|\(?\b(?:on |in )?(?:a |the )?\d+ ?(?:to|-) ?\d+ scale\)?"
    r"|\(\W*(?:max\w*|满分)\W*\d+\W*\)"
    rf"|(?<=\d)\s*{_UNIT}(?!\w)",
    re.IGNORECASE,
)
# Signs beside a verdict: "✅ yes", "4 ⭐".
_SIGN = regex.compile(r"\p{So}[\ufe0e\ufe0f]?|[\ufe0e\ufe0f\u20e3]")
_EDGES = re.compile(EDGE)
_EMPHASIS = re.compile(r"\*\*|__|`|(?<![\w*])\*(?=\w)|(?<=\w)\*(?![\w*])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A choice that follows a marker such as ``Answer:``, from ``start`` to ``end``."""

    choice: str
    start: int
    end: int


def searched(text: str) -> str:
    """``text`` without the middle of one that is very long."""
    text = text.strip()
    if len(text) <= 2 * _SEARCHED_CHARACTERS:
        return text
    return f"{text[:_SEARCHED_CHARACTERS]}\n{text[-_SEARCHED_CHARACTERS:]}"


class Statements:
    """Reads how a text states one of ``choices``. Longer choices win over those they contain."""

    def __init__(self, choices: Sequence[str]) -> None:
        self._choices = longest_first(choices)
        self._has_signs = any(_SIGN.search(choice) for choice in choices)
        self._top = max(
            (int(choice) for choice in choices if re.fullmatch(r"\d+", choice)), default=None
        )

    def plain(self, text: str) -> str:
        """``text`` shaped; for numbers without emphasis and what is said about the scale."""
        text = shaped(searched(text))
        if not self._has_signs:
            text = _SIGN.sub("", text)
        if self._top is not None:
            text = _SCALE.sub(self._without_scale, _EMPHASIS.sub("", text))
        return text.strip()

    def _without_scale(self, found: re.Match[str]) -> str:
        """Nothing, but what is given on another scale, such as ``4/10``, stays."""
        return found[0] if found["top"] and int(found["top"][-9:]) != self._top else ""

    def whole(self, text: str) -> str | None:
        """The choice that plain ``text`` is, but for quotes and marks."""
        if len(text) > _LONGEST_LINE:
            return None
        found = (choice for choice in self._choices if whole_pattern(choice).fullmatch(text))
        return next(found, None)

    def in_json(self, text: str) -> tuple[str | None, bool]:
        """The choice in the field of that name of a JSON object, and whether there is one."""
        try:
            found = read_json(text)
        except NotJsonError:
            return None, False
        fields = found if isinstance(found, dict) else {}
        named = {key.lower(): value for key, value in fields.items()}
        quoted = named.pop("answer", None)
        told = [named[name] for name in NAMES.split("|") if name in named]
        told = told or [quoted] * (quoted is not None)
        choices = {self.whole(self.plain(as_text(value))) for value in told} - {None}
        return choices.pop() if len(choices) == 1 else None, bool(told)

    def formal(self, text: str) -> Sequence[Marked] | None:
        """The choices in tags, or else in boxes, double brackets or JSON fields, in text order.

        None where the last tag is no choice, which says that there is none; but ``<answer>`` may
        be a quotation of what is judged.
        """
        for form in _FORMS:
            found = list(form.finditer(text))
            choices = [self.whole(self.plain(match["content"])) for match in found]
            is_tag = form is _FORMS[0] and found and found[-1]["name"].lower() != "answer"
            if is_tag and choices[-1] is None:
                return None
            stated = [
                Marked(choice=choice, start=match.start(), end=match.end())
                for match, choice in zip(found, choices, strict=True)
                if choice is not None
            ]
            if stated:
                return stated
        return ()

    def marked(self, text: str, *, is_solution: bool = False) -> Sequence[Marked]:
        """The choices after ``answer:`` and the like, in text order.

        "The expected answer is …" and the like tell of another answer, "the correct answer is …"
        too unless the text ``is_solution`` of the task.
        """
        found = (
            marker
            for marker in _MARKER.finditer(text)
            if not marker["qualifier"]
            or (is_solution and _OF_A_SOLUTION.fullmatch(marker["qualifier"]))
        )
        return [
            Marked(choice=choice, start=marker.start(), end=marker.end())
            for marker in found
            if (choice := self.at_start(text[marker.end() :])) is not None
        ]

    def at_start(self, text: str) -> str | None:
        """The one choice that ``text`` opens with, where no other is offered beside it."""
        found = self._opening(text, 0)
        return None if found is None or self.joined(text, found.end) else found.choice

    def _opening(self, text: str, start: int) -> Mention | None:
        opening = _EDGES.match(text, start)
        for choice in self._choices:
            match = choice_pattern(choice).match(text, opening.end() if opening else start)
            if match and _GOES_ON.match(text, match.end()):
                return Mention(choice=choice, start=match.start(), end=match.end())
        return None

    def joined(self, text: str, end: int) -> Mention | None:
        """The choice that is joined to the one that ends at ``end``: ``yes or no``."""
        joint = _ALTERNATIVE.match(text, end)
        is_joint = joint is not None and joint.group().strip("*_`\"'() \t")
        return self._opening(text, joint.end()) if joint and is_joint else None

    def emphasised(self, text: str) -> Iterator[Mention]:
        """The choices that stand in bold by themselves, with the bold around them."""
        for found in re.finditer(r"(?P<mark>\*\*|__)(?P<content>[^*_\n]+)(?P=mark)", text):
            choice = self.whole(found["content"])
            if choice is not None:
                yield Mention(choice=choice, start=found.start(), end=found.end())
