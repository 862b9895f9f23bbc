"""A YAML file on disk: its values, and where each of them stands.

YAML 1.2 core schema, plus merge keys: ``no``, ``12:30``, ``0123`` and dates stay text. Built from
parser events rather than by a loader's constructor, so that depth, aliases and duplicate keys
are under our control and no tag can name code.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pytest_promptopt.config import PROMPT_SUFFIXES
from pytest_promptopt.errors import Problem, PromptFileError, Severity
from pytest_promptopt.prompts.files import DISK, MAX_BYTES, Files
from pytest_promptopt.prompts.written import WrittenFloat, WrittenInt
from pytest_promptopt.prompts.yaml_loaders import loaders

# A key or a list's dash, and a text that begins or goes on with a sign of YAML's own.
_UNQUOTED = re.compile(
    r"\s*(?:- +)?(?P<key>[\w-]+: +|(?<=- ))"
    r"(?P<text>(?:\{\{|[*&!%@`-]).*|[^\s\[{\"'|>].*?:\s.*)"
)
_UNQUOTED_IN_FLOW = re.compile(
    r"[{,]\s*(?P<key>[\w-]+: +)(?P<text>(?:[^\"',{}]*\{\{[^\"{}]*\}\})+[^\"{},]*)"
)
MAX_DEPTH = 100
MAX_VALUES = 2_000_000

_SURROGATE = re.compile("[\ud800-\udfff]")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,999})|0o[0-7]{1,20}|0x[0-9a-fA-F]{1,16}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_CONSTANTS: Mapping[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_CORE_TAGS = {
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")
}


@dataclass(slots=True)
class Node:
    """A value in the file. ``line`` counts from 1, ``index`` is in characters from 0.

    Both are those of the value itself or of the anchor or tag before it.
    """

    line: int
    index: int


@dataclass(slots=True)
class ScalarNode(Node):
    """Text, a number, a truth value or nothing; ``text`` is what it was read from."""

    text: str
    value: Any


@dataclass(slots=True)
class SequenceNode(Node):
    """A list."""

    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class MappingNode(Node):
    """Keys and values in file order; ``merged`` come from ``<<`` and give way to ``entries``."""

    entries: dict[str, Node] = field(default_factory=dict)
    key_lines: dict[str, int] = field(default_factory=dict)
    merged: dict[str, Node] = field(default_factory=dict)

    def get(self, key: str) -> Node | None:
        """The value of ``key``, also where it was merged in."""
        return self.entries.get(key) or self.merged.get(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A YAML file that was read without an error.

    ``data`` is its content as plain Python values; repeated aliases share one object. ``problems``
    are warnings.
    """

    location: str
    text: str
    root: Node
    data: Any
    problems: tuple[Problem, ...] = ()

    def node_at(self, path: Sequence[str | int]) -> Node:
        """The node under ``path``, or the nearest one above it that is in the file."""
        node = self.root
        for step in path:
            child = _child(node, step)
            if child is None:
                return node
            node = child
        return node

    def line_of(self, *path: str | int) -> int:
        """The line of the key or value under ``path``, or of the nearest thing above it."""
        if path and isinstance(path[-1], str):
            parent = self.node_at(path[:-1])
            if isinstance(parent, MappingNode) and path[-1] in parent.key_lines:
                return parent.key_lines[path[-1]]
        return self.node_at(path).line


def read_text(path: Path, location: str, files: Files = DISK) -> str:
    """The file as text without a byte order mark; raises :class:`PromptFileError`."""
    return decoded(read_bytes(path, location, files), location)


def read_bytes(path: Path, location: str, files: Files = DISK) -> bytes:
    """What is in the file; raises :class:`PromptFileError`, also for more than ``MAX_BYTES``."""
    try:
        content = files.read(path)
    except OSError as error:
        raise PromptFileError.at(
            location, 1, f"cannot be read: {error.strerror or error}"
        ) from None
    if len(content) > MAX_BYTES:
        raise PromptFileError.at(location, 1, f"the file is larger than {MAX_BYTES >> 20} MiB")
    return content


def decoded(content: bytes, location: str) -> str:
    """The text of a file without its BOM; raises :class:`PromptFileError` if it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = content[error.start]
        raise PromptFileError.at(
            location, line, f"byte 0x{found:02x} is not UTF-8; save the file as UTF-8"
        ) from None


def read_document(path: Path, location: str, files: Files = DISK) -> Document:
    """The YAML file at ``path``; raises :class:`PromptFileError`."""
    return parse_document(read_text(path, location, files), location)


def parse_document(text: str, location: str) -> Document:
    """``text`` as a document; raises :class:`PromptFileError` where it is not one."""
    builder = _built(text, location)
    if builder.root is None:
        is_prompt = location.endswith(PROMPT_SUFFIXES)
        needed = "; a prompt needs at least `messages:`" if is_prompt else ""
        raise PromptFileError.at(location, 1, f"the file is empty{needed}")
    _refuse_bomb(builder.root, location)
    return Document(
        location=location,
        text=text,
        root=builder.root,
        data=_plain(builder.root, {}),
        problems=tuple(builder.problems),
    )


def _built(text: str, location: str) -> "_Builder":
    refused: yaml.MarkedYAMLError | None = None
    for loader in loaders(text):
        builder = _Builder(location, text)
        try:
            for event in yaml.parse(text, Loader=loader):
                builder.take(event)
        except yaml.MarkedYAMLError as error:
            refused = refused or error
        except yaml.YAMLError as error:
            raise _unreadable_character(error, text, location) from None
        else:
            return builder
    assert refused is not None
    raise _syntax_error(refused, text, location) from None


class _Builder:
    """Nodes from parser events, without recursion."""

    def __init__(self, location: str, text: str) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._location = location
        self._text = text
        self._stack: list[tuple[Node, str | None]] = []
        self._keys: list[ScalarNode | None] = []
        self._anchors: dict[str, Node] = {}
        self._documents = 0

    def take(self, event: Any) -> None:
        match event:
            case yaml.ScalarEvent():
                self._add(self._scalar(event), event.anchor)
            case yaml.SequenceStartEvent():
                self._open(SequenceNode(*_position(event)), event)
            case yaml.MappingStartEvent():
                self._open(MappingNode(*_position(event)), event)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._close()
            case yaml.AliasEvent():
                self._add(self._alias(event), None)
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    line, _ = _position(event)
                    raise PromptFileError.at(
                        self._location, line, "a second document (`---`) in one file"
                    )
            case _:
                pass

    def _open(self, node: Node, event: Any) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise _too_deep(self._location, node.line)
        self._check_tag(event)
        self._stack.append((node, event.anchor))
        self._keys.append(None)

    def _close(self) -> None:
        node, anchor = self._stack.pop()
        self._keys.pop()
        self._add(node, anchor)

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._stack:
            self.root = node
            return
        parent = self._stack[-1][0]
        if isinstance(parent, SequenceNode):
            parent.items.append(node)
        elif isinstance(parent, MappingNode):
            self._add_to_mapping(parent, node)

    def _add_to_mapping(self, parent: MappingNode, node: Node) -> None:
        key = self._keys[-1]
        if key is None:
            if not isinstance(node, ScalarNode):
                hint = _quoted(self._text, node.line) or "; use text"
                message = f"a list or mapping as a key{hint}"
                raise PromptFileError.at(self._location, node.line, message)
            self._keys[-1] = node
            return
        self._keys[-1] = None
        if key.text == "<<":
            self._merge(parent, node)
            return
        if key.text in parent.entries:
            first = parent.key_lines[key.text]
            message = f"the key `{key.text}` stands twice (first on line {first}); keep one"
            raise PromptFileError.at(self._location, key.line, message)
        parent.entries[key.text] = node
        parent.key_lines[key.text] = key.line

    def _merge(self, parent: MappingNode, node: Node) -> None:
        sources = node.items if isinstance(node, SequenceNode) else [node]
        for source in sources:
            if not isinstance(source, MappingNode):
                raise PromptFileError.at(
                    self._location, node.line, "`<<` merges mappings, found something else"
                )
            for key, value in {**source.merged, **source.entries}.items():
                parent.merged.setdefault(key, value)

    def _alias(self, event: Any) -> Node:
        line = event.start_mark.line + 1
        if any(anchor == event.anchor for _, anchor in self._stack):
            raise PromptFileError.at(
                self._location, line, f"the alias *{event.anchor} contains itself"
            )
        if event.anchor not in self._anchors:
            raise PromptFileError.at(
                self._location, line, f"the alias *{event.anchor} has no anchor before it"
            )
        return self._anchors[event.anchor]

    def _scalar(self, event: Any) -> ScalarNode:
        self._check_tag(event)
        line, index = _position(event)
        plain = event.implicit[0] and event.tag is None
        tagged = event.tag in _CORE_TAGS and not str(event.tag).endswith(":str")
        text = self._joined(event.value, line)
        value = _resolve(text) if plain or tagged else text
        return ScalarNode(line, index, text, value)

    def _joined(self, text: str, line: int) -> str:
        """``text`` with escaped halves of surrogate pairs put together."""
        if text.isascii():
            return text
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        if _SURROGATE.search(joined):
            message = "half a surrogate pair, which is no character; write both halves, or none"
            raise PromptFileError.at(self._location, line, message)
        return joined

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None and event.tag not in _CORE_TAGS and event.tag != "!":
            message = f"the tag {event.tag} is not understood and has no effect"
            line = event.start_mark.line + 1
            problem = Problem(
                path=self._location, line=line, message=message, severity=Severity.WARNING
            )
            self.problems.append(problem)


def _position(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.index


def _resolve(text: str) -> Any:
    """A plain scalar by the core schema; what a JSON number cannot hold stays text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return WrittenInt(text)
    if _FLOAT.fullmatch(text):
        number = WrittenFloat(text)
        return number if math.isfinite(number) else text
    return text


def _refuse_bomb(root: Node, location: str) -> None:
    """Refuse a document that small text and aliases blow up to a huge or deep one."""
    sizes: dict[int, int] = {}
    lengths: dict[int, int] = {}
    depths: dict[int, int] = {}
    for node in _post_order(root):
        children = _children(node)
        size = 1 + sum(sizes[id(child)] for child in children)
        depth = 1 + max((depths[id(child)] for child in children), default=0)
        length = len(node.text) if isinstance(node, ScalarNode) else 0
        length += sum(lengths[id(child)] for child in children)
        if size > MAX_VALUES:
            message = f"its aliases expand to more than {MAX_VALUES:,} values"
            raise PromptFileError.at(location, node.line, message)
        if depth > MAX_DEPTH:
            message = f"its aliases nest more than {MAX_DEPTH} levels deep"
            raise PromptFileError.at(location, node.line, message)
        if length > MAX_BYTES:
            message = f"its aliases expand to more than {MAX_BYTES >> 20} MiB of text"
            raise PromptFileError.at(location, node.line, message)
        sizes[id(node)], depths[id(node)], lengths[id(node)] = size, depth, length


def _plain(node: Node, made: dict[int, Any]) -> Any:
    """The node's value without positions. Depth is bounded by ``MAX_DEPTH`` through aliases too."""
    if isinstance(node, ScalarNode):
        return node.value
    if id(node) not in made:
        if isinstance(node, SequenceNode):
            made[id(node)] = [_plain(item, made) for item in node.items]
        elif isinstance(node, MappingNode):
            made[id(node)] = {
                key: _plain(item, made) for key, item in {**node.merged, **node.entries}.items()
            }
    return made[id(node)]


def _post_order(root: Node) -> Iterator[Node]:
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((child, False) for child in _children(node))


def _children(node: Node) -> Sequence[Node]:
    if isinstance(node, SequenceNode):
        return node.items
    if isinstance(node, MappingNode):
        return [*node.merged.values(), *node.entries.values()]
    return ()


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node, MappingNode) and isinstance(step, str):
        return node.get(step)
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


def _too_deep(location: str, line: int) -> PromptFileError:
    return PromptFileError.at(location, line, f"nested more than {MAX_DEPTH} levels deep")


def _syntax_error(error: yaml.MarkedYAMLError, text: str, location: str) -> PromptFileError:
    what = error.problem or error.context or "not YAML"
    is_open = error.context == "while scanning a quoted scalar"
    mark = (not is_open and error.problem_mark) or error.context_mark
    line = (mark.line if mark else 0) + 1
    if is_open:
        what = f"the quoted text that begins here does not end as it should ({what})"
    lines = text.splitlines()
    shown = lines[line - 1].strip()[:120] if line <= len(lines) else "(end of file)"
    if line <= len(lines) and lines[line - 1].lstrip(" ").startswith("\t"):
        what = f"a tab indents this line, where YAML takes blanks only ({what})"
    if "nesting depth" in what:
        # PyYAML's scanner has a limit too, and reads ahead of the events that we count.
        return _too_deep(location, line)
    hint = _quoted(text, line)
    return PromptFileError.at(location, line, f"broken YAML: {what}{hint}: {shown}")


def _quoted(text: str, line: int) -> str:
    """What to write where a text that means something to YAML stands without quotes."""
    lines = text.splitlines()
    shown = lines[line - 1] if line <= len(lines) else ""
    found = _UNQUOTED.fullmatch(shown) or _UNQUOTED_IN_FLOW.search(shown)
    if found is None:
        return ""
    value = json.dumps(found["text"].rstrip(), ensure_ascii=False)
    return f"; if it is text, quote it: {found['key']}{value}"


def _unreadable_character(error: yaml.YAMLError, text: str, location: str) -> PromptFileError:
    position = getattr(error, "position", 0)
    line = text.count("\n", 0, position) + 1
    what = getattr(error, "reason", None) or "not YAML"
    return PromptFileError.at(location, line, f"broken YAML: {what}")
