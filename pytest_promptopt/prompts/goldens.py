"""Goldens from a prompt file and from the files beside it."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_args

from pytest_promptopt.errors import Problem, PromptFileError, Severity
from pytest_promptopt.prompts.document import (
    MAX_DEPTH,
    SequenceNode,
    read_document,
    read_text,
)
from pytest_promptopt.prompts.evaluators import read_evaluator
from pytest_promptopt.prompts.golden import (
    INPUT_KEYS,
    RESERVED_KEYS,
    EvaluatorSpec,
    Golden,
    Split,
    derived_id,
    slug,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawGolden:
    """A golden as a file has it, before it is checked."""

    content: Any
    path: str
    line: int
    from_table: bool = False


def golden_files(
    patterns: Sequence[str], *, prompt_path: Path, root: Path, location: str, line: int
) -> tuple[Path, ...]:
    """The files that ``goldens:`` names, in order; raises :class:`PromptFileError`.

    Names and globs are relative to the prompt file. What is not in ``root`` once links are
    followed is refused.
    """
    files: list[Path] = []
    for pattern in patterns:
        for path in _matches(pattern, prompt_path.parent, location, line):
            resolved = _resolved(path, pattern, location, line)
            if not resolved.is_relative_to(root.resolve()):
                message = f"goldens `{pattern}` leads outside the project ({root}); keep them in it"
                raise PromptFileError.at(location, line, message)
            files.append(resolved)
    return tuple(dict.fromkeys(files))


def _matches(pattern: str, folder: Path, location: str, line: int) -> list[Path]:
    if not any(sign in pattern for sign in "*?["):
        return [folder / pattern]
    try:
        found = sorted(path for path in folder.glob(pattern) if path.is_file())
    except (ValueError, NotImplementedError, OSError) as error:
        raise PromptFileError.at(
            location, line, f"goldens `{pattern}` is not a usable glob: {error}"
        ) from None
    if not found:
        raise PromptFileError.at(location, line, f"goldens `{pattern}` matches no file in {folder}")
    return found


def _resolved(path: Path, pattern: str, location: str, line: int) -> Path:
    try:
        return path.resolve(strict=True)
    except FileNotFoundError:
        raise PromptFileError.at(
            location, line, f"goldens `{pattern}` is not there ({path})"
        ) from None
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PromptFileError.at(
            location, line, f"goldens `{pattern}` cannot be read: {reason}"
        ) from None


def read_golden_file(path: Path, location: str) -> Iterable[RawGolden]:
    """What the file holds, in file order; raises :class:`PromptFileError`."""
    readers: Mapping[str, Callable[[Path, str], Iterable[RawGolden]]] = {
        ".jsonl": _read_jsonl,
        ".ndjson": _read_jsonl,
        ".json": _read_json,
        ".yml": _read_yaml,
        ".yaml": _read_yaml,
        ".csv": _read_csv,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        known = " ".join(readers)
        raise PromptFileError.at(
            location, 1, f"goldens in a `{path.suffix}` file; known are {known}"
        )
    raw = list(reader(path, location))
    if not raw:
        raise PromptFileError.at(
            location, 1, "holds no goldens; add one, or take the file out of `goldens:`"
        )
    return raw


def _read_jsonl(path: Path, location: str) -> Iterator[RawGolden]:
    for number, text in enumerate(read_text(path, location).split("\n"), start=1):
        if text.strip():
            content = _parse_json(text, location, number)
            yield RawGolden(content=content, path=location, line=number)


def _read_json(path: Path, location: str) -> Iterator[RawGolden]:
    text = read_text(path, location)
    content = _parse_json(text, location, 1)
    if not isinstance(content, list):
        raise PromptFileError.at(location, 1, f"expected a list of goldens, found {_kind(content)}")
    for item, line in zip(content, _item_lines(text), strict=True):
        yield RawGolden(content=item, path=location, line=line)


def _item_lines(text: str) -> Iterator[int]:
    """The line of each item of the JSON list ``text``, which is known to be one."""
    decoder = json.JSONDecoder()
    position = text.index("[") + 1
    line, counted = 1, 0
    while True:
        while text[position] in " \t\r\n,":
            position += 1
        if text[position] == "]":
            return
        line, counted = line + text.count("\n", counted, position), position
        yield line
        _, position = decoder.raw_decode(text, position)


def _parse_json(text: str, location: str, first_line: int) -> Any:
    try:
        content = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise PromptFileError.at(
            location, line, f"broken JSON: {error.msg} (column {error.colno})"
        ) from None
    except RecursionError:
        raise PromptFileError.at(
            location, first_line, f"nested more than {MAX_DEPTH} levels deep"
        ) from None
    except ValueError as error:
        raise PromptFileError.at(location, first_line, str(error)) from None
    if _depth_exceeds(content, MAX_DEPTH):
        raise PromptFileError.at(location, first_line, f"nested more than {MAX_DEPTH} levels deep")
    return content


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
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


def _read_yaml(path: Path, location: str) -> Iterator[RawGolden]:
    document = read_document(path, location)
    if not isinstance(document.root, SequenceNode):
        found = _kind(document.data)
        raise PromptFileError.at(
            location, document.root.line, f"expected a list of goldens, found {found}"
        )
    for node, content in zip(document.root.items, document.data, strict=True):
        yield RawGolden(content=content, path=location, line=node.line)


def _read_csv(path: Path, location: str) -> Iterator[RawGolden]:
    rows = csv.reader(io.StringIO(read_text(path, location), newline=""), strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        if not all(header) or len(set(header)) < len(header):
            raise PromptFileError.at(
                location, 1, f"the first line must name each column once, found {header}"
            )
        line = rows.line_num + 1
        for row in rows:
            if len(row) > len(header) or (row and len(row) < len(header)):
                message = f"{len(row)} columns where the first line names {len(header)}"
                raise PromptFileError.at(location, line, message)
            if row:
                content = dict(zip(header, row, strict=True))
                yield RawGolden(content=content, path=location, line=line, from_table=True)
            line = rows.line_num + 1
    except csv.Error as error:
        raise PromptFileError.at(location, rows.line_num, f"broken CSV: {error}") from None


def build_goldens(raw: Iterable[RawGolden]) -> tuple[tuple[Golden, ...], list[Problem]]:
    """Checked goldens with unique ids, and warnings; raises :class:`PromptFileError`."""
    goldens: list[Golden] = []
    warnings: list[Problem] = []
    errors: list[Problem] = []
    first: dict[str, Golden] = {}
    derived: set[str] = set()
    for item in raw:
        try:
            golden, is_derived, problems = _build_golden(item)
        except PromptFileError as error:
            errors.extend(error.problems)
            continue
        warnings.extend(problems)
        if golden.id in first:
            other = first[golden.id]
            if not is_derived or golden.id not in derived:
                errors.append(_duplicate(golden, other))
                continue
            warnings.append(_repeated(golden, other))
            golden = _renamed(golden, first)
        if is_derived:
            derived.add(golden.id)
        first[golden.id] = golden
        goldens.append(golden)
    if errors:
        raise PromptFileError(errors)
    return tuple(goldens), warnings


def _build_golden(raw: RawGolden) -> tuple[Golden, bool, list[Problem]]:
    if not isinstance(raw.content, Mapping):
        message = f"a golden must be a mapping of variables, found {_kind(raw.content)}"
        raise PromptFileError.at(raw.path, raw.line, message)
    content = _from_table(raw.content) if raw.from_table else raw.content
    fields = _Fields(content, raw)
    variables = _variables(content)
    given_id = fields.take("id", _read_id)
    golden = Golden(
        id=given_id or derived_id(variables),
        variables=variables,
        path=raw.path,
        line=raw.line,
        expected=content.get("expected"),
        tags=fields.take("tags", _read_tags) or (),
        split=fields.take("split", _read_split),
        required=fields.take("required", _read_required) or False,
        weight=_or(fields.take("weight", _read_weight), 1.0),
        evaluators=fields.evaluators(),
    )
    if golden.id == "gate":
        raise PromptFileError.at(
            raw.path, raw.line, "the id `gate` is taken by the prompt's gate; rename it"
        )
    return golden, given_id is None, fields.problems


def _variables(content: Mapping[str, Any]) -> dict[str, Any]:
    nested = [content[key] for key in INPUT_KEYS if isinstance(content.get(key), Mapping)]
    flat = {
        key: value
        for key, value in content.items()
        if not (key in INPUT_KEYS and isinstance(value, Mapping))
    }
    for mapping in nested:
        flat = {**mapping, **flat}
    return flat


class _Fields:
    """The reserved keys of one golden; those of the wrong type stay variables, with a warning."""

    def __init__(self, content: Mapping[str, Any], raw: RawGolden) -> None:
        self.problems: list[Problem] = []
        self._content = content
        self._raw = raw

    def take(self, key: str, read: Callable[[Any], T | None]) -> T | None:
        value = self._content.get(key)
        if value is None:
            return None
        result = read(value)
        if result is None:
            self._warn(f"`{key}` is {_kind(value)}, which it cannot be: read as a variable")
        return result

    def evaluators(self) -> tuple[EvaluatorSpec, ...]:
        value = self._content.get("evaluators")
        if value is None:
            return ()
        if not isinstance(value, list):
            self._warn(f"`evaluators` is {_kind(value)}, which it cannot be: read as a variable")
            return ()
        specs = []
        for position, entry in enumerate(value, start=1):
            spec, problems = read_evaluator(
                entry,
                path=self._raw.path,
                line=self._raw.line,
                position=position,
                from_golden=True,
            )
            self.problems.extend(problems)
            if spec is not None:
                specs.append(spec)
        return tuple(specs)

    def _warn(self, message: str) -> None:
        raw = self._raw
        self.problems.append(
            Problem(path=raw.path, line=raw.line, message=message, severity=Severity.WARNING)
        )


def _read_id(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return slug(str(value)) or None


def _read_tags(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(tag, str) for tag in value):
        return tuple(value)
    return None


def _read_split(value: Any) -> Split | None:
    return value if value in get_args(Split) else None


def _read_required(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _read_weight(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < float("inf") else None


def _from_table(row: Mapping[str, str]) -> dict[str, Any]:
    """A CSV row, in which reserved keys are text and an empty cell stands for nothing."""
    content: dict[str, Any] = {
        key: value for key, value in row.items() if value or key not in RESERVED_KEYS
    }
    if "tags" in content:
        content["tags"] = [tag.strip() for tag in content["tags"].split(",")]
    if (required := content.get("required", "").lower()) in {"true", "false"}:
        content["required"] = required == "true"
    if "weight" in content:
        content["weight"] = _number(content["weight"])
    return content


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _duplicate(golden: Golden, other: Golden) -> Problem:
    message = f"the id `{golden.id}` is taken ({other.path}:{other.line}); ids must be unique"
    return Problem(path=golden.path, line=golden.line, message=message)


def _repeated(golden: Golden, other: Golden) -> Problem:
    message = f"the same golden stands at {other.path}:{other.line} already; both count"
    return Problem(path=golden.path, line=golden.line, message=message, severity=Severity.WARNING)


def _renamed(golden: Golden, taken: Mapping[str, Golden]) -> Golden:
    number = 2
    while f"{golden.id}-{number}" in taken:
        number += 1
    return replace(golden, id=f"{golden.id}-{number}")


def _or(value: T | None, default: T) -> T:
    return default if value is None else value


def _kind(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "a truth value"
        case str():
            return f"text ({value[:40]!r})"
        case int() | float():
            return f"a number ({value})"
        case list():
            return "a list"
        case _:
            return "a mapping"
