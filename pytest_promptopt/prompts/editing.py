"""A prompt file edited in place: tokens are replaced, every other byte stays as it is.

Positions come from the tokens and events of PyYAML's own scanner. Nothing here decides whether an
edit is right: each one is read again, and what does not read as meant is not returned.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.document import Document, SequenceNode, parse_document

KeyPath = tuple[str | int, ...]
"""Keys and indices from the top of a file down to a value."""

_BLOCK_STYLES = ("|", ">")
_QUOTES = ("'", '"')
_BOM = b"\xef\xbb\xbf"
_LINE_ENDING = re.compile(r"\r\n|\r|\n")
_BREAKS = "\r\n\x85\u2028\u2029"
_BLOCK_HEADER = re.compile(
    rf"[|>](?P<marks>[-+1-9]{{0,2}})(?P<rest>[^{_BREAKS}]*)(?:\r\n|.)?", re.S
)
_WRITABLE = r" -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_BLOCK_TEXT = re.compile(rf"[\t\n{_WRITABLE}]*")
_SINGLE_QUOTED_TEXT = re.compile(rf"[\t{_WRITABLE}]*")
_PLAIN_TEXT = re.compile(rf"[{_WRITABLE}]+")
_FLOW_INDICATOR = re.compile(r"[][{},:?]")
_ESCAPED = re.compile(rf'[^{_WRITABLE}]|["\\]')
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """New text for the scalar at ``path``, such as ``("messages", 0, "content")``."""

    path: KeyPath
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of a file in bytes from 0, without the byte at ``end``."""

    start: int
    end: int


def edit_texts(content: bytes, replacements: Sequence[Replacement], *, location: str) -> bytes:
    """The file with each scalar replaced; bytes outside of their tokens are those of ``content``.

    A scalar keeps its style where that can hold the text, else it becomes double-quoted; several
    lines in a block mapping become a literal block, and so does an alias. Raises
    :class:`PromptFileError` where a scalar cannot be replaced without changing anything else,
    ValueError where two replacements have the same path.
    """
    if len({replacement.path for replacement in replacements}) < len(replacements):
        raise ValueError("two replacements have the same path")
    document = _parse(content, location)
    changed = [item for item in replacements if _text_at(document, item.path) != item.text]
    places = _find(document, [item.path for item in changed])
    text, data = document.text, document.data
    for item in sorted(changed, key=lambda item: places[item.path].start, reverse=True):
        _refuse_surrogates(document, item)
        data = _with_text(data, item.path, item.text)
        forms = _forms(text, places[item.path], item.text)
        edits = (_spliced(text, places[item.path], form) for form in forms)
        edited = next((edit for edit in edits if _reads_as(edit, data, location)), None)
        if edited is None:
            raise _refusal(document, item.path, "cannot be replaced in place; edit it by hand")
        text = edited
    return _encode(content, text)


def text_span(content: bytes, path: KeyPath, *, location: str) -> Span:
    """Where the token of the scalar at ``path`` stands: what :func:`edit_texts` would replace.

    That of a block scalar begins with its header and ends with the blank lines behind it. Raises
    :class:`PromptFileError` where the scalar could not be replaced.
    """
    document = _parse(content, location)
    _text_at(document, path)
    place = _find(document, [path])[path]
    start = len(_encode(content, document.text[: place.start]))
    return Span(start=start, end=start + len(document.text[place.start : place.end].encode()))


def insert_messages(
    content: bytes, at: int, messages: Sequence[tuple[str, str]], *, location: str
) -> bytes:
    """The file with ``messages``, as role and content, before message ``at``.

    The length of the list as ``at`` appends. New messages look like the one before them. Raises
    :class:`PromptFileError` where the file's messages are not a block sequence of its own,
    ValueError where ``at`` is out of range.
    """
    document = _parse(content, location)
    existing = document.node_at(("messages",))
    if document.root is existing or not isinstance(existing, SequenceNode):
        raise _refusal(document, ("messages",), "is not a list of messages")
    if not 0 <= at <= len(existing.items):
        raise ValueError(f"messages can be inserted at 0 to {len(existing.items)}, not at {at}")
    if not messages:
        return content
    is_last = at == len(existing.items)
    text = _with_placeholders(_with_end(document) if is_last else document, at, len(messages))
    placeholders = [{"role": "x", "content": "x"}] * len(messages)
    inserted = [*document.data["messages"][:at], *placeholders, *document.data["messages"][at:]]
    if not _reads_as(text, document.data | {"messages": inserted}, location):
        raise _refusal(document, ("messages",), "cannot be added to in place; edit it by hand")
    replacements = [
        Replacement(path=("messages", at + number, key), text=value)
        for number, message in enumerate(messages)
        for key, value in zip(("role", "content"), message, strict=True)
    ]
    return edit_texts(_encode(content, text), replacements, location=location)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """The token of a scalar, from ``start`` to ``end`` in characters, and what is around it.

    ``style`` is its first character where that is an indicator, else empty. ``column`` is where
    the innermost block collection stands, -1 without one. ``anchors`` are those of the scalar
    and of everything it is in.
    """

    start: int
    end: int
    style: str
    column: int
    in_flow: bool
    in_mapping: bool
    is_tagged: bool
    anchors: frozenset[str]


@dataclass(slots=True, kw_only=True)
class _Frame:
    """A collection while its events pass; ``step`` is the key or index of the child at hand."""

    is_mapping: bool
    is_flow: bool
    column: int
    anchor: str | None
    step: str | int = -1
    awaits_key: bool = True
    indices: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    def opened_by(cls, event: Any, text: str) -> "_Frame":
        """The collection that starts with ``event``."""
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        # A list that is not indented under its key is reported behind its first dash.
        is_behind = not is_mapping and not text.startswith("-", _end(event))
        return cls(
            is_mapping=is_mapping,
            is_flow=bool(event.flow_style),
            column=event.end_mark.column - is_behind,
            anchor=event.anchor,
        )

    def takes_as_key(self, event: Any) -> bool:
        """Go on to the child that starts with ``event``; whether it is a key, not a value."""
        if not self.is_mapping:
            self.step = next(self.indices)
            return False
        is_key = self.awaits_key
        self.awaits_key = not is_key
        if is_key:
            # A key written as an alias has no text here and is never found.
            self.step = event.value if isinstance(event, yaml.ScalarEvent) else -1
        return is_key


def _parse(content: bytes, location: str) -> Document:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise PromptFileError.at(location, line, message) from None
    return parse_document(text, location)


def _encode(content: bytes, text: str) -> bytes:
    return (_BOM if content.startswith(_BOM) else b"") + text.encode()


def _refusal(document: Document, path: KeyPath, why: str) -> PromptFileError:
    name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    message = f"`{name.removeprefix('.')}` {why}"
    return PromptFileError.at(document.location, document.line_of(*path), message)


def _refuse_surrogates(document: Document, replacement: Replacement) -> None:
    if re.search(r"[\ud800-\udfff]", replacement.text):
        why = "cannot hold half of a surrogate pair; YAML has no way to write one"
        raise _refusal(document, replacement.path, why)


def _text_at(document: Document, path: KeyPath) -> str:
    value = document.data
    for step in path:
        is_there = (
            step in value
            if isinstance(value, dict)
            else isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value)
        )
        if not is_there:
            raise _refusal(document, path, "is not in the file")
        value = value[step]
    if not isinstance(value, str):
        raise _refusal(document, path, "is not text")
    return value


def _with_text(data: Any, path: KeyPath, text: str) -> Any:
    """``data`` with ``text`` at ``path``; what aliases share elsewhere stays as it is."""
    if not path:
        return text
    changed = data.copy()
    changed[path[0]] = _with_text(data[path[0]], path[1:], text)
    return changed


def _spliced(text: str, place: _Place, form: str) -> str:
    return text[: place.start] + form + text[place.end :]


def _reads_as(text: str, data: Any, location: str) -> bool:
    try:
        return bool(parse_document(text, location).data == data)
    except PromptFileError:
        return False


def _find(document: Document, paths: Sequence[KeyPath]) -> Mapping[KeyPath, _Place]:
    """The tokens of the scalars at ``paths``; refuses those that stand for something else too."""
    places: dict[KeyPath, _Place] = {}
    for path, place in _scalars(document) if paths else ():
        if path in paths:
            places[path] = place
        if len(places) == len(paths):
            break
    for path in paths:
        if path not in places:
            why = "is empty or comes in through an alias or `<<`; write it out in its place"
            raise _refusal(document, path, why)
        _refuse_shared(document, path, places[path].anchors)
    return places


def _refuse_shared(document: Document, path: KeyPath, anchors: frozenset[str]) -> None:
    if not anchors:
        return
    for event in _positioned(document, yaml.parse):
        if isinstance(event, yaml.AliasEvent) and event.anchor in anchors:
            line = document.text.count("\n", 0, _start(event)) + 1
            why = f"is also used on line {line}, as *{event.anchor}; write it out there first"
            raise _refusal(document, path, why)


def _positioned(document: Document, read: Callable[..., Iterator[Any]]) -> Iterator[Any]:
    """Tokens or events whose marks are right, as the C scanner's are not always."""
    try:
        yield from read(document.text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        # The C scanner takes a few files that this one does not, as with a tab before a value.
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        message = f"nothing from here on can be edited in place: {error.problem}"
        raise PromptFileError.at(document.location, line, message) from None


def _start(positioned: Any) -> int:
    return int(positioned.start_mark.index)


def _end(positioned: Any) -> int:
    return int(positioned.end_mark.index)


def _walk(document: Document) -> Iterator[tuple[KeyPath, Any, Sequence[_Frame]]]:
    """Path and event of each value and of each collection's end, with the collections around."""
    frames: list[_Frame] = []
    for event in _positioned(document, yaml.parse):
        if isinstance(event, yaml.CollectionEndEvent):
            frames.pop()
        elif not isinstance(event, yaml.NodeEvent) or (frames and frames[-1].takes_as_key(event)):
            continue
        yield tuple(frame.step for frame in frames), event, frames
        if isinstance(event, yaml.CollectionStartEvent):
            frames.append(_Frame.opened_by(event, document.text))


def _scalars(document: Document) -> Iterator[tuple[KeyPath, _Place]]:
    """Every value that is written as a scalar or an alias, in file order."""
    tokens = (
        token
        for token in _positioned(document, yaml.scan)
        if isinstance(token, yaml.ScalarToken | yaml.AliasToken)
    )
    token = next(tokens, None)
    for path, event, frames in _walk(document):
        if not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            continue
        while token and _end(token) < _end(event):
            token = next(tokens, None)
        # A value that is left empty has no token, or in `{key}` that of its key: it is not text.
        if token and _end(token) == _end(event):
            yield path, _place(token, event, frames)


def _place(token: Any, event: Any, frames: Sequence[_Frame]) -> _Place:
    is_alias = isinstance(event, yaml.AliasEvent)
    anchors = {frame.anchor for frame in frames} | {None if is_alias else event.anchor}
    return _Place(
        start=_start(token),
        end=_end(token),
        style="*" if is_alias else token.style or "",
        column=frames[-1].column if frames else -1,
        in_flow=bool(frames) and frames[-1].is_flow,
        in_mapping=bool(frames) and frames[-1].is_mapping,
        is_tagged=not is_alias and event.tag is not None,
        anchors=frozenset(anchor for anchor in anchors if anchor is not None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """How a block scalar is laid out, one that stands in the file or one that could.

    ``column`` is that of the collection around it, ``indent`` that of its lines, ``digit`` and
    ``chomping`` the indicators of its header, ``rest`` the comment after them. ``blank`` are the
    blank lines behind it. ``ends_line`` says whether its token ends with a line break, and
    ``has_next`` whether a line break follows its token.
    """

    column: int
    indent: int
    digit: str = ""
    chomping: str | None = None
    rest: str = ""
    blank: str = ""
    ends_line: bool = False
    has_next: bool = False

    @classmethod
    def read(cls, text: str, place: _Place) -> "_Block":
        """The layout of the scalar at ``place``, of a new one where that is none."""
        token, column = text[place.start : place.end], max(place.column, 0)
        if place.style not in _BLOCK_STYLES:
            has_next = text[place.end : place.end + 1] in tuple("\r\n")
            return cls(column=column, indent=column + 2, has_next=has_next)
        header = _BLOCK_HEADER.match(token)
        assert header is not None
        digit = header["marks"].strip("+-")
        lines = token[header.end() :].splitlines(keepends=True)
        indent = column + (int(digit) if digit else 2)
        if not digit:
            first = next((line for line in lines if line.strip(" " + _BREAKS)), None)
            indent = len(first) - len(first.lstrip(" ")) if first else indent
        blank = itertools.takewhile(
            lambda line: not line.strip(" " + _BREAKS) and len(line.rstrip(_BREAKS)) <= indent,
            reversed(lines),
        )
        return cls(
            column=column,
            indent=indent,
            digit=digit,
            chomping=header["marks"].strip("123456789"),
            rest=header["rest"],
            blank="".join(reversed(list(blank))),
            ends_line=token[-1] in _BREAKS,
        )

    def written(self, style: str, text: str, newline: str) -> str:
        """``text`` in this layout; ``style`` is ``|`` or ``>``."""
        stripped = text.rstrip("\n")
        breaks = len(text) - len(stripped)
        chomping = self._chomping(stripped, breaks)
        indent, digit = self._indentation(text)
        lines = (_unfolded(stripped) if style == ">" else stripped).split("\n")
        body = newline.join(" " * indent + line if line else "" for line in lines)
        if chomping == "+":
            blank = ""
        else:
            breaks, blank = min(breaks, 1), self.blank
        breaks = max(breaks, self.ends_line or self.has_next) - self.has_next
        header = f"{style}{digit}{chomping}{self.rest}"
        return header + (newline + body if text else "") + newline * breaks + blank

    def _chomping(self, stripped: str, breaks: int) -> str:
        if breaks == 0:
            is_unended = self.chomping == "" and not self.ends_line
            return "" if is_unended else "-"
        if breaks == 1 and stripped:
            return "+" if self.chomping == "+" and not self.blank else ""
        return "+"

    def _indentation(self, text: str) -> tuple[int, str]:
        """Spaces before each line, and the digit that tells them where the text hides them."""
        hides = text.lstrip("\n").startswith((" ", "\t"))
        if self.digit or not hides:
            return self.indent, self.digit
        step = self.indent - self.column
        step = step if 1 <= step <= 9 else 2
        return self.column + step, str(step)


def _forms(text: str, place: _Place, new: str) -> Iterator[str]:
    """What could replace the token at ``place``, the best first; the last one holds any text."""
    newline = _newline(text, place.start)
    block = _Block.read(text, place)
    becomes_block = not place.in_flow and (
        place.style in _BLOCK_STYLES
        or place.style == "*"
        or (place.in_mapping and "\n" in new.strip("\n"))
    )
    if becomes_block and _BLOCK_TEXT.fullmatch(new):
        if place.style == ">":
            yield block.written(">", new, newline)
        yield block.written("|", new, newline)
    elif place.style == "'" and _SINGLE_QUOTED_TEXT.fullmatch(new):
        yield "'" + new.replace("'", "''") + "'"
    elif place.style == "" and _stays_plain(place, new):
        yield new
    quoted = '"' + _ESCAPED.sub(lambda found: _escape(found[0]), new) + '"'
    yield quoted + block.rest + newline * block.ends_line + block.blank


def _newline(text: str, start: int) -> str:
    """The line ending of the line at ``start``; the last one has that of those before it."""
    found = _LINE_ENDING.search(text, start)
    if found is None:
        *_, found = itertools.chain([None], _LINE_ENDING.finditer(text))
    return found[0] if found else "\n"


def _unfolded(text: str) -> str:
    """``text`` as lines that fold back to it: one more break where a single one would be a space.

    Breaks beside a line that begins with a space or a tab are not folded.
    """
    before, *others = text.split("\n")
    lines = [before]
    for line in others:
        if before and line and not before.startswith((" ", "\t")) | line.startswith((" ", "\t")):
            lines.append("")
        lines.append(line)
        before = line or before
    return "\n".join(lines)


def _stays_plain(place: _Place, text: str) -> bool:
    """Whether a plain scalar may be tried: readers of YAML 1.1 must take it for text too."""
    if not _PLAIN_TEXT.fullmatch(text) or (place.in_flow and _FLOW_INDICATOR.search(text)):
        return False
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers.get(text[0], [])
    return place.is_tagged or not any(pattern.match(text) for _, pattern in resolvers)


def _escape(character: str) -> str:
    code = ord(character)
    width = "x02" if code < 0x100 else "u04" if code < 0x10000 else "U08"
    return _SHORT_ESCAPES.get(character) or f"\\{width[0]}{code:{width[1:]}x}"


def _with_end(document: Document) -> Document:
    """The document, where its last message is a block scalar that a line break may follow.

    One that the file ends in, without a line break, would take it for its own without a ``-``.
    """
    text = document.text
    for path, place in _scalars(document):
        if path[0] != "messages" or place.end < len(text) or place.style not in _BLOCK_STYLES:
            continue
        block = _Block.read(text, place)
        if block.chomping is not None and not block.ends_line:
            behind = place.start + 1 + len(block.digit) + len(block.chomping)
            header = f"{place.style}{block.digit}-"
            return parse_document(text[: place.start] + header + text[behind:], document.location)
    return document


def _with_placeholders(document: Document, at: int, count: int) -> str:
    """The file with ``count`` messages before message ``at`` whose role and content are ``x``.

    Their styles, their indentation and a blank line between them are those of their neighbour.
    """
    text, listing, places = document.text, _list_messages(document), dict(_scalars(document))
    above = [_above(text, dash, listing.column) for dash in listing.dashes]
    neighbour = max(at - 1, 0)
    newline = _newline(text, listing.dashes[neighbour])
    message = _placeholder(text, places, neighbour, listing.column).replace("\n", newline)
    blank = newline if len(above) > 1 and not text[: above[1]].splitlines()[-1].strip() else ""
    if at < len(above):
        position, messages = above[at], (message + blank) * count
    else:
        last = next((place for place in places.values() if place.end == listing.end), None)
        position, messages = _behind(text, listing.end, last), (blank + message) * count
        if last and _keeps_blank_lines(text, last):
            messages = messages.removeprefix(blank)
    if text[position - 1] not in _BREAKS:
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
        for token in _positioned(document, yaml.scan)
        if start <= _start(token) < _end(token) <= end
    ]
    marks = [token.start_mark for token in tokens if isinstance(token, yaml.BlockEntryToken)]
    column = marks[0].column
    dashes = [mark.index for mark in marks if mark.column == column]
    if document.text[dashes[0] - column : dashes[0]].strip(" "):
        raise _refusal(document, ("messages",), "does not begin on a line of its own")
    return _Listing(dashes=dashes, column=column, end=_end(tokens[-1]))


def _extent_of_messages(document: Document) -> tuple[int, int]:
    """From where to where the block sequence ``messages`` goes, in characters."""
    key, start = ("messages",), None
    for path, event, _ in _walk(document):
        if path != key:
            continue
        if isinstance(event, yaml.SequenceEndEvent) and start is not None:
            return start, _start(event)
        if isinstance(event, yaml.SequenceStartEvent):
            if event.flow_style:
                raise _refusal(document, key, "is written as `[…]`; give each message a dash")
            _refuse_shared(document, key, frozenset([event.anchor] if event.anchor else []))
            start = _start(event)
    raise _refusal(document, key, "comes in through an alias or `<<`; write it out in its place")


def _above(text: str, dash: int, column: int) -> int:
    """The start of the dash's line, or of the comments right above that go with it."""
    start = dash - column
    for line in reversed(text[:start].splitlines(keepends=True)):
        if not line.startswith(" " * column + "#"):
            break
        start -= len(line)
    return start


def _behind(text: str, end: int, last: _Place | None) -> int:
    """Where the next line begins after the text that ends at ``end``, as the scalar ``last``."""
    if last is None or last.style not in _BLOCK_STYLES:
        found = _LINE_ENDING.search(text, end)
        return found.end() if found else len(text)
    return end if _keeps_blank_lines(text, last) else end - len(_Block.read(text, last).blank)


def _keeps_blank_lines(text: str, place: _Place) -> bool:
    return _Block.read(text, place).chomping == "+"


def _placeholder(text: str, places: Mapping[KeyPath, _Place], like: int, column: int) -> str:
    """A message that looks like message ``like``, with plain line breaks."""
    role, content = (places.get(("messages", like, key)) for key in ("role", "content"))
    columns = (
        place.column
        for path, place in places.items()
        if path[0] == "messages" and len(path) == 3 and not place.in_flow
    )
    keys_at = max(next(columns, 0), column + 2)
    lines_at = 2
    if content is not None and content.style in _BLOCK_STYLES:
        lines_at = _Block.read(text, content).indent - content.column
    quote = role.style if role is not None and role.style in _QUOTES else ""
    if content is None or content.style not in ("", *_QUOTES):
        style = ">" if content is not None and content.style == ">" else "|"
        written = f"{style}-\n{' ' * (keys_at + lines_at)}x"
    else:
        written = f"{content.style}x{content.style}"
    dash = "-".ljust(keys_at - column)
    return f"{' ' * column}{dash}role: {quote}x{quote}\n{' ' * keys_at}content: {written}\n"
