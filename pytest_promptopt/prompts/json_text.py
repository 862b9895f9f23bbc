"""JSON from files that may be wrong or hostile."""

import json
from collections import Counter
from typing import Any

from pytest_promptopt.prompts.document import MAX_DEPTH
from pytest_promptopt.prompts.written import WrittenFloat, WrittenInt


def load_json(text: str, *, as_written: bool = False) -> Any:
    """The value of ``text``; with ``as_written`` its numbers remember their digits.

    Raises ValueError for what is not JSON, a key that stands twice and deep nesting; where the
    text is broken, it is a :class:`json.JSONDecodeError`.
    """
    too_deep = f"nested more than {MAX_DEPTH} levels deep"
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_no_constant,
            parse_int=WrittenInt if as_written else None,
            parse_float=WrittenFloat if as_written else None,
        )
    except RecursionError:
        raise ValueError(too_deep) from None
    if _depth_exceeds(value, MAX_DEPTH):
        raise ValueError(too_deep)
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise ValueError(f"the key `{twice}` stands twice; keep one")
    return mapping


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON; use a number or null")


def _depth_exceeds(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            item
            for container in level
            if isinstance(container, dict | list)
            for item in (container.values() if isinstance(container, dict) else container)
        ]
        if not level:
            return False
    return True
