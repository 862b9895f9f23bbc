"""A value in a foreign file, and where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import Problem, Severity
from pytest_promptopt.prompts.document import Document, MappingNode, Node, SequenceNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A value, the file and line that it stands at, and the folder that its names start from.

    ``node`` tells the lines of what is in it; without one, all of it stands on ``line``.
    """

    value: Any
    path: Path
    location: str
    line: int
    node: Node | None = None

    @classmethod
    def of(cls, document: Document, path: Path) -> "Spot":
        """All of a document."""
        return cls(
            value=document.data,
            path=path,
            location=document.location,
            line=document.root.line,
            node=document.root,
        )

    @property
    def text(self) -> str | None:
        """The value where it is text."""
        return self.value if isinstance(self.value, str) else None

    def get(self, key: str) -> "Spot | None":
        """What stands under ``key``; None where nothing does, or null."""
        if not isinstance(self.value, Mapping) or self.value.get(key) is None:
            return None
        return self._child(key, self.value[key])

    def entries(self) -> "list[tuple[str, Spot]]":
        """Keys and values; none of what is no mapping."""
        if not isinstance(self.value, Mapping):
            return []
        return [(str(key), self._child(key, value)) for key, value in self.value.items()]

    def items(self) -> "list[Spot]":
        """The items of a list, without null; what is no list is the only one."""
        if not isinstance(self.value, list):
            return [] if self.value is None else [self]
        nodes = self.node.items if isinstance(self.node, SequenceNode) else ()
        return [
            self._at(nodes[index] if index < len(nodes) else None, value)
            for index, value in enumerate(self.value)
            if value is not None
        ]

    def holding(self, value: Any) -> "Spot":
        """Another value at the same place."""
        return replace(self, value=value, node=None)

    def later(self, lines: int) -> "Spot":
        """The same value, ``lines`` further down."""
        return replace(self, line=self.line + lines)

    def problem(self, message: str) -> Problem:
        """What is to be told of it."""
        return Problem(
            path=self.location, line=self.line, message=message, severity=Severity.WARNING
        )

    def _child(self, key: Any, value: Any) -> "Spot":
        if not isinstance(self.node, MappingNode):
            return self._at(None, value)
        spot = self._at(self.node.get(key), value)
        return replace(spot, line=self.node.key_lines.get(key, spot.line))

    def _at(self, node: Node | None, value: Any) -> "Spot":
        return replace(self, value=value, node=node, line=node.line if node else self.line)
