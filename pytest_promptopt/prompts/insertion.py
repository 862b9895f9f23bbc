"""Messages put between those of a prompt file, and keys beside them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from pytest_promptopt.prompts.document import Document, SequenceNode, decoded, parse_document
from pytest_promptopt.prompts.edits import (
    Replacement,
    edit_texts,
    encode_text,
    reads_as,
)
from pytest_promptopt.prompts.places import (
    KeyPath,
    Place,
    end_of,
    positioned,
    refusal,
    refuse_shared,
    scalars,
    start_of,
    walk,
)
from pytest_promptopt.prompts.scalar_forms import (
    BLOCK_STYLES,
    BREAKS,
    LINE_ENDING,
    BlockLayout,
    newline_at,
)

_QUOTES = ("'", '"')


def insert_messages(
    content: bytes, at: int, messages: Sequence[tuple[str, str]], *, location: str
) -> bytes:
    """The file with ``messages``, as role and content, before message ``at``.

    The length of the list as ``at`` appends. New messages look like the one before them. Raises
    :class:`PromptFileError` where the file's messages are not a block sequence of its own,
    ValueError where ``at`` is out of range.
    """
    document = parse_document(decoded(content, location), location)
    existing = document.node_at(("messages",))
    if document.root is existing or not isinstance(existing, SequenceNode):
        raise refusal(document, ("messages",), "is not a list of messages")
    if not 0 <= at <= len(existing.items):
        raise ValueError(f"messages can be inserted at 0 to {len(existing.items)}, not at {at}")
    if not messages:
        return content
    is_last = at == len(existing.items)
    text = _with_placeholders(_with_end(document) if is_last else document, at, len(messages))
    placeholders = [{"role": "x", "content": "x"}] * len(messages)
    inserted = [*document.data["messages"][:at], *placeholders, *document.data["messages"][at:]]
    if not reads_as(text, document.data | {"messages": inserted}, location):
        raise refusal(document, ("messages",), "cannot be added to in place; edit it by hand")
    replacements = [
        Replacement(path=("messages", at + number, key), text=value)
        for number, message in enumerate(messages)
        for key, value in zip(("role", "content"), message, strict=True)
    ]
    return edit_texts(encode_text(content, text), replacements, location=location)


def write_key(content: bytes, key: str, value: object, *, location: str) -> bytes:
    """The file with ``value`` under the top level's ``key``: on a line in place of what is there.

    Where nothing is, before the messages. Raises :class:`PromptFileError` where that would change
    anything else.
    """
    document = parse_document(decoded(content, location), location)
    if document.data.get(key) == value:
        return content
    lines = document.text.splitlines(keepends=True)
    is_there = key in document.data
    start = document.line_of(key if is_there else "messages") - 1
    end = start
    if is_there:
        end = next(
            (n for n in range(start + 1, len(lines)) if lines[n][:1] not in " \t"), len(lines)
        )
    written = f"{key}: {json.dumps(value, ensure_ascii=False)}"
    line = f"{written}{newline_at(document.text, 0)}"
    text = "".join([*lines[:start], line, *lines[end:]])
    if not reads_as(text, document.data | {key: value}, location):
        raise refusal(document, (key,), "cannot be written in place; edit it by hand")
    return encode_text(content, text)


def _with_end(document: Document) -> Document:
    """The document, where its last message is a block scalar that a line break may follow.

    One that the file ends in, without a line break, would take it for its own without a ``-``.
    """
    text = document.text
    for path, place in scalars(document):
        if path[0] != "messages" or place.end < len(text) or place.style not in BLOCK_STYLES:
            continue
        block = BlockLayout.read(text, place)
        if block.chomping is not None and not block.ends_line:
            behind = place.start + 1 + len(block.digit) + len(block.chomping)
            header = f"{place.style}{block.digit}-"
            return parse_document(text[: place.start] + header + text[behind:], document.location)
    return document


def _with_placeholders(document: Document, at: int, count: int) -> str:
    """The file with ``count`` messages before message ``at`` whose role and content are ``x``.

    Their styles, their indentation and a blank line between them are those of their neighbour.
    """
    text, listing, places = document.text, _list_messages(document), dict(scalars(document))
    above = [_above(text, dash, listing.column) for dash in listing.dashes]
    neighbour = max(at - 1, 0)
    newline = newline_at(text, listing.dashes[neighbour])
    message = _placeholder(text, places, neighbour, listing.column).replace("\n", newline)
    blank = newline if len(above) > 1 and not text[: above[1]].splitlines()[-1].strip() else ""
    if at < len(above):
        position, messages = above[at], (message + blank) * count
    else:
        last = next((place for place in places.values() if place.end == listing.end), None)
        position, messages = _behind(text, listing.end, last), (blank + message) * count
        if last and _keeps_blank_lines(text, last):
            messages = messages.removeprefix(blank)
    if text[position - 1] not in BREAKS:
        messages = newline + messages.removesuffix(newline)
    return text[:position] + messages + text[position:]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """Where the dashes of a block sequence stand, all in ``column``, and where its text ends."""

    dashes: Sequence[int]
    column: int
    end: int


def _list_messages(document: Document) -> _Listing:
    start, end = _extent_of_messages(document)
    tokens = [
        token
        for token in positioned(document, yaml.scan)
        if start <= start_of(token) < end_of(token) <= end
    ]
    marks = [token.start_mark for token in tokens if isinstance(token, yaml.BlockEntryToken)]
    column = marks[0].column
    dashes = [mark.index for mark in marks if mark.column == column]
    if document.text[dashes[0] - column : dashes[0]].strip(" "):
        raise refusal(document, ("messages",), "does not begin on a line of its own")
    return _Listing(dashes=dashes, column=column, end=end_of(tokens[-1]))


def _extent_of_messages(document: Document) -> tuple[int, int]:
    """From where to where the block sequence ``messages`` goes, in characters."""
    key, start = ("messages",), None
    for path, event, _ in walk(document):
        if path != key:
            continue
        if isinstance(event, yaml.SequenceEndEvent) and start is not None:
            return start, start_of(event)
        if isinstance(event, yaml.SequenceStartEvent):
            if event.flow_style:
                raise refusal(document, key, "is written as `[…]`; give each message a dash")
            refuse_shared(document, key, frozenset([event.anchor] if event.anchor else []))
            start = start_of(event)
    raise refusal(document, key, "comes in through an alias or `<<`; write it out in its place")


def _above(text: str, dash: int, column: int) -> int:
    """The start of the dash's line, or of the comments right above that go with it."""
    start = dash - column
    for line in reversed(text[:start].splitlines(keepends=True)):
        if not line.startswith(" " * column + "#"):
            break
        start -= len(line)
    return start


def _behind(text: str, end: int, last: Place | None) -> int:
    """Where the next line begins after the text that ends at ``end``, as the scalar ``last``."""
    if last is None or last.style not in BLOCK_STYLES:
        found = LINE_ENDING.search(text, end)
        return found.end() if found else len(text)
    return end if _keeps_blank_lines(text, last) else end - len(BlockLayout.read(text, last).blank)


def _keeps_blank_lines(text: str, place: Place) -> bool:
    return BlockLayout.read(text, place).chomping == "+"


def _placeholder(text: str, places: Mapping[KeyPath, Place], like: int, column: int) -> str:
    """A message that looks like message ``like``, with plain line breaks."""
    role, content = (places.get(("messages", like, key)) for key in ("role", "content"))
    columns = (
        place.column
        for path, place in places.items()
        if path[0] == "messages" and len(path) == 3 and not place.in_flow
    )
    keys_at = max(next(columns, 0), column + 2)
    lines_at = 2
    if content is not None and content.style in BLOCK_STYLES:
        lines_at = BlockLayout.read(text, content).indent - content.column
    quote = role.style if role is not None and role.style in _QUOTES else ""
    if content is None or content.style not in ("", *_QUOTES):
        style = ">" if content is not None and content.style == ">" else "|"
        written = f"{style}-\n{' ' * (keys_at + lines_at)}x"
    else:
        written = f"{content.style}x{content.style}"
    dash = "-".ljust(keys_at - column)
    return f"{' ' * column}{dash}role: {quote}x{quote}\n{' ' * keys_at}content: {written}\n"
