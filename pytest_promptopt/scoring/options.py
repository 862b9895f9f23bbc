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
        if found is None or _is_plain_yes(found, record):
            found = {}
        elif record.bare:
            found = {record.bare: found}
        else:
            names = ", ".join(f"`{key}`" for key in keys)
            raise OptionsError(
                f"`{spec.kind}` must be a mapping of {names}, found {type_name(found)}"
            )
    known_only(found, keys)
    hints = get_type_hints(record)
    types = {key: hints[name] for name, key in zip(record.__struct_fields__, keys, strict=True)}
    try:
        return from_json(record, {key: _given(key, found[key], types[key]) for key in found})
    except ValueError as error:
        raise OptionsError(f"`{spec.kind}`: {error}") from None


def _is_plain_yes(found: Any, record: type[Options]) -> bool:
    """Whether ``kind: true`` asks for no more than the kind, of which it is no option."""
    if not record.bare:
        return found in (True, "valid")
    field = next(f for f in msgspec.structs.fields(record) if f.name == record.bare)
    return found is True and field.type is not bool and not field.required


def _given(key: str, value: Any, kind: Any) -> Any:
    """What stands under ``key``, where it is one of the choices that there are."""
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    if choices and value not in choices:
        raise unknown(f"`{key}` cannot be {value!r:.40}", str(value), [*map(str, choices)])
    # A number that remembers how it was written, which only text to compare with needs.
    return float(value) if isinstance(value, float) and kind is not Any else value


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


def flag_option(options: Mapping[str, Any], key: str, *, default: bool = False) -> bool:
    """The yes or no under ``key``, where there is one; raises :class:`OptionsError`."""
    value = options.get(key, default)
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
