"""The sentences, list items and worked examples that a prompt's messages are made of."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pytest_promptopt.linting.sheet import Passage, Sheet
from pytest_promptopt.optimization.editable import editable_positions
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import Template

Bounds = tuple[int, int]

_MARKER = re.compile(r"[ \t]*(?:[-*•+–]|\d{1,3}[.)]|[A-Za-z][.)]|\([a-z0-9]{1,2}\))[ \t]+")
# Lines that say nothing by themselves: headings, tags, fences, and what is quoted whole.
_SILENT = re.compile(r"[ \t]*(?:#{1,6}[ \t].*|</?\w[^<>\n]*>|[`~]{3,}.*|[\s·|:=*_-]*)$")
_LATIN_END = r"[.!?…؟]+[\"'”’)\]*_]*(?=\s+(?![a-zß-öø-ÿ]))"
_END = re.compile(rf"{_LATIN_END}|[。！？।]+[\"”’」』)）]*")
_SHORT = re.compile(
    r"(?:(?<![\w'’])[^\W\d_]|\b(?:Dr|Mr|Mrs|Ms|No|Nr|St|vs|cf|bzw|ca|approx|incl))\.$"
)
_WRAPPED_FROM = 60
_BLOCK = re.compile(
    r"<(?P<tag>\w{0,20}(?:example|sample)\w{0,20})>.{0,4000}?</(?P=tag)>", re.S | re.I
)
_ARROW = re.compile(r"[^\n]{2,}?[ \t]*(?:->|=>|→)[ \t]*(?P<answer>[^\n]{1,60})")
_MARKED = re.compile(r"[ \t]*(?P<mark>[^\W\d_][\w ]{0,20}):[ \t]*(?P<answer>\S[^\n]*)")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A piece of the message at ``message``: the characters of ``span``.

    ``cut`` are those to take away so that no list mark or blank is left behind, None where the
    piece cannot be taken away. ``answer`` is where the answer stands in a worked example, None in
    anything else.
    """

    message: int
    span: Bounds
    cut: Bounds | None
    answer: Bounds | None = None


def sentences_of(sheet: Sheet) -> Iterator[Sentence]:
    """Those of the messages that instruct, in their order, and the answers of example turns."""
    open_positions = set(editable_positions(sheet.prompt, None))
    passages = {passage.index: passage for passage in sheet.passages}
    for position in range(len(sheet.prompt.messages)):
        if position in open_positions:
            yield from _in_passage(passages[position])
        elif _is_shown_answer(sheet.prompt, position):
            text = sheet.prompt.messages[position].template.text
            whole = (0, len(text.rstrip()))
            yield Sentence(message=position, span=whole, cut=None, answer=whole)


def _is_shown_answer(prompt: Prompt, position: int) -> bool:
    """Whether it answers a turn before it, and a question comes after it."""
    roles = [message.role for message in prompt.messages]
    is_answer = roles[max(position - 1, 0) : position + 1] == ["user", "assistant"]
    text = prompt.messages[position].template.text
    return is_answer and "user" in roles[position + 1 :] and bool(text.strip())


def _in_passage(passage: Passage) -> Iterator[Sentence]:
    examples = [*_examples(passage)]
    lines = [*_lines(passage.text)]
    blocks = _blocks(passage, [line for line in lines if not _is_in(line, examples)])
    found = [sentence for block in blocks for sentence in _in_block(passage, block)]
    yield from sorted((*found, *examples), key=lambda sentence: sentence.span)


def _lines(text: str) -> Iterator[Bounds]:
    """The lines without their ends."""
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, start + len(line.rstrip())
        start += len(line)


def _is_in(line: Bounds, examples: Sequence[Sentence]) -> bool:
    return any(e.span[0] <= line[1] and line[0] < e.span[1] for e in examples)


def _examples(passage: Passage) -> Iterator[Sentence]:
    """Blocks in a tag that says so, lines with an arrow to an answer, and pairs of marked lines."""
    text = passage.text
    found: list[tuple[Bounds, Bounds | None]] = [(m.span(), None) for m in _BLOCK.finditer(text)]
    lines = [line for line in _lines(text) if not any(s[0] <= line[0] < s[1] for s, _ in found)]
    arrows = [(line, _ARROW.fullmatch(text, *line)) for line in lines]
    several = [(line, match.span("answer")) for line, match in arrows if match]
    pairs = [*_marked_pairs(text, lines)]
    found += [*several, *pairs] if len(several) + len(pairs) > 1 else []
    for span, answer in sorted(found, key=lambda example: example[0]):
        if not Template(text[slice(*span)]).placeholders:
            cut = (span[0], _behind_line(text, span[1]))
            yield Sentence(message=passage.index, span=span, cut=cut, answer=answer)


def _marked_pairs(text: str, lines: Sequence[Bounds]) -> Iterator[tuple[Bounds, Bounds]]:
    """Two lines such as ``Input: …`` and ``Output: …``, wherever that comes more than once."""
    marked = [(line, _MARKED.fullmatch(text, *line)) for line in lines]
    found: dict[tuple[str, str], list[tuple[Bounds, Bounds]]] = {}
    end = 0
    for (one, first), (other, second) in pairwise(marked):
        if first and second and one[0] >= end and text.count("\n", one[1], other[0]) == 1:
            marks = first["mark"], second["mark"]
            found.setdefault(marks, []).append(((one[0], other[1]), second.span("answer")))
            end = other[1]
    yield from (pair for pairs in found.values() if len(pairs) > 1 for pair in pairs)


def _blocks(passage: Passage, lines: Sequence[Bounds]) -> Iterator[Bounds]:
    """Lines that belong together: an item of a list, or a paragraph as it was wrapped."""
    block: Bounds | None = None
    for line in lines:
        if _SILENT.fullmatch(passage.plain, *line):
            if block:
                yield block
            block = None
        elif block and _goes_on(passage.plain, block, line):
            block = (block[0], line[1])
        else:
            if block:
                yield block
            block = line
    if block:
        yield block


def _goes_on(text: str, block: Bounds, line: Bounds) -> bool:
    """Whether the line is the rest of what the block says: wrapped, or begun in small letters."""
    if _MARKER.match(text, *line) or text.count("\n", block[1], line[0]) > 1:
        return False
    first = text[slice(*line)]
    if _MARKER.match(text, *block):
        return first[0].isspace() or first[0].islower()
    last = text[text.rfind("\n", 0, block[1]) + 1 : block[1]]
    is_wrapped = len(last) >= _WRAPPED_FROM and not last.endswith(":")
    return is_wrapped or last.endswith((",", "，", "、")) or first.lstrip()[0].islower()


def _in_block(passage: Passage, block: Bounds) -> Iterator[Sentence]:
    marker = _MARKER.match(passage.plain, *block)
    start = marker.end() if marker else block[0]
    spans = [s for s in _sentence_spans(passage.plain, start, block[1]) if _says(passage.text, s)]
    for span in spans:
        cut = _cut(passage.text, block, span) if len(spans) > 1 else _whole(passage.text, block)
        yield Sentence(message=passage.index, span=span, cut=cut)


def _says(text: str, span: Bounds) -> bool:
    return _LETTER.search(text, *span) is not None


def _sentence_spans(text: str, start: int, end: int) -> Iterator[Bounds]:
    for match in _END.finditer(text, start, end):
        if not _SHORT.search(text[start : match.end()]):
            yield _trimmed(text, start, match.end())
            start = match.end()
    if text[start:end].strip():
        yield _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> Bounds:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _cut(text: str, block: Bounds, span: Bounds) -> Bounds:
    """The sentence with the blanks behind it, of the last one with those before it."""
    rest = text[span[1] : block[1]]
    if rest.strip():
        return span[0], span[1] + len(rest) - len(rest.lstrip())
    before = text[block[0] : span[0]]
    return block[0] + len(before.rstrip()), span[1]


def _whole(text: str, block: Bounds) -> Bounds:
    """The block with its line's end, which at the end of the text is the one before it."""
    end = _behind_line(text, block[1])
    if end == len(text) and not text.endswith("\n"):
        return len(text[: block[0]].rstrip()), end
    return block[0], end


def _behind_line(text: str, end: int) -> int:
    found = re.compile(r"[ \t]*(?:\r?\n)?").match(text, end)
    return found.end() if found else end
