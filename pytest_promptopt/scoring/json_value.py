"""JSON in an answer: what it says, and where it differs from what was expected."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from pytest_promptopt.scoring.code_block import SeveralBlocksError, only_block
from pytest_promptopt.scoring.folding import tidy
from pytest_promptopt.text.excerpt import excerpt, one_line

_SHOWN_DIFFERENCES = 3
ABSENT = object()
"""Stands for what is not there, since nothing may be there as ``null``."""
_OUTSIDE = " \t\r\n\ufeff\u200b\u2060"


_BRACKET = re.compile(r"[{\[]")
# Python's decoder counts the lines up to what it refuses: about a fifth of a second's work.
_MOST_COUNTED = 2_000_000_000
_TEXT = r'"(?:[^"\\]|\\.)*+(?:"|\Z)'
_COMMENT = re.compile(rf"(?P<text>{_TEXT})|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_LAST_COMMA = re.compile(rf"(?P<text>{_TEXT})|,(?=\s*[}}\]])", re.DOTALL)


class NotJsonError(Exception):
    """The text is not JSON; says why."""


class _NotStrictError(ValueError):
    """Python would read it, but it is not JSON."""


def read_json(
    text: str, *, strict: bool = False, anywhere: bool = False, lenient: bool = False
) -> Any:
    """The value that ``text`` holds; raises :class:`NotJsonError`.

    The text is JSON, or holds one fenced code block that is; with ``strict`` only the former,
    with ``anywhere`` also the only object or list in prose. ``lenient`` takes comments (``//``,
    ``/* */``) and a comma after the last item for nothing. Keys that stand twice, ``NaN`` and
    ``Infinity`` are not JSON.
    """
    try:
        return _whole_or_fenced(text, strict=strict, lenient=lenient)
    except NotJsonError as error:
        opening = _BRACKET.search(text) if anywhere else None
        if opening is None:
            raise
        return _only_one(_relaxed(text[opening.start() :]) if lenient else text, error)


def _relaxed(text: str) -> str:
    """``text`` without comments and commas after a last item."""
    for pattern in (_COMMENT, _LAST_COMMA):
        text = pattern.sub(lambda found: found["text"] or " ", text)
    return text


def _only_one(text: str, error: NotJsonError) -> Any:
    """The only object or list in prose; ``error`` says what the text is instead, if it has none.

    What begins like JSON and is broken is passed over as far as it is read, so that no part of
    it is taken for the whole.
    """
    found: list[Any] = []
    position, counted = 0, 0
    while opening := _BRACKET.search(text, position):
        start = opening.start()
        try:
            value, position = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as refused:
            position = max(start + 1, refused.pos)
            counted += refused.pos
        except _NotStrictError as refused:
            raise NotJsonError(str(refused)) from None
        except (RecursionError, ValueError):
            raise NotJsonError("nested too deeply, or a number of too many digits") from None
        else:
            found.append(value)
        if len(found) > 1:
            raise NotJsonError("more than one JSON value")
        if counted > _MOST_COUNTED:
            raise NotJsonError("too many brackets to find the JSON between them")
    if not found:
        raise error
    return found[0]


def _whole_or_fenced(text: str, *, strict: bool, lenient: bool) -> Any:
    try:
        return _parse(text, lenient=lenient)
    except NotJsonError as error:
        if strict:
            raise
        try:
            block = only_block(text)
        except SeveralBlocksError:
            raise NotJsonError("more than one code block") from error
        if block is None:
            raise
    return _parse(block, lenient=lenient)


def _parse(text: str, *, lenient: bool) -> Any:
    content = (_relaxed(text) if lenient else text).strip(_OUTSIDE)
    if not content:
        raise NotJsonError("the answer is empty")
    try:
        return json.loads(content, object_pairs_hook=_mapping, parse_constant=_refuse_constant)
    except RecursionError:
        raise NotJsonError("nested too deeply") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotJsonError(f"not JSON at {where} ({error.msg})") from None
    except _NotStrictError as error:
        raise NotJsonError(str(error)) from None
    except ValueError:
        raise NotJsonError("a number of too many digits") from None


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    pairs = [(tidy(key), value) for key, value in pairs]
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        [(twice, _)] = counts.most_common(1)
        raise _NotStrictError(f"the key {excerpt(twice)} stands twice")
    return mapping


def _refuse_constant(name: str) -> Any:
    raise _NotStrictError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_mapping, parse_constant=_refuse_constant)


def value_at(value: Any, path: str) -> Any:
    """What stands at ``path``, such as ``items.0.name``, or :data:`ABSENT`."""
    path = tidy(path)
    if isinstance(value, Mapping) and path in value:
        return value[path]
    for step in path.split("."):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step[:9]) < len(value):
            value = value[int(step)]
        else:
            return ABSENT
    return value


def same_value(expected: Any, found: Any) -> bool:
    """Equality as JSON: ``1`` is ``1.0``, but neither is ``true``; keys have no order."""
    return next(differences(expected, found), None) is None


def with_tidy_keys(value: Any) -> Any:
    """``value``, whose nesting is bounded, with its keys as :func:`read_json` gives them."""
    match value:
        case Mapping():
            return {tidy(key): with_tidy_keys(item) for key, item in value.items()}
        case list() | tuple():
            return [with_tidy_keys(item) for item in value]
        case _:
            return value


def describe_differences(expected: Any, found: Any) -> str:
    """The first few places where the two differ, empty where they are equal."""
    return join_few(differences(expected, found))


def join_few(parts: Iterator[str]) -> str:
    """The first few of ``parts``, and that there are more."""
    shown = list(islice(parts, _SHOWN_DIFFERENCES))
    more = next(parts, None)
    return "; ".join(shown) + ("; and more" if more is not None else "")


def differences(expected: Any, found: Any) -> Iterator[str]:
    """Every place where the two differ, by its path."""
    # A stack of our own: what a model nests must not exhaust Python's.
    pending: list[tuple[_Path, Any, Any]] = [((), expected, found)]
    while pending:
        path, wanted, given = pending.pop()
        if isinstance(wanted, Mapping) and isinstance(given, Mapping):
            wanted = {tidy(key): value for key, value in wanted.items()}
            yield from (f"{_show((path, key))}: missing" for key in wanted if key not in given)
            yield from (f"{_show((path, key))}: not expected" for key in given if key not in wanted)
            shared = [key for key in wanted if key in given]
            pending += [((path, key), wanted[key], given[key]) for key in reversed(shared)]
        elif isinstance(wanted, list | tuple) and isinstance(given, list):
            if len(wanted) != len(given):
                entries = f"expected {len(wanted)} entries, got {len(given)}"
                yield f"{_show(path)}: {entries}" if path else entries
                continue
            pairs = list(enumerate(zip(wanted, given, strict=True)))
            pending += [((path, index), *pair) for index, pair in reversed(pairs)]
        elif not _same_scalar(wanted, given):
            values = f"expected {excerpt(wanted)}, got {excerpt(given)}"
            yield f"{_show(path)}: {values}" if path else values


_Path = tuple[()] | tuple[Any, Any]


def _show(path: Any) -> str:
    steps = []
    while path:
        path, step = path
        steps.append(str(step))
    return one_line(".".join(reversed(steps)))


def _same_scalar(expected: Any, found: Any) -> bool:
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, str) and isinstance(found, str):
        return tidy(expected) == tidy(found)
    return bool(expected == found)
