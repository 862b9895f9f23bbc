"""The options of an evaluator: which there are and of what type."""

from collections.abc import Collection, Mapping
from typing import Any

from pytest_promptopt.suggestion import did_you_mean, misspelt


class OptionsError(Exception):
    """The options of an evaluator cannot be meant: what was found and what was expected."""


class ForeignError(OptionsError):
    """Nobody here understands the evaluator, which may mean something to another tool."""


class MisspeltError(OptionsError):
    """A name is one slip away from a known one."""


class UnaskableError(OptionsError):
    """A judge is understood, and there is no model to ask."""


def known_only(options: Mapping[Any, Any], known: Collection[str]) -> None:
    """Raise :class:`OptionsError` where ``options`` hold a key that is not ``known``."""
    for key in options:
        if key not in known:
            raise unknown(f"`{key}` is not understood", str(key), known)


def unknown(
    what: str, name: str, known: Collection[str], error: type[OptionsError] = OptionsError
) -> OptionsError:
    """The error of a name that is none of ``known``: ``error`` unless it is misspelt."""
    kind = MisspeltError if misspelt(name, known) else error
    return kind(f"{what}{did_you_mean(name, known)}")


def text_option(options: Mapping[str, Any], key: str) -> str | None:
    """The text under ``key``, None where there is none; raises :class:`OptionsError`."""
    value = options.get(key)
    if value is None or isinstance(value, str):
        return value
    raise OptionsError(f"`{key}` must be text, found {type_name(value)}")


def flag_option(options: Mapping[str, Any], key: str) -> bool:
    """The yes or no under ``key``, no where there is none; raises :class:`OptionsError`."""
    value = options.get(key, False)
    if isinstance(value, bool):
        return value
    raise OptionsError(f"`{key}` must be true or false, found {type_name(value)}")


def type_name(value: Any) -> str:
    """What ``value`` is, in the file's words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return f"a {type(value).__name__}"
