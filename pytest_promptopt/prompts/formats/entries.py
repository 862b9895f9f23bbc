"""Evaluators that another tool's check is, as our files write them."""

from collections.abc import Mapping
from typing import Any

from pytest_promptopt.prompts.evaluators import read_evaluator
from pytest_promptopt.prompts.formats.reading import NoCounterpartError, Reading
from pytest_promptopt.prompts.formats.spot import Spot
from pytest_promptopt.prompts.golden import EvaluatorSpec


def as_ours(
    raw: Mapping[str, Any], common: Mapping[str, Any], spot: Spot, reading: Reading
) -> dict[str, Any]:
    """The evaluator by its kind here; what differs is told, and stands in no note.

    ``raw`` is in any dialect that our files may have, ``common`` are its name, description, weight
    and whether it is optional. Raises :class:`NoCounterpartError` where it cannot be told.
    """
    spec = _read({**raw, **common}, spot, reading)
    if not spec.kind:
        raise NoCounterpartError(str(spec.options).partition(": ")[2])
    entry = _ours(spec, common)
    return entry if _read(entry, spot, None) == spec else {**raw, **common}


def _read(raw: Mapping[str, Any], spot: Spot, reading: Reading | None) -> EvaluatorSpec:
    spec, problems = read_evaluator(
        raw, path=spot.location, line=spot.line, position=1, from_golden=True
    )
    assert spec is not None
    if reading is not None and spec.kind:
        for problem in problems:
            reading.remark(spot, problem.message)
    return spec


def _ours(spec: EvaluatorSpec, common: Mapping[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": common["name"]} if "name" in common else {}
    entry |= {"description": common["description"]} if "description" in common else {}
    entry[spec.kind] = spec.options
    if spec.threshold is not None:
        entry["threshold"] = spec.threshold
    if spec.negated:
        entry["not"] = True
    return entry | {key: common[key] for key in ("weight", "optional") if key in common}
