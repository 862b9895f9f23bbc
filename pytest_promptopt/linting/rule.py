"""A rule of the linter, and what it finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_promptopt.linting.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """Other text for the characters from ``start`` to ``end`` of a message's content."""

    message: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule found, and where; ``fix`` is there where it can be mended without a person.

    ``code`` is the rule's.
    """

    path: str
    line: int
    message: str
    code: str = ""
    fix: Fix | None = None

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.code} {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: ``find`` gives its findings, without their code.

    ``reason`` says in a sentence why it matters, ``source`` who says so, ``remedy`` what to do.
    """

    code: str
    title: str
    reason: str
    source: str
    remedy: str
    find: Callable[["Sheet"], Iterable[Finding]]
