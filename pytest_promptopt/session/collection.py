"""From prompt files to pytest items."""

import warnings
from collections.abc import Iterable, Iterator, Sequence

import pytest

from pytest_promptopt.errors import Problem, PromptFileError
from pytest_promptopt.evaluation.subject import Subject, read_subject
from pytest_promptopt.session.items import GateItem, GoldenItem, NoGoldensItem
from pytest_promptopt.session.state import STATE

_WARNINGS_SHOWN_PER_FILE = 20


class PromptWarning(pytest.PytestWarning):
    """Something in a prompt file was not understood."""

    __module__ = "pytest_promptopt"

    def __init__(self, message: str, *, path: str = "", line: int = 1) -> None:
        super().__init__(message)
        self.path = path
        self.line = line


class PromptFile(pytest.File):
    """A prompt file, which collects an item a golden and one for the gate."""

    def collect(self) -> Iterable[pytest.Item]:
        """Items in the order of the goldens, the gate last."""
        subject = self._subject()
        refused = self._warn(subject.problems)
        if refused is not None:
            raise self.CollectError(f"{refused.path}:{refused.line}: {refused}")
        yield from self._items(subject)

    def _subject(self) -> Subject:
        state = self.config.stash[STATE]
        try:
            return read_subject(self.path, state.subject_settings)
        except PromptFileError as error:
            message = str(error)
        raise self.CollectError(message)

    def _items(self, subject: Subject) -> Iterator[pytest.Item]:
        for golden in subject.prompt.goldens:
            yield GoldenItem.from_parent(self, name=golden.id, subject=subject, golden=golden)
        if not subject.prompt.goldens:
            yield NoGoldensItem.from_parent(self, name="no-goldens", subject=subject)
        if subject.prompt.gate is not None:
            yield GateItem.from_parent(self, name="gate", subject=subject)

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
                warnings.warn_explicit(warning, None, filename=warning.path, lineno=warning.line)
        except PromptWarning as error:
            return error
        return None
