"""An entry of ``evaluators``, understood."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class NotUnderstoodError(Exception):
    """The entry cannot be told; says what was found and what to write instead."""


class MisspeltError(NotUnderstoodError):
    """The entry is told but for a slip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry in our own dialect.

    ``ignored`` are its keys that have no effect, ``remarks`` what else its author should know.
    ``common`` are fields of the :class:`~pytest_promptopt.prompts.golden.EvaluatorSpec` that the
    dialect has a way of its own to tell; what the entry says of them by our keys is not read.
    """

    kind: str
    options: Any
    ignored: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    common: Mapping[str, Any] = field(default_factory=dict)
