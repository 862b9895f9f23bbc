"""The state of a run on the session's side."""

from dataclasses import dataclass

import pytest

from pytest_promptopt.session.progress import Progress
from pytest_promptopt.work.bridge import Bridge
from pytest_promptopt.work.entries import EntryReader
from pytest_promptopt.work.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How prompt files are read, the results so far, and the way to their models.

    ``tells_warnings`` is False in all worker processes but the first.
    """

    entries: EntryReader
    results: Results
    progress: Progress
    tells_warnings: bool = True

    @property
    def bridge(self) -> Bridge:
        """The way to the models."""
        return self.results.bridge


STATE = pytest.StashKey[State]()
