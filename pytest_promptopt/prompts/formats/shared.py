"""Evaluators that every golden has, said once for all of them."""

from collections.abc import Mapping
from typing import Any

_EXPECTED = "{{expected}}"
# Where an evaluator says what is expected: under its kind, or under a key of its options.
_PLACES: Mapping[str, tuple[str | None, ...]] = {
    "equals": (None,),
    "contains": ("all", "any"),
    "distance": ("to",),
    "rouge": ("to",),
    "bleu": ("to",),
    "embedding": ("to",),
}


def take_shared(goldens: list[dict[Any, Any]]) -> list[dict[str, Any]]:
    """The evaluators that all goldens have, which are taken out of them.

    Those that are alike but for what is expected, a text or texts, stand once with
    ``{{expected}}``, and the goldens have what is.
    """
    if len(goldens) < 2:
        return []
    shared = [entry for entry in _entries(goldens[0]) if _all_have(goldens, entry)]
    for golden in goldens:
        _keep(golden, [one for one in golden.get("evaluators", ()) if one not in shared])
    alike = _take_alike(goldens)
    return [*shared, *([alike] if alike else [])]


def _entries(golden: Mapping[Any, Any]) -> list[dict[str, Any]]:
    return [one for one in golden.get("evaluators", ()) if isinstance(one, dict)]


def _all_have(goldens: list[dict[Any, Any]], entry: dict[str, Any]) -> bool:
    return all(entry in _entries(golden) for golden in goldens)


def _keep(golden: dict[Any, Any], evaluators: list[Any]) -> None:
    if evaluators:
        golden["evaluators"] = evaluators
    else:
        golden.pop("evaluators", None)


def _take_alike(goldens: list[dict[Any, Any]]) -> dict[str, Any] | None:
    """The only evaluator of every golden, where these are one but for what is expected."""
    if any("expected" in golden or "vars" in golden for golden in goldens):
        return None
    found = [_split(_entries(golden)) for golden in goldens]
    pairs = [pair for pair in found if pair is not None]
    if len(pairs) < len(goldens) or any(shape != pairs[0][0] for shape, _ in pairs):
        return None
    for golden, (_, expected) in zip(goldens, pairs, strict=True):
        notes = [one for one in golden["evaluators"] if not isinstance(one, dict)]
        _keep(golden, notes)
        golden["expected"] = expected
    return pairs[0][0]


def _split(entries: list[dict[str, Any]]) -> tuple[dict[str, Any], Any] | None:
    """An evaluator with ``{{expected}}`` in the place of what is expected, and that."""
    if len(entries) != 1:
        return None
    entry = entries[0]
    kind = next((key for key in entry if key in _PLACES), None)
    if kind is None:
        return None
    options = entry[kind]
    for place in _PLACES[kind]:
        held = options if isinstance(options, Mapping) else {}
        value = options if place is None else held.get(place)
        if value is not None and _is_expected(value):
            filled = _EXPECTED if place is None else {**held, place: _EXPECTED}
            return {**entry, kind: filled}, value
    return None


def _is_expected(value: Any) -> bool:
    texts = value if isinstance(value, list) and value else [value]
    return all(isinstance(text, str) and text and "{{" not in text for text in texts)
