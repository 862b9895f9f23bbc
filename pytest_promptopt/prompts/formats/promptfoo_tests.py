"""promptfoo's tests as goldens of ours."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.formats.nunjucks import not_understood, why_not
from pytest_promptopt.prompts.formats.promptfoo_assertions import Assertions
from pytest_promptopt.prompts.formats.reading import (
    MOST_GOLDENS,
    NoCounterpartError,
    Reading,
    is_reference,
)
from pytest_promptopt.prompts.formats.spot import Spot
from pytest_promptopt.prompts.formats.yaml_text import Note
from pytest_promptopt.prompts.tables import separated
from pytest_promptopt.prompts.template import Template

_TABLES = (".csv", ".tsv")
_LINES = (".jsonl", ".ndjson")
_DATA = (".yml", ".yaml", ".json")
_TEST_KEYS = ("vars", "assert", "description", "options", "metadata", "provider")
_OPTION_KEYS = ("provider", "disableVarExpansion")
_EXPECTED = re.compile(r"__expected(\d*)")
_CELL_SETTINGS = ("__description", "__metric", "__config:__expected")
_NOT_TEXT = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".pdf", ".mp3", ".wav", ".mp4", ".svg")


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase:
    """A test before it is a golden: its variables, evaluators and notes."""

    variables: Mapping[str, Any]
    evaluators: tuple[Any, ...] = ()
    notes: tuple[Note, ...] = ()
    description: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tests:
    """Reads the tests of a configuration.

    ``defaults`` are variables that every test has, ``judge`` the provider that grades.
    """

    reading: Reading
    assertions: Assertions
    defaults: Mapping[str, Any] = field(default_factory=dict)
    judge: str | None = None

    def cases(self, spot: Spot | None) -> Iterator[TestCase]:
        """The tests of a list, of files or of a name of files."""
        for item in spot.items() if spot else ():
            if isinstance(item.value, Mapping) and "path" not in item.value:
                yield from self._cases_of_test(item)
            else:
                yield from self._cases_of_files(item)

    def scenarios(self, spot: Spot | None) -> Iterator[TestCase]:
        """Every test of a scenario with every set of variables of its ``config``."""
        for scenario in self._scenarios(spot):
            self.reading.lose_keys(scenario, ("config", "tests"), " of a scenario")
            for number, item in enumerate(_items(scenario.get("config"))):
                yield from self._cases_with(self._set(item), scenario.get("tests"), number == 0)

    def _cases_with(
        self, extra: TestCase, tests: Spot | None, is_first: bool
    ) -> Iterator[TestCase]:
        """The tests with variables and evaluators of a set, counted for the first one only."""
        counted = self.reading.checks.copy()
        inner = replace(self, defaults={**self.defaults, **extra.variables})
        cases = [*inner.cases(tests)] or [TestCase(variables=inner.defaults)]
        if not is_first:
            self.reading.checks = counted
        for case in cases:
            yield replace(
                case,
                evaluators=(*extra.evaluators, *case.evaluators),
                notes=(*extra.notes, *case.notes),
            )

    def _scenarios(self, spot: Spot | None) -> Iterator[Spot]:
        for item in _items(spot):
            if isinstance(item.value, Mapping):
                yield item
                continue
            try:
                for path in self.reading.named(item, str(item.value)):
                    yield from self.reading.document(path).items()
            except (NoCounterpartError, PromptFileError) as error:
                self.reading.lose(item, f"the scenario cannot be read: {error}")

    def _set(self, spot: Spot) -> TestCase:
        variables, notes = self.variables(spot.get("vars"))
        lost = self.reading.lose_keys(spot, ("vars", "assert"), " of a scenario's set")
        return TestCase(
            variables=variables,
            evaluators=tuple(self.assertions.entries(spot.get("assert"), self.judge)),
            notes=(*notes, *lost),
        )

    def _cases_of_files(self, spot: Spot) -> Iterator[TestCase]:
        path = spot.get("path")
        name = path.value if path else spot.value
        if not isinstance(name, str):
            self.reading.lose(spot, "a test must be a mapping or the name of a file")
            return
        self.reading.lose_keys(spot, ("path",), " of a file of tests")
        try:
            for found in self.reading.named(spot, name):
                with self.reading.inside(found):
                    yield from self._cases_of_file(spot, found)
        except NoCounterpartError as error:
            self.reading.lose(spot, f"the tests have no counterpart: {error}")
        except PromptFileError as error:
            self.reading.lose(spot, f"the tests cannot be read: {error.problems[0]}")

    def _cases_of_file(self, spot: Spot, path: Path) -> Iterator[TestCase]:
        suffix = path.suffix.lower()
        if suffix in _TABLES:
            for row in self.reading.rows(path):
                yield self._case_of_row(row)
        elif suffix in _LINES:
            for row in self.reading.rows(path):
                yield from self._cases_of_test(row)
        elif suffix in _DATA:
            yield from self.cases(self.reading.document(path))
        else:
            self.reading.lose(spot, f"tests in a `{suffix}` file; known are csv, jsonl, json, yaml")

    def _case_of_row(self, row: Spot) -> TestCase:
        """A row of a table: what begins with ``__`` is no variable."""
        variables: dict[str, Any] = dict(self.defaults)
        evaluators: list[Any] = []
        notes: list[Note] = []
        tags: list[str] = []
        for name, cell in row.value.items():
            expected = _EXPECTED.fullmatch(name)
            if not name.startswith("__"):
                variables[name] = cell
            elif expected and cell.strip():
                evaluators += self._of_cell(row, name, cell)
            elif name.startswith("__metadata:") and cell.strip():
                tags += _cells(cell) if name.endswith("[]") else [cell.strip()]
            elif cell.strip() and not name.startswith(_CELL_SETTINGS):
                notes.append(self.reading.lose(row, f"the column `{name}` has no counterpart"))
        metric = row.value.get("__metric", "").strip()
        if metric:
            evaluators = [e if isinstance(e, Note) else {"name": metric, **e} for e in evaluators]
        return TestCase(
            variables=variables,
            evaluators=tuple(evaluators),
            notes=tuple(notes),
            description=row.value.get("__description", ""),
            tags=tuple(tags),
        )

    def _of_cell(self, row: Spot, name: str, cell: str) -> list[Any]:
        configured = (f"__config:{name}:threshold", f"__config:{name}1:threshold")
        threshold = next((row.value[key] for key in configured if row.value.get(key)), None)
        return self.assertions.of_cell(row, cell, threshold)

    def _cases_of_test(self, spot: Spot) -> Iterator[TestCase]:
        if not isinstance(spot.value, Mapping):
            self.reading.lose(spot, "a test must be a mapping")
            return
        options = spot.get("options")
        variables, notes = self.variables(spot.get("vars"))
        lost = self.reading.lose_keys(spot, _TEST_KEYS, " of a test")
        if spot.get("provider"):
            lost.append(self.reading.lose(spot, "`provider` of a single test has no counterpart"))
        if options:
            lost += self.reading.lose_keys(options, _OPTION_KEYS, " of a test's options")
        judge = provider_name(options) or self.judge
        case = TestCase(
            variables={**self.defaults, **variables},
            evaluators=tuple(self.assertions.entries(spot.get("assert"), judge)),
            notes=(*notes, *lost),
            description=str(spot.value.get("description") or ""),
            tags=_tags(spot.get("metadata")),
        )
        kept = options.get("disableVarExpansion") if options else None
        yield from [case] if kept and kept.value is True else self._expanded(case, spot)

    def _expanded(self, case: TestCase, spot: Spot) -> Iterator[TestCase]:
        """A case for each combination of what variables that are lists hold."""
        lists = {
            name: value
            for name, value in case.variables.items()
            if isinstance(value, list) and value and not any(isinstance(v, Mapping) for v in value)
        }
        combinations = itertools.product(*lists.values())
        for number, values in enumerate(combinations):
            if number >= MOST_GOLDENS:
                self.reading.lose(
                    spot, f"its lists of variables make more than {MOST_GOLDENS:,} tests"
                )
                return
            yield replace(
                case, variables={**case.variables, **dict(zip(lists, values, strict=True))}
            )

    def variables(self, spot: Spot | None) -> tuple[dict[str, Any], list[Note]]:
        """Variables, also those of files that are named, and notes on what is lost."""
        found: dict[str, Any] = {}
        notes: list[Note] = []
        for item in _items(spot):
            if isinstance(item.value, Mapping):
                for name, value in item.entries():
                    self._variable(name, value, found, notes)
            else:
                self._variables_of_files(item, found, notes)
        return found, notes

    def _variables_of_files(self, spot: Spot, found: dict[str, Any], notes: list[Note]) -> None:
        try:
            for path in self.reading.named(spot, str(spot.value)):
                with self.reading.inside(path):
                    inner, lost = self.variables(self.reading.document(path))
                found |= inner
                notes += lost
        except (NoCounterpartError, PromptFileError) as error:
            notes.append(self.reading.lose(spot, f"the variables have no counterpart: {error}"))

    def _variable(self, name: str, spot: Spot, found: dict[str, Any], notes: list[Note]) -> None:
        value = spot.value
        if is_reference(value):
            try:
                value = self._of_files(spot, value)
            except (NoCounterpartError, PromptFileError) as error:
                message = f"the variable `{name}` has no counterpart: {error}"
                notes.append(self.reading.lose(spot, message))
                return
        elif isinstance(value, str):
            for _, piece in not_understood(value):
                notes.append(self.reading.lose(spot, f"the variable `{name}`: {why_not(piece)}"))
        found[name] = value

    def _of_files(self, spot: Spot, name: str) -> Any:
        paths = self.reading.named(spot, name)
        values = []
        for path in paths:
            if path.suffix.lower() in _NOT_TEXT:
                raise NoCounterpartError(f"`{name}` is no text")
            is_data = path.suffix.lower() in _DATA
            read = self.reading.document if is_data else self.reading.text
            value = read(path).value
            values.append(value.strip() if isinstance(value, str) else value)
        return values[0] if len(values) == 1 else values


def provider_name(options: Spot | None) -> str | None:
    """The provider that grades, where options name one by its id."""
    provider = options.get("provider") if options else None
    value = provider.value if provider else None
    if isinstance(value, Mapping):
        text = value.get("text")
        value = value.get("id") or (text.get("id") if isinstance(text, Mapping) else text)
    return value if isinstance(value, str) else None


def filled(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables with those that they name filled in, as promptfoo does and we do not."""

    def fill(value: Any) -> Any:
        if not isinstance(value, str) or "{{" not in value:
            return value
        template = Template(value)
        return value if template.missing(variables) else template.fill(variables)

    return {name: fill(value) for name, value in variables.items()}


def _items(spot: Spot | None) -> list[Spot]:
    return spot.items() if spot else []


def _tags(spot: Spot | None) -> tuple[str, ...]:
    """What metadata says in words."""
    if spot is None:
        return ()
    values = [item.value for _, value in spot.entries() for item in value.items()]
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str) and value))


def _cells(cell: str) -> list[str]:
    """A list in a cell, where a comma may be kept by a backslash."""
    return [value.strip() for value in separated(cell, escape="\\") if value.strip()]
