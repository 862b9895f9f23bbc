"""Damage in a text that a model wrote for a message, held against the original."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_promptopt.optimization.diagnosis.misses import looks_like_refusal, unfenced
from pytest_promptopt.optimization.guards.copies import Words, words_of
from pytest_promptopt.prompts.template import Template
from pytest_promptopt.text.tags import quoted

_LEAST_FOR_REPETITION = 60
_DISTINCT_SHARE = 0.15

_PLACEHOLDER = re.compile(r"\{\{\{\{|\{\{[ \t]*[^\W\d][\w.-]*[ \t]*\}\}")
_LOGIC = re.compile(r"\{%[^{}\n]{0,200}%\}|\{\{[ \t]*[.#/^>!&~%][^{}\n]{0,200}\}\}")
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z][\w-]{0,40})(?P<rest>(?:\s[^<>\n]{0,200})?)>")
_ATTRIBUTES = re.compile(r"(?:\s+[\w-]+=(?:\"[^\"]*\"|'[^']*'))*\s*/?")
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_NEVER_CLOSED = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr", "col"})
# Tags that requests to optimizer models and their replies are wrapped in.
_WRAPPERS = frozenset({"prompt", "new_prompt", "improved_prompt", "start", "end", "ins", "think"})
_CHATTER = re.compile(
    r"\W*(?:(?:sure|certainly|of course|absolutely)[,!.:]"
    r"|here(?: is|'s|’s) (?:the|an?|my|your)(?: [\w-]+){0,3} (?:prompt|instructions?)\b)",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(r"(?:[,(\[{]|(?<=\w)-|\b(?:and|or|the|an))$", re.IGNORECASE)
_INCHES = re.compile(r'\d"')
_SHORTEST_TAIL = 12
_SMILEY = ":;="


def damages(text: str, original: str) -> Iterator[str]:
    """Every fault of ``text`` that ``original`` does not have, as the end of a sentence."""
    yield from _unprintable(text, original)
    yield from _wrong_placeholders(text, original)
    yield from _foreign_logic(text, original)
    yield from _left_of_the_reply(text, original)
    yield from _wrong_tags(text, original)
    yield from _cut_off(text, original)
    yield from _nonsense(text, original)


def _unprintable(text: str, original: str) -> Iterator[str]:
    for char in dict.fromkeys(text):
        hidden = unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"} and char not in "\n\r\t"
        if hidden and char not in original and char not in "\u200c\u200d":
            yield f"holds the invisible character U+{ord(char):04X}"


def _wrong_placeholders(text: str, original: str) -> Iterator[str]:
    wanted, found = Template(original).placeholders, Template(text).placeholders
    kept = (*found, *Template(text).others)
    if missing := [name for name in (*wanted, *Template(original).others) if name not in kept]:
        yield f"has lost the placeholder {_braced(missing)}; keep it exactly as it was"
    if extra := [name for name in found if name not in wanted]:
        allowed = _braced(wanted) if wanted else "none"
        yield f"has a placeholder that nothing fills, {_braced(extra)}; allowed: {allowed}"


def _braced(names: Iterable[str]) -> str:
    return ", ".join("{{" + name + "}}" for name in names)


def _foreign_logic(text: str, original: str) -> Iterator[str]:
    if new := set(_LOGIC.findall(text)) - set(_LOGIC.findall(original)):
        yield f"holds the logic of a template language, {quoted(min(new))}, which stays text"
    elif _open_braces(text) > _open_braces(original):
        yield "holds `{{` that begins no placeholder; `{{{{` would write it literally"


def _open_braces(text: str) -> int:
    return _PLACEHOLDER.sub("", _LOGIC.sub("", text)).count("{{")


def _left_of_the_reply(text: str, original: str) -> Iterator[str]:
    for tells, reason in (
        (looks_like_refusal, "declines the request instead of being a prompt"),
        (_CHATTER.match, "begins with words to the asker; give the prompt alone"),
        (unfenced, "stands in a code fence; give the prompt alone"),
    ):
        if tells(text) and not tells(original):
            yield reason


def _wrong_tags(text: str, original: str) -> Iterator[str]:
    tags, known = _tags(text), _tags(original)
    for name, tag in tags.items():
        if name in _WRAPPERS and name not in known and tag.begins_a_line:
            yield f"holds the tag <{name}> of a reply; give the prompt alone"
        elif tag.opened < tag.closed and not _is_as(tag, known.get(name)):
            yield f"closes a tag that it does not open, </{name}>"
        elif tag.is_left_open and not _is_as(tag, known.get(name)):
            yield f"leaves the tag <{name}> open"


@dataclass(slots=True)
class _Tag:
    """How often a tag is opened and closed."""

    opened: int = 0
    closed: int = 0
    begins_a_line: bool = False

    @property
    def is_left_open(self) -> bool:
        # One inside a line that is never closed, such as "answer as <label>", is a blank to fill.
        return self.opened > self.closed and (self.closed > 0 or self.begins_a_line)


def _is_as(tag: _Tag, known: _Tag | None) -> bool:
    return known is not None and tag.opened - tag.closed == known.opened - known.closed


def _tags(text: str) -> dict[str, _Tag]:
    tags: dict[str, _Tag] = {}
    for match in _TAG.finditer(text):
        name = match["name"].lower()
        is_alone = match["rest"].endswith("/") or name in _NEVER_CLOSED
        if is_alone or not _ATTRIBUTES.fullmatch(match["rest"]):
            continue
        tag = tags.setdefault(name, _Tag())
        if match["close"]:
            tag.closed += 1
        else:
            tag.opened += 1
            line_start = text.rfind("\n", 0, match.start()) + 1
            tag.begins_a_line |= not text[line_start : match.start()].strip()
    return tags


def _cut_off(text: str, original: str) -> Iterator[str]:
    text, original = text.rstrip(), original.rstrip()
    if _has_open_fence(text) and not _has_open_fence(original):
        yield "leaves a code fence open"
    if _has_open_quote(text) and not _has_open_quote(original):
        yield "leaves a quotation mark open"
    for opening, closing in (("([", ")]"), ("{", "}")):
        if _left_open(text, opening, closing) > _left_open(original, opening, closing):
            yield f"leaves a bracket open, {' or '.join(opening)}"
    is_unfinished = _UNFINISHED.search(text) and not _UNFINISHED.search(original)
    if is_unfinished or _ends_within_a_word(text, original):
        yield f"seems to be cut off: it ends with {quoted(text[-30:])}"


def _has_open_fence(text: str) -> bool:
    return len(_FENCE.findall(text)) % 2 == 1


def _has_open_quote(text: str) -> bool:
    is_odd = all(part.count('"') % 2 for part in (text, _last_paragraph(text)))
    return is_odd and not _INCHES.search(text)


def _last_paragraph(text: str) -> str:
    """Where a cut shows; what is open before it is the author's own way of writing."""
    return text.rpartition("\n\n")[2]


def _left_open(text: str, opening: str, closing: str) -> int:
    """How many brackets the last paragraph leaves open, but for smileys and quoted ones."""
    text = _last_paragraph(text).replace("{{{{", "{{")
    depth = 0
    for before, char, after in zip(f" {text}", text, f"{text[1:]} ", strict=False):
        is_quoted = before == after and before in "\"'`"
        if char in opening and before not in _SMILEY and not is_quoted:
            depth += 1
        elif char in closing and depth:
            depth -= 1
    return depth


def _ends_within_a_word(text: str, original: str) -> bool:
    """Whether the end stands in the original, but there the word goes on."""
    tail = text.rpartition("\n")[2][-2 * _SHORTEST_TAIL :]
    after = [original[m.end() :][:1] for m in re.finditer(re.escape(tail), original)]
    is_word = len(tail) >= _SHORTEST_TAIL and tail[-1].isalnum()
    return is_word and bool(after) and all(char.isalnum() for char in after)


def _nonsense(text: str, original: str) -> Iterator[str]:
    words = words_of(text)
    if not words:
        yield "holds no words"
    share = min(_DISTINCT_SHARE, _distinct(words_of(original)) / 2)
    if len(words) >= _LEAST_FOR_REPETITION and _distinct(words) < share:
        yield "says the same words over and over"


def _distinct(words: Words) -> float:
    return len(set(words)) / len(words) if words else 1.0
