"""The places of the scalars of a YAML file.

Positions come from the tokens and events of PyYAML's own scanner, whose marks are right where those
of composed nodes and of the C scanner are not always.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.document import Document

KeyPath = tuple[str | int, ...]
"""Keys and indices from the top of a file down to a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
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
        is_behind = not is_mapping and not text.startswith("-", end_of(event))
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


def find_places(document: Document, paths: Sequence[KeyPath]) -> Mapping[KeyPath, Place]:
    """The tokens of the scalars at ``paths``; refuses those that stand for something else too."""
    places: dict[KeyPath, Place] = {}
    for path, place in scalars(document) if paths else ():
        if path in paths:
            places[path] = place
        if len(places) == len(paths):
            break
    for path in paths:
        if path not in places:
            why = "is empty or comes in through an alias or `<<`; write it out in its place"
            raise refusal(document, path, why)
        refuse_shared(document, path, places[path].anchors)
    return places


def refuse_shared(document: Document, path: KeyPath, anchors: frozenset[str]) -> None:
    """Raise where an alias elsewhere stands for one of ``anchors``."""
    if not anchors:
        return
    for event in positioned(document, yaml.parse):
        if isinstance(event, yaml.AliasEvent) and event.anchor in anchors:
            line = document.text.count("\n", 0, start_of(event)) + 1
            why = f"is also used on line {line}, as *{event.anchor}; write it out there first"
            raise refusal(document, path, why)


def refusal(document: Document, path: KeyPath, why: str) -> PromptFileError:
    """The error about the value at ``path``; ``why`` goes on after its name."""
    name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    message = f"`{name.removeprefix('.')}` {why}"
    return PromptFileError.at(document.location, document.line_of(*path), message)


def positioned(document: Document, read: Callable[..., Iterator[Any]]) -> Iterator[Any]:
    """Tokens or events whose marks are right, as the C scanner's are not always."""
    try:
        yield from read(document.text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        # The C scanner takes a few files that this one does not, as with a tab before a value.
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        message = f"nothing from here on can be edited in place: {error.problem}"
        raise PromptFileError.at(document.location, line, message) from None


def start_of(positioned: Any) -> int:
    """Where a token or an event begins, in characters."""
    return int(positioned.start_mark.index)


def end_of(positioned: Any) -> int:
    """Where a token or an event ends, in characters."""
    return int(positioned.end_mark.index)


def walk(document: Document) -> Iterator[tuple[KeyPath, Any, Sequence[_Frame]]]:
    """Path and event of each value and of each collection's end, with the collections around."""
    frames: list[_Frame] = []
    for event in positioned(document, yaml.parse):
        if isinstance(event, yaml.CollectionEndEvent):
            frames.pop()
        elif not isinstance(event, yaml.NodeEvent) or (frames and frames[-1].takes_as_key(event)):
            continue
        yield tuple(frame.step for frame in frames), event, frames
        if isinstance(event, yaml.CollectionStartEvent):
            frames.append(_Frame.opened_by(event, document.text))


def scalars(document: Document) -> Iterator[tuple[KeyPath, Place]]:
    """Every value that is written as a scalar or an alias, in file order."""
    tokens = (
        token
        for token in positioned(document, yaml.scan)
        if isinstance(token, yaml.ScalarToken | yaml.AliasToken)
    )
    token = next(tokens, None)
    for path, event, frames in walk(document):
        if not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            continue
        while token and end_of(token) < end_of(event):
            token = next(tokens, None)
        # A value that is left empty has no token, or in `{key}` that of its key: it is not text.
        if token and end_of(token) == end_of(event):
            yield path, _place(token, event, frames)


def _place(token: Any, event: Any, frames: Sequence[_Frame]) -> Place:
    is_alias = isinstance(event, yaml.AliasEvent)
    anchors = {frame.anchor for frame in frames} | {None if is_alias else event.anchor}
    return Place(
        start=start_of(token),
        end=end_of(token),
        style="*" if is_alias else token.style or "",
        column=frames[-1].column if frames else -1,
        in_flow=bool(frames) and frames[-1].is_flow,
        in_mapping=bool(frames) and frames[-1].is_mapping,
        is_tagged=not is_alias and event.tag is not None,
        anchors=frozenset(anchor for anchor in anchors if anchor is not None),
    )
