"""The answer in what a model says: where the prompt's ``answer:`` says that it stands."""

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from pytest_promptopt.prompts.answer_place import AnswerPlace, Mark
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.answer import read_answer
from pytest_promptopt.scoring.json_value import ABSENT, NotJsonError, read_json, value_at
from pytest_promptopt.text.excerpt import excerpt
from pytest_promptopt.text.limited_regex import PatternError, compile_pattern, search

_TAIL = 60
_BOLD_END = re.compile(r"([*_`])\1{0,2}$")
_FENCE_LINE = re.compile(r"\s*(?:`{3,}|~{3,})\w*\s*")


class _NotFoundError(Exception):
    """The answer is not where it should be; says what is amiss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """A completion with the answer as its text.

    ``lack`` says why there is none, in which case the text is all that the model said; it is
    empty where there is one.
    """

    completion: Completion
    lack: str = ""


def extract(completion: Completion, place: AnswerPlace) -> Extraction:
    """The answer in ``completion``: without its reasoning, and from ``place`` alone.

    In time that grows with the text's length; a pattern of the user's has its limits.
    """
    said = read_answer(completion)
    if place.mark is None:
        return Extraction(completion=said)
    try:
        answer = _FINDERS[place.mark](place.value, said.text)
    except _NotFoundError as error:
        return Extraction(completion=said, lack=f"no answer: {error}{_end(said.text)}")
    return Extraction(completion=replace(said, text=answer, whole=said.text))


def _end(text: str) -> str:
    text = text.strip()
    cut = f"…{text[-_TAIL:]}" if len(text) > _TAIL else text
    return f"; the text ends {excerpt(cut)}" if text else "; the text is empty"


def _after(mark: str, text: str) -> str:
    found = _last(_mark_pattern(mark).finditer(text))
    if found is None:
        raise _NotFoundError(f"{excerpt(mark)} does not stand in the text")
    before = text[text.rfind("\n", 0, found.start()) + 1 : found.start("mark")]
    line, *others = text[found.end() :].split("\n", 1)
    answer = "\n".join([_without_end_of_bold(line.rstrip(), before), *others]).strip()
    if not answer:
        raise _NotFoundError(f"nothing stands behind the last {excerpt(mark)}")
    return answer


def _without_end_of_bold(line: str, before: str) -> str:
    """``line`` without the end of what began ``before`` it, as in ``**Answer: 42**``."""
    end = _BOLD_END.search(line)
    is_closing = end is not None and end[0] in before and line.count(end[0]) % 2 == 1
    return line[: end.start()] if end and is_closing else line


@lru_cache(maxsize=64)
def _mark_pattern(mark: str) -> re.Pattern[str]:
    """Finds ``mark`` in any case, also in bold, italics or a code span.

    The colon may be no part of these.
    """
    words = mark.rstrip(":：")
    colon = r"\s?[:：]" if words != mark else ""
    inside = r"\s{1,9}".join(re.escape(word) for word in words.split())
    is_word = inside[:1].isalnum() and inside[:1].isascii()
    before = r"(?<![A-Za-z0-9])" if is_word else ""
    end = r"(?(opened)[*_`]{0,3})"
    return re.compile(
        rf"(?P<opened>[*_`]{{1,3}})?{before}(?P<mark>{inside}){end}{colon}{end}", re.IGNORECASE
    )


def _tag(name: str, text: str) -> str:
    opening = re.compile(rf"<{re.escape(name)}(?:\s[^<>]*)?>", re.IGNORECASE)
    closing = re.compile(rf"</{re.escape(name)}\s{{0,9}}>", re.IGNORECASE)
    end = _last(closing.finditer(text))
    if end is None:
        is_open = opening.search(text) is not None
        raise _NotFoundError(
            f"<{name}> is never closed" if is_open else f"<{name}> does not stand in the text"
        )
    start = _last(opening.finditer(text, 0, end.start()))
    # Without one, the prompt began the answer for the model.
    return text[start.end() if start else 0 : end.start()].strip()


def _regex(pattern: str, text: str) -> str:
    try:
        found = search(compile_pattern(pattern), text)
    except PatternError as error:
        raise _NotFoundError(f"{excerpt(pattern)} was not searched to the end: {error}") from None
    if found is None or found[1] is None:
        what = "does not match" if found is None else "matches without its first group"
        raise _NotFoundError(f"{excerpt(pattern)} {what}")
    return str(found[1])


def _line(which: str, text: str) -> str:
    lines = text.split("\n")
    if which == "last":
        lines.reverse()
    found = (line.strip() for line in lines if not _FENCE_LINE.fullmatch(line))
    line = next(filter(None, found), "")
    if not line:
        raise _NotFoundError("there is no line")
    return line


def _json(path: str, text: str) -> str:
    try:
        value = value_at(read_json(text, anywhere=True), path)
    except NotJsonError as error:
        raise _NotFoundError(f"`{path}` was looked for in JSON: {error}") from None
    if value is ABSENT:
        raise _NotFoundError(f"the JSON has no `{path}`")
    return as_text(value)


_FINDERS: Mapping[Mark, Callable[[str, str], str]] = {
    "after": _after,
    "tag": _tag,
    "regex": _regex,
    "line": _line,
    "json": _json,
}


def _last(found: Iterator[re.Match[str]]) -> re.Match[str] | None:
    kept = deque(found, maxlen=1)
    return kept[0] if kept else None
