"""The fit of a value to a JSON Schema, in bounded time and without the network."""

import functools
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from pytest_promptopt.scoring.json_value import join_few
from pytest_promptopt.scoring.options import OptionsError
from pytest_promptopt.text.excerpt import one_line
from pytest_promptopt.text.limited_regex import (
    TIMEOUT_SECONDS,
    PatternError,
    compile_pattern,
    is_found,
)

# About half a second's work.
_MOST_STEPS = 100_000
_CHARACTERS_A_STEP = 100
_SHOWN_OF_AN_ERROR = 160

# Keywords that more fields beside it cannot satisfy.
_OF_VALUES = {
    *("type", "enum", "const", "pattern", "format", "minLength", "maxLength", "multipleOf"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "maxItems"),
}

_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)

_Keyword = Callable[[Any, Any, Any, Mapping[str, Any]], Iterable[ValidationError] | None]


class UncheckableError(Exception):
    """It cannot be said whether the value fits; says why."""


@dataclass(slots=True)
class _Allowance:
    """What may still be done in the check that is under way."""

    left: int = _MOST_STEPS
    seconds: float = TIMEOUT_SECONDS

    def finds(self, pattern: str, text: str) -> bool:
        """Whether the pattern is in ``text``; all searches of a check share one time limit."""
        started = time.perf_counter()
        try:
            return is_found(_compiled(pattern), text, timeout_seconds=max(self.seconds, 1e-3))
        finally:
            self.seconds -= time.perf_counter() - started


class SchemaCheck:
    """A JSON Schema (draft 2020-12) to hold values against, one at a time."""

    def __init__(self, schema: Any) -> None:
        """Raise :class:`OptionsError` where ``schema`` is not a JSON Schema."""
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            message = one_line(error.message, _SHOWN_OF_AN_ERROR)
            raise OptionsError(f"the schema is not a JSON Schema: {message}") from error
        except RecursionError as error:
            raise OptionsError("the schema is nested too deeply") from error
        # The one keyword that searches patterns where no limit reaches them.
        if {"patternProperties", "unevaluatedProperties"} <= set(_keys(schema)):
            raise OptionsError(
                "a schema with both patternProperties and unevaluatedProperties is not supported"
            )
        self._allowance = _Allowance()
        self._validator = _limited(self._allowance)(
            schema, registry=Registry(), format_checker=_formats()
        )

    def violations(self, value: Any, *, of_part: bool = False) -> str:
        """The first few ways in which ``value`` does not fit, empty where it fits.

        With ``of_part``, what lacks is not told: there may be more than ``value``. Raises
        :class:`UncheckableError`.
        """
        self._allowance.left, self._allowance.seconds = _MOST_STEPS, TIMEOUT_SECONDS
        try:
            errors = sorted(self._validator.iter_errors(value), key=_position)
        except Unresolvable as error:
            raise UncheckableError(f"the schema refers to {error.ref!r}, not found in it") from None
        except RecursionError:
            raise UncheckableError("schema and answer are nested too deeply") from None
        except PatternError as error:
            raise UncheckableError(f"a pattern of the schema cannot be used: {error}") from None
        except OverflowError:
            raise UncheckableError("a number in the answer is too large to check") from None
        told = (error for error in errors if not of_part or error.validator in _OF_VALUES)
        return join_few(map(_describe, told))


def _formats() -> FormatChecker:
    """The formats that can be checked without further packages; others are annotations."""
    checker = FormatChecker(("date", "email", "ipv4", "ipv6", "uuid"))

    @checker.checks("date-time", ValueError)
    def is_date_time(value: object) -> bool:
        if not isinstance(value, str):
            return True
        # RFC 3339 wants a zone; Python takes more forms of a date than it does.
        return bool(_DATE_TIME.fullmatch(value)) and bool(datetime.fromisoformat(value.upper()))

    return checker


def _keys(schema: Any) -> Iterable[str]:
    pending = [schema]
    while pending:
        match pending.pop():
            case Mapping() as mapping:
                yield from mapping
                pending += mapping.values()
            case list() as entries:
                pending += entries


def _position(error: ValidationError) -> tuple[str, str]:
    return ".".join(map(str, error.absolute_path)), error.message


def _describe(error: ValidationError) -> str:
    where = ".".join(map(str, error.absolute_path))
    text = f"{where}: {error.message}" if where else error.message
    return one_line(text, _SHOWN_OF_AN_ERROR)


def _limited(allowance: _Allowance) -> Any:
    """Draft 2020-12 with limits on steps and patterns."""
    keywords: dict[str, _Keyword] = {
        **Draft202012Validator.VALIDATORS,
        "pattern": functools.partial(_pattern, allowance),
        "patternProperties": functools.partial(_pattern_properties, allowance),
        "additionalProperties": functools.partial(_additional_properties, allowance),
        "uniqueItems": _unique_items,
    }
    counted = {name: _counted(keyword, allowance) for name, keyword in keywords.items()}
    extend: Callable[..., Any] = validators.extend
    return extend(Draft202012Validator, counted)


def _counted(keyword: _Keyword, allowance: _Allowance) -> _Keyword:
    def apply(
        validator: Any, value: Any, instance: Any, schema: Mapping[str, Any]
    ) -> Iterable[ValidationError] | None:
        allowance.left -= _cost(value, instance)
        if allowance.left < 0:
            raise UncheckableError("the answer is too large to hold against the schema")
        return keyword(validator, value, instance, schema)

    return apply


def _cost(value: Any, instance: Any) -> int:
    """The steps of one keyword: an ``enum`` compares with each, a ``pattern`` reads all."""
    listed = len(value) if isinstance(value, list) else 0
    return 1 + listed + (len(instance) // _CHARACTERS_A_STEP if isinstance(instance, str) else 0)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    return compile_pattern(pattern)


def _pattern(
    allowance: _Allowance, _validator: Any, pattern: str, instance: Any, _schema: Mapping[str, Any]
) -> Iterable[ValidationError]:
    if isinstance(instance, str) and not allowance.finds(pattern, instance):
        yield ValidationError(f"{instance[:_SHOWN_OF_AN_ERROR]!r} does not match {pattern!r}")


def _pattern_properties(
    allowance: _Allowance,
    validator: Any,
    patterns: Mapping[str, Any],
    instance: Any,
    _schema: Mapping[str, Any],
) -> Iterable[ValidationError]:
    if isinstance(instance, dict):
        for pattern, subschema in patterns.items():
            for key, value in instance.items():
                if allowance.finds(pattern, key):
                    yield from validator.descend(value, subschema, path=key, schema_path=pattern)


def _additional_properties(
    allowance: _Allowance, validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]
) -> Iterable[ValidationError] | None:
    unlimited: _Keyword = Draft202012Validator.VALIDATORS["additionalProperties"]
    patterns = schema.get("patternProperties")
    if not patterns or not isinstance(instance, dict):
        return unlimited(validator, allowed, instance, schema)
    others = {
        key: value
        for key, value in instance.items()
        if key not in schema.get("properties", {})
        and not any(allowance.finds(pattern, key) for pattern in patterns)
    }
    return unlimited(validator, allowed, others, {})


def _unique_items(
    _validator: Any, wanted: bool, instance: Any, _schema: Mapping[str, Any]
) -> Iterable[ValidationError]:
    if wanted and isinstance(instance, list) and len(set(map(_key, instance))) < len(instance):
        yield ValidationError("has entries that are not unique")


def _key(value: Any) -> Any:
    """Equal for equal JSON values only, and hashable."""
    match value:
        case bool():
            return ("bool", value)
        case dict():
            return frozenset((key, _key(item)) for key, item in value.items())
        case list():
            return tuple(map(_key, value))
        case _:
            return value
