"""The place of the answer in what a model says, as ``answer:`` of a prompt file tells it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from pytest_promptopt.prompts.template import Template
from pytest_promptopt.prompts.value import kind_of, shown
from pytest_promptopt.suggestion import did_you_mean

Mark = Literal["after", "tag", "regex", "line", "json"]
_MARKS: tuple[Mark, ...] = get_args(Mark)
LINES = ("last", "first")

_FORMS = (
    '`whole` or one of {after: "Answer:"}, {tag: answer}, {regex: …}, {line: last}, {json: field}'
)
_TAG_NAME = re.compile(r"[^\W\d][\w.:-]*")


class PlaceError(Exception):
    """What stands under ``answer:`` cannot be meant: what was found and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPlace:
    """Where the answer stands in what a model says besides its reasoning.

    ``mark`` is the key of the file, None where all of it is the answer; ``value`` is what stands
    under it.
    """

    mark: Mark | None = None
    value: str = ""

    @property
    def content(self) -> Any:
        """As a file has it."""
        return "whole" if self.mark is None else {self.mark: self.value}

    def holding(self, text: str) -> str:
        """What a model says whose answer is ``text``; the text alone where a file cannot tell."""
        match self.mark:
            case "after":
                return f"{self.value} {text}"
            case "tag":
                return f"<{self.value}>{text}</{self.value}>"
        return text

    def __str__(self) -> str:
        return "whole" if self.mark is None else f"{self.mark} {shown(self.value)}"


WHOLE = AnswerPlace()


def read_place(raw: Any) -> AnswerPlace:
    """What ``answer:`` says; raises :class:`PlaceError`."""
    if raw is None or raw == "whole":
        return WHOLE
    if not isinstance(raw, Mapping) or not raw:
        raise PlaceError(f"`answer` must be {_FORMS}, found {kind_of(raw)}")
    for key in raw:
        if key not in _MARKS:
            raise PlaceError(f"`answer.{key}` is not understood{did_you_mean(key, _MARKS)}")
    if len(raw) > 1:
        keys = " and ".join(f"`{key}`" for key in raw)
        raise PlaceError(f"`answer` has {keys}, where one of them says it")
    [(mark, value)] = raw.items()
    if not isinstance(value, str):
        raise PlaceError(f"`answer.{mark}` must be text, found {kind_of(value)}")
    if not value.strip():
        raise PlaceError(f"`answer.{mark}` is blank: write what to look for")
    if names := Template(value).placeholders:
        raise PlaceError(
            f"`answer.{mark}` holds {{{{{next(iter(names))}}}}}, and no placeholder is filled there"
        )
    value = value if mark == "regex" else value.strip()
    if flaw := _flaw(mark, value):
        raise PlaceError(f"`answer.{mark}` {flaw}")
    return AnswerPlace(mark=cast("Mark", mark), value=value)


def _flaw(mark: str, value: str) -> str:
    """Why the value says no place; empty where it does."""
    match mark:
        case "tag" if not _TAG_NAME.fullmatch(value):
            return f"must be a tag's name alone, such as `answer`, found {shown(value)}"
        case "line" if value not in LINES:
            return f"must be `last` or `first`, found {shown(value)}"
        case "regex":
            return _pattern_flaw(value)
    return ""


def _pattern_flaw(pattern: str) -> str:
    from pytest_promptopt.text.limited_regex import PatternError, compile_pattern

    try:
        compiled = compile_pattern(pattern)
    except PatternError as error:
        return f"cannot be used: {error}"
    return "" if compiled.groups else "has no group: put brackets around what is the answer"
