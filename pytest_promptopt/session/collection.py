"""The collection of prompt files, as pytest items."""

import linecache
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.errors import Problem, PromptFileError
from pytest_promptopt.session.items import (
    GateItem,
    GoldenItem,
    NoGoldensItem,
    PromptItem,
    UnreadableItem,
    gate_name,
)
from pytest_promptopt.session.state import STATE
from pytest_promptopt.text.terminal import one_line
from pytest_promptopt.work.entries import Entry

_WARNINGS_SHOWN_PER_FILE = 20


class PromptWarning(pytest.PytestWarning):
    """Something in a prompt file was not understood."""

    __module__ = "pytest_promptopt"

    def __init__(self, message: str, *, path: str = "", line: int = 1) -> None:
        super().__init__(one_line(message))
        self.path = one_line(path)
        self.line = line

    def tell(self) -> None:
        """Warn at the line; raises itself where ``-W error`` says so."""
        # Or the line of the file would be printed as it stands, where CI may read a command.
        linecache.cache[self.path] = (0, None, [], self.path)
        warnings.warn_explicit(self, None, filename=self.path, lineno=self.line)


class PromptFile(pytest.File):
    """A prompt file, which collects an item a golden and one for the gate, marked as it is."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.add_marker(pytest.mark.prompt)

    def collect(self) -> Iterable[pytest.Item]:
        """Items in the order of the goldens, the gate last; one that says why there are none."""
        try:
            entries = self.config.stash[STATE].entries.read(self.path)
        except PromptFileError as error:
            return self._refuse(error)
        refused = self._warn(entries[0].subject.problems)
        if refused is not None:
            return self._refuse(PromptFileError.at(refused.path, refused.line, str(refused)))
        items = [item for entry in entries for item in self._items(entry)]
        return [*items, *self._lint(items)]

    def _lint(self, items: Sequence[PromptItem]) -> Iterator[pytest.Item]:
        if self.config.option.prompt_lint:
            from pytest_promptopt.session.linting import LintItem

            name = "lint"
            while name in {item.name for item in items}:
                name += "-rules"
            is_unchanged = all(item.is_unchanged for item in items)
            yield LintItem.from_parent(self, name=name, is_unchanged=is_unchanged)

    def _refuse(self, error: PromptFileError) -> list[pytest.Item]:
        """An item that fails, so that other files are scored; an error where no item would run."""
        option = self.config.option
        if option.collectonly or option.prompt_plan or self._is_picked_from():
            raise self.CollectError(str(error))
        return [UnreadableItem.from_parent(self, name="unreadable", error=error)]

    def _is_picked_from(self) -> bool:
        """Whether the command line names single items of this file."""
        named = (name.partition("::") for name in self.config.args)
        folder = self.config.invocation_params.dir
        return any(item and (folder / path).resolve() == self.path for path, _, item in named)

    def _items(self, entry: Entry) -> Iterator[PromptItem]:
        prompt, suffix = entry.subject.prompt, entry.subject.suffix
        # The paths of goldens have the same root as the prompt's location.
        root = Path(*prompt.path.parts[: -len(Path(prompt.location).parts)])
        files = {path: root / path for path in {golden.path for golden in prompt.goldens}}
        for golden in prompt.goldens:
            name, path = f"{golden.id}{suffix}", files[golden.path]
            yield GoldenItem.from_parent(self, name=name, path=path, entry=entry, golden=golden)
        if not prompt.goldens:
            yield NoGoldensItem.from_parent(self, name=f"no-goldens{suffix}", entry=entry)
        if prompt.gate is not None:
            yield GateItem.from_parent(self, name=gate_name(entry.subject), entry=entry)

    def _warn(self, problems: Sequence[Problem]) -> PromptWarning | None:
        """Warn of each problem; the warning that ``-W error`` makes an error comes back."""
        if not self.config.stash[STATE].tells_warnings:
            return None
        shown = [
            PromptWarning(problem.message, path=problem.path, line=problem.line)
            for problem in problems[:_WARNINGS_SHOWN_PER_FILE]
        ]
        rest = problems[_WARNINGS_SHOWN_PER_FILE:]
        if rest:
            text = f"{len(rest)} more like these"
            shown.append(PromptWarning(text, path=rest[0].path, line=rest[0].line))
        try:
            for warning in shown:
                warning.tell()
        except PromptWarning as error:
            return error
        return None
