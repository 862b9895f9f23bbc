"""Goldens as a prompt has them, made of what its files hold."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar, get_args

from pytest_promptopt.errors import Problem, PromptFileError, Severity
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
from pytest_promptopt.prompts.golden_files import RawGolden
from pytest_promptopt.prompts.template import templates_in
from pytest_promptopt.prompts.value import kind_of
from pytest_promptopt.suggestion import misspelt

T = TypeVar("T")


def build_goldens(
    raw: Iterable[RawGolden], *, used: Collection[str] = ()
) -> tuple[tuple[Golden, ...], list[Problem]]:
    """Checked goldens with unique ids, and what is amiss; raises :class:`PromptFileError`.

    ``used`` are the variables that placeholders of the prompt use, whatever they are called.
    """
    goldens: list[Golden] = []
    found: list[Problem] = []
    errors: list[Problem] = []
    first: dict[str, Golden] = {}
    derived: set[str] = set()
    repeats: Counter[str] = Counter()
    for item in _with_columns(raw, used, errors):
        if item.remark:
            found.append(_remark(item))
        try:
            golden, is_derived, problems = _build_golden(item, used)
        except PromptFileError as error:
            errors.extend(error.problems)
            continue
        found.extend(problems)
        if golden.id in first:
            other = first[golden.id]
            if "id" not in used and (not is_derived or golden.id not in derived):
                errors.append(_duplicate(golden, other))
                continue
            found.append(_repeated(golden, other))
            golden = _renamed(golden, first, repeats)
        if is_derived:
            derived.add(golden.id)
        first[golden.id] = golden
        goldens.append(golden)
    errors.extend(_parted(goldens))
    if errors:
        raise PromptFileError(errors)
    return tuple(goldens), found


def _build_golden(raw: RawGolden, used: Collection[str]) -> tuple[Golden, bool, list[Problem]]:
    if not isinstance(raw.content, Mapping):
        message = f"a golden must be a mapping of variables, found {kind_of(raw.content)}"
        raise PromptFileError.at(raw.path, raw.line, message)
    content, empty = _from_table(raw.content, used) if raw.from_table else (raw.content, ())
    variables = _variables(content)
    fields = _Fields(content, raw, used)
    fields.check_names(variables)
    given_id = fields.take("id", _read_id)
    golden = Golden(
        id=given_id or derived_id(variables),
        variables=variables,
        path=raw.path,
        line=raw.line,
        expected=content.get("expected"),
        expects_null=content.get("expected", "") is None,
        tags=fields.take("tags", read_tags) or (),
        split=fields.take("split", read_split),
        required=fields.take("required", read_required) or False,
        weight=_or(fields.take("weight", read_weight), 1.0),
        cluster=fields.take("cluster", read_cluster) or "",
        evaluators=fields.evaluators(),
        empty=empty,
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


# Beyond this, sums of weights lose the light ones.
_MOST_WEIGHT = 1_000_000

# What would change how a golden is judged; tags do not, and may be both.
_TAKEN_BY_VARIABLES = ("weight", "required", "split", "cluster")


class _Fields:
    """The reserved keys of one golden.

    One that a placeholder uses as a variable (``I weigh {{weight}} kg``) is nothing else, which
    is told. One of the wrong type is a variable where a placeholder uses it, with a warning,
    else an error.
    """

    def __init__(self, content: Mapping[str, Any], raw: RawGolden, used: Collection[str]) -> None:
        self.problems: list[Problem] = []
        self._content = content
        self._raw = raw
        templates = templates_in(content.get("evaluators"))
        self._used = {*used, *(name for template in templates for name in template.variables)}

    def take(self, key: str, read: Callable[[Any], T | None]) -> T | None:
        value = self._content.get(key)
        if value is None:
            return None
        result = read(value)
        if result is None:
            self._tell_misread(key, value)
        elif key in _TAKEN_BY_VARIABLES and key in self._used:
            self._tell(f"`{key}` is a placeholder's variable, and nothing else", Severity.WARNING)
            return None
        return result

    def check_names(self, variables: Iterable[str]) -> None:
        """Refuse variables that nothing uses and that are called almost like a reserved key."""
        for name in variables:
            meant = None if name in self._used else _almost_reserved(name)
            if meant is not None:
                self._tell(f"`{name}` is used by no placeholder; did you mean `{meant}`?")

    def _tell_misread(self, key: str, value: Any) -> None:
        what = f"`{key}` is {kind_of(value)}, which it cannot be"
        if key in self._used or key not in _MEANT:
            self._tell(f"{what}: read as a variable", Severity.WARNING)
        else:
            is_near = key == "split" and isinstance(value, str) and value != ""
            near = misspelt(value, get_args(Split)) if is_near else None
            self._tell(f"{what}; write {near or _MEANT[key]}")

    def evaluators(self) -> tuple[EvaluatorSpec, ...]:
        value = self._content.get("evaluators")
        if value is None:
            return ()
        if not isinstance(value, list):
            self._tell_misread("evaluators", value)
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

    def _tell(self, message: str, severity: Severity = Severity.ERROR) -> None:
        raw = self._raw
        problem = Problem(path=raw.path, line=raw.line, message=message, severity=severity)
        self.problems.append(problem)


@lru_cache(maxsize=1024)
def _almost_reserved(name: str) -> str | None:
    return None if name in RESERVED_KEYS else misspelt(name, RESERVED_KEYS)


_MEANT = {
    "tags": "a word or a list of words",
    "split": "train, validation or test",
    "required": "true or false",
    "weight": "a number from 0 to 1,000,000",
    "cluster": "the name or whole number of what the goldens share",
    "evaluators": "a list of evaluators",
}


def _read_id(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return slug(str(value)) or None


def read_tags(value: Any) -> tuple[str, ...] | None:
    """``tags`` of a golden as a file has them; None for what they cannot be."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(tag, str) for tag in value):
        return tuple(value)
    return None


def read_split(value: Any) -> Split | None:
    """``split`` of a golden as a file has it; None for what it cannot be."""
    return value if value in get_args(Split) else None


def read_required(value: Any) -> bool | None:
    """``required`` of a golden as a file has it; None for what it cannot be."""
    return value if isinstance(value, bool) else None


def read_weight(value: Any) -> float | None:
    """``weight`` of a golden as a file has it; None for what it cannot be."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= _MOST_WEIGHT else None


def read_cluster(value: Any) -> str | None:
    """``cluster`` of a golden as a file has it, empty for none; None for what it cannot be."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip()


def _from_table(
    row: Mapping[str, str], used: Collection[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A row of a table as a golden, and its reserved keys without a value.

    Reserved keys are text, in any case, and an empty cell stands for nothing.
    """
    cells = {_column(name, row, used): value for name, value in row.items()}
    empty = tuple(key for key in RESERVED_KEYS if key in cells and not cells[key].strip())
    content: dict[str, Any] = {key: value for key, value in cells.items() if key not in empty}
    if "tags" in content:
        content["tags"] = [tag.strip() for tag in content["tags"].split(",")]
    if (required := content.get("required", "").lower()) in {"true", "false"}:
        content["required"] = required == "true"
    if "weight" in content:
        content["weight"] = _number(content["weight"])
    return content, empty


def _column(name: str, row: Mapping[str, str], used: Collection[str]) -> str:
    """A reserved key may be written ``ID`` or ``Expected`` unless that is a variable's name."""
    key = name.casefold()
    return key if key in RESERVED_KEYS and key not in row and name not in used else name


def _with_columns(
    raw: Iterable[RawGolden], used: Collection[str], errors: list[Problem]
) -> Iterator[RawGolden]:
    """All but the rows of tables that name no column; ``errors`` gets one for each of these."""
    tables: dict[str, bool] = {}
    for item in raw:
        if item.from_table and item.path not in tables:
            tables[item.path] = _has_header(item, used)
            errors += [] if tables[item.path] else [_nameless(item, used)]
        if tables.get(item.path, True):
            yield item


def _has_header(item: RawGolden, used: Collection[str]) -> bool:
    names = {*item.content, *(name.casefold() for name in item.content)}
    return not used or not names.isdisjoint({*used, *RESERVED_KEYS})


def _remark(item: RawGolden) -> Problem:
    return Problem(path=item.path, line=1, message=item.remark, severity=Severity.WARNING)


def _nameless(item: RawGolden, used: Collection[str]) -> Problem:
    found = ", ".join(f"`{name}`" for name in item.content)
    example = ",".join([*sorted({*used} - {*RESERVED_KEYS})[:3], "expected"])
    message = (
        f"the first line must name the columns, as `{example}` does, found {found[:200]}: "
        "no placeholder uses one of these"
    )
    return Problem(path=item.path, line=1, message=message)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _duplicate(golden: Golden, other: Golden) -> Problem:
    message = f"the id `{golden.id}` is taken ({other.path}:{other.line}); ids must be unique"
    return Problem(path=golden.path, line=golden.line, message=message)


def _parted(goldens: Iterable[Golden]) -> Iterator[Problem]:
    """Those that name another split than an earlier one of their cluster does."""
    first: dict[str, Golden] = {}
    for golden in goldens:
        if golden.split is None or not golden.cluster:
            continue
        other = first.setdefault(golden.cluster, golden)
        if golden.split != other.split:
            message = (
                f"golden {golden.id} is in the split {golden.split}, and {other.id} "
                f"({other.path}:{other.line}) of the same cluster in {other.split}, which tells "
                "what is to be unseen; let a cluster be in one"
            )
            yield Problem(path=golden.path, line=golden.line, message=message)


def _repeated(golden: Golden, other: Golden) -> Problem:
    what = "the same golden" if golden.variables == other.variables else "a golden with this id"
    message = f"{what} stands at {other.path}:{other.line} already; both count"
    return Problem(path=golden.path, line=golden.line, message=message, severity=Severity.WARNING)


def _renamed(golden: Golden, taken: Collection[str], repeats: Counter[str]) -> Golden:
    while True:
        repeats[golden.id] += 1
        name = f"{golden.id}-{repeats[golden.id] + 1}"
        if name not in taken:
            return replace(golden, id=name)


def _or(value: T | None, default: T) -> T:
    return default if value is None else value
