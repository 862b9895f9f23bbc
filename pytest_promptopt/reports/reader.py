"""A JSON report read back, also one that somebody hostile wrote.

Scores, intervals and differences are computed anew from the goldens' results: a report cannot
claim what its rows do not say.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_promptopt.codec import from_json
from pytest_promptopt.errors import ReportError
from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.prompts.files import open_file
from pytest_promptopt.prompts.json_text import load_json
from pytest_promptopt.reports.json import report_schema
from pytest_promptopt.text.excerpt import excerpt, one_line

MOST_BYTES = 10_000_000
MOST_VALUES = 250_000
"""Numbers, texts, lists and objects: about 5,000 goldens that were scored on both sides."""

_EXPECTED: Mapping[str, str] = {
    "const": "{}",
    "enum": "one of {}",
    "type": "the type {}",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "maxLength": "at most {} characters",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
}
_LONGEST_PLACE = 120

Object = Mapping[str, Any]


def read_report(content: bytes) -> Run:
    """The inverse of :func:`~pytest_promptopt.reports.json.render_json`, as far as reports show.

    Where a proposal was offered is left out: it is for the one who offers to say. Raises
    :class:`ReportError`, which names the place in the report.
    """
    if len(content) > MOST_BYTES:
        raise ReportError(f"the report is larger than {MOST_BYTES:,} bytes")
    try:
        value = load_json(content.decode())
    except ValueError as error:
        raise ReportError(f"the report is not JSON: {one_line(str(error))}") from None
    if _has_more_values(value, MOST_VALUES):
        raise ReportError(f"the report holds more than {MOST_VALUES:,} values")
    _check_schema(value)
    _check_prompts(value["prompts"])
    _check_searches(value["searches"])
    run = from_json(Run, value, strict=False)
    return replace(run, searches=tuple(replace(search, offer=None) for search in run.searches))


def report_bytes(path: Path) -> bytes:
    """No more of the file than a report may have, and one byte; raises :class:`ReportError`."""
    try:
        with open_file(path) as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror or error}") from error


def _has_more_values(value: Any, most: int) -> bool:
    pending, count = [value], 0
    while pending and count <= most:
        item = pending.pop()
        count += 1
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return count > most


def _check_schema(value: Any) -> None:
    from jsonschema import Draft202012Validator, validators

    extend: Callable[..., Any] = validators.extend
    validator = extend(Draft202012Validator, {"anyOf": _null_or})(report_schema())
    error = next(iter(validator.iter_errors(value)), None)
    if error is not None:
        raise _wrong(error.json_path.removeprefix("$").removeprefix("."), *_described(error))


def _null_or(validator: Any, branches: Any, value: Any, _schema: Any) -> Iterator[Any]:
    """The errors of the last branch, one by one, since all others are null."""
    if value is not None:
        yield from validator.descend(value, branches[-1])


def _described(error: Any) -> tuple[str, str]:
    """What was found and what was expected."""
    found, limit = error.instance, error.validator_value
    if error.validator == "required":
        missing = next(name for name in limit if name not in found)
        return f"no `{missing}`", "one"
    if error.validator == "additionalProperties":
        extra = next(name for name in found if name not in error.schema["properties"])
        return f"the key {excerpt(extra)}", "none of that name"
    shown = ", ".join(map(str, limit)) if isinstance(limit, list) else str(limit)
    return excerpt(found), _EXPECTED[error.validator].format(shown)


def _wrong(place: str, found: str, expected: str) -> ReportError:
    where = one_line(place, _LONGEST_PLACE) or "the report"
    return ReportError(
        f"the report is not as its schema says: {where}: found {found}, expected {expected}"
    )


def _check_prompts(prompts: Sequence[Object]) -> None:
    _check_unique(prompts, "prompts", "key")
    for number, prompt in enumerate(prompts):
        place = f"prompts[{number}]"
        _check_interval(prompt["interval"], f"{place}.interval")
        verdict, base = prompt["verdict"], prompt["base"]
        if verdict is not None and verdict["decision"] == ("FAIL" if verdict["passed"] else "PASS"):
            expected = f"the other, as it is {verdict['decision']}"
            raise _wrong(f"{place}.verdict.passed", excerpt(verdict["passed"]), expected)
        if base is not None and base["change"] is not None:
            interval = base["change"]["comparison"]["interval"]
            _check_interval(interval, f"{place}.base.change.comparison.interval")
        _check_mutation(prompt["mutation"], f"{place}.mutation")
        _check_unique(prompt["results"], f"{place}.results", "id")
        for count, row in enumerate(prompt["results"]):
            _check_row(row, f"{place}.results[{count}]")


def _check_mutation(mutation: Object | None, place: str) -> None:
    """Its mutants must be of sentences that it tells."""
    if mutation is None:
        return
    count = len(mutation["sentences"])
    for number, mutant in enumerate(mutation["mutants"]):
        if mutant["sentence"] >= count:
            where = f"{place}.mutants[{number}].sentence"
            raise _wrong(where, excerpt(mutant["sentence"]), f"less than {count}")
    if mutation["turned"] > mutation["passed"]:
        raise _wrong(f"{place}.turned", excerpt(mutation["turned"]), "no more than `passed`")


def _check_row(row: Object, place: str) -> None:
    _check_score(row, place)
    before = row["before"]
    if before is not None:
        _check_score(before, f"{place}.before")
        if before["id"] != row["id"]:
            raise _wrong(f"{place}.before.id", excerpt(before["id"]), excerpt(row["id"]))


def _check_score(result: Object, place: str) -> None:
    outcome, score = result["outcome"], result["score"]
    if (score is not None) is not (Outcome(outcome) in {Outcome.PASSED, Outcome.MISSED}):
        expected = "a number" if score is None else "null"
        raise _wrong(f"{place}.score", excerpt(score), f"{expected}, as it is {outcome}")


def _check_searches(searches: Sequence[Object]) -> None:
    _check_unique(searches, "searches", "key")
    for number, search in enumerate(searches):
        comparison = search["comparison"]
        if comparison is not None:
            _check_interval(comparison["interval"], f"searches[{number}].comparison.interval")
        is_shown = comparison is not None and comparison["interval"][0] > 0
        if search["is_proven"] and not is_shown:
            expected = "false, as no interval lies above 0"
            raise _wrong(f"searches[{number}].is_proven", "true", expected)


def _check_interval(bounds: Sequence[float] | None, place: str) -> None:
    if bounds is not None and bounds[0] > bounds[1]:
        raise _wrong(place, excerpt(bounds), "the lower bound first")


def _check_unique(items: Sequence[Object], place: str, name: str) -> None:
    seen = set()
    for number, item in enumerate(items):
        if item[name] in seen:
            raise _wrong(f"{place}[{number}].{name}", excerpt(item[name]), "one that is not taken")
        seen.add(item[name])
