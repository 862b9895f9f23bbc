"""Where a text states one of some choices by its form: alone, in a tag, after ``Answer:``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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

_NAMES = (
    "verdict|score|grade|rating|choice|judgement|judgment|decision|conclusion|result|label|"
    "category|class|option|answer"
)
_FORMS = (
    re.compile(rf"<(?P<name>{_NAMES})>(?P<content>[^<]*)</(?P=name)>", re.IGNORECASE),
    re.compile(r"\\(?P<name>boxed|fbox)\{(?:\\text\{)?(?P<content>[^{}]*)\}"),
    re.compile(r"(?P<name>\[\[)(?P<content>[^\[\]]*)\]\]"),
    re.compile(
        rf"\"(?P<name>{_NAMES})\"\s*:\s*(?P<content>\"[^\"\n]*\"|[^\s,}}\]\"]+)", re.IGNORECASE
    ),
)
_QUALIFIER = (
    r"expected|reference|correct|right|ideal|best|better|perfect|gold(?:en)?|true|given|"
    r"original|possible|max(?:imum)?|min(?:imum)?|highest|lowest|student(?:'s)?|user(?:'s)?|"
    r"model(?:'s)?|its|their|his|her|your"
)
_MARKER = re.compile(
    rf"(?<!\w)(?P<qualifier>(?:{_QUALIFIER})\s+)?(?:{_NAMES})"
    r"[\"'*_`]*\s*(?::|=|\bis\b|->|→)",
    re.IGNORECASE,
)
# What may follow a choice that opens a sentence; "good answers would …" is no verdict.
_GOES_ON = re.compile(
    r"\s*(?:$|\n|[.,;:!?()\[\]{}\"'*_`|/—]|-(?!\w)|<|"
    r"\b(?:because|since|as|for|due|with|out|though|although)\b)",
    re.IGNORECASE,
)
_ALTERNATIVE = re.compile(
    r"[\s*_`\"',/|(&+;]*(?:(?:or|and|maybe|perhaps|possibly)\b[\s*_`\"',(]*)*"
)
# How far the scale goes is not what was given: "4/5", "4 out of 5", "on a scale of 1 to 5".
_SCALE = re.compile(
    r"(?<=\d)\s*(?:stars?|points?)?\s*(?:/|\bout of\b|\bof\b)\s*\d+\b"
    r"|\(?\b(?:on )?(?:a |the )?scale (?:of|from) \d+ ?(?:to|-) ?\d+\)?"
    r"|\(?\b(?:on |in )?(?:a |the )?\d+ ?(?:to|-) ?\d+ scale\)?"
    r"|(?<=\d)\s*(?:stars?|points?)\b",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(r"\*\*|__|`|(?<![\w*])\*(?=\w)|(?<=\w)\*(?![\w*])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A choice that follows a marker such as ``Answer:``, which begins at ``start``."""

    choice: str
    start: int


class Statements:
    """Reads how a text states one of ``choices``. Longer choices win over those they contain."""

    def __init__(self, choices: Sequence[str]) -> None:
        self._choices = longest_first(choices)
        self.is_numeric = any(re.fullmatch(r"\d+", choice) for choice in choices)

    def plain(self, text: str) -> str:
        """``text`` shaped; for numbers without emphasis and what is said about the scale."""
        text = text.strip()
        if len(text) > 2 * _SEARCHED_CHARACTERS:
            text = f"{text[:_SEARCHED_CHARACTERS]}\n{text[-_SEARCHED_CHARACTERS:]}"
        text = shaped(text).strip()
        return _SCALE.sub("", _EMPHASIS.sub("", text)) if self.is_numeric else text

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
        told = [named[name] for name in _NAMES.split("|") if name in named]
        choices = (self.whole(self.plain(as_text(value))) for value in told)
        return next(filter(None, choices), None), bool(told)

    def formal(self, text: str) -> tuple[str | None, bool]:
        """The choice in the last tag, box, double bracket or JSON field, and whether one says.

        A tag that is no choice says that there is none, but ``<answer>`` may be a quotation of
        what is judged.
        """
        for form in _FORMS:
            for found in reversed(list(form.finditer(text))):
                choice = self.whole(self.plain(found["content"]))
                if choice is not None:
                    return choice, True
                if form is _FORMS[0] and found["name"].lower() != "answer":
                    return None, True
        return None, False

    def marked(self, text: str) -> Marked | None:
        """The choice after the last ``answer:`` or the like that one follows.

        "The expected answer is …" and the like tell of another answer.
        """
        for marker in reversed(list(_MARKER.finditer(text))):
            choice = None if marker["qualifier"] else self.at_start(text[marker.end() :])
            if choice is not None:
                return Marked(choice=choice, start=marker.start())
        return None

    def at_start(self, text: str) -> str | None:
        """The one choice that ``text`` opens with, where no other is offered beside it."""
        opening = re.match(EDGE, text)
        rest = text[opening.end() :] if opening else text
        for choice in self._choices:
            match = choice_pattern(choice).match(rest)
            if match and _GOES_ON.match(rest, match.end()):
                return None if self._offers_another(rest[match.end() :]) else choice
        return None

    def _offers_another(self, text: str) -> bool:
        joint = _ALTERNATIVE.match(text)
        after = text[joint.end() :] if joint else text
        is_joined = bool(joint and joint.group().strip("*_`\"'() \t"))
        return is_joined and any(choice_pattern(choice).match(after) for choice in self._choices)

    def emphasised(self, text: str) -> Iterator[Mention]:
        """The choices that stand in bold by themselves, with the bold around them."""
        for found in re.finditer(r"(?P<mark>\*\*|__)(?P<content>[^*_\n]+)(?P=mark)", text):
            choice = self.whole(found["content"])
            if choice is not None:
                yield Mention(choice=choice, start=found.start(), end=found.end())
