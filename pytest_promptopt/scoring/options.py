"""The options of an evaluator: which there are and of what type."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from pytest_promptopt.codec import from_json
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.suggestion import did_you_mean, misspelt


class OptionsError(Exception):
    """The options of an evaluator cannot be meant: what was found and what was expected."""


class ForeignError(OptionsError):
    """Nobody here understands the evaluator, which may mean something to another tool."""


class MisspeltError(OptionsError):
    """A name is one slip away from a known one."""


class UnaskableError(OptionsError):
    """A judge is understood, and there is no model to ask."""


class Options(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """The options of a kind, declared once: for whoever scores, for editors and for messages.

    Its fields in camelCase are the keys of a file; what is wrong between them ``__post_init__``
    says by a ValueError. ``bare`` is the field that an entry means which has no mapping.
    """

    bare: ClassVar[str] = ""


Read = TypeVar("Read", bound=Options)


def read_options(record: type[Read], spec: EvaluatorSpec) -> Read:
    """The options of an entry; raises :class:`OptionsError`."""
    found = spec.options
    keys = record.__struct_encode_fields__
    if not isinstance(found, Mapping):
        if found is None or (not record.bare and found in (True, "valid")):
            found = {}
        elif record.bare:
            found = {record.bare: found}
        else:
            names = ", ".join(f"`{key}`" for key in keys)
            raise OptionsError(
                f"`{spec.kind}` must be a mapping of {names}, found {type_name(found)}"
            )
    known_only(found, keys)
    _require_choices(record, found)
    try:
        return from_json(record, found)
    except ValueError as error:
        raise OptionsError(f"`{spec.kind}`: {error}") from None


def _require_choices(record: type[Options], found: Mapping[str, Any]) -> None:
    hints = get_type_hints(record)
    for name, key in zip(record.__struct_fields__, record.__struct_encode_fields__, strict=True):
        choices = get_args(hints[name]) if get_origin(hints[name]) is Literal else ()
        if choices and key in found and found[key] not in choices:
            texts = [str(choice) for choice in choices]
            raise unknown(f"`{key}` cannot be {found[key]!r:.40}", str(found[key]), texts)


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
