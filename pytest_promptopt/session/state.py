"""What the session's side knows during a run."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from pytest_promptopt.evaluation.evaluation import GoldenResult
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.session.progress import Progress
from pytest_promptopt.session.subjects import SubjectReader
from pytest_promptopt.workflow import Workflow


@dataclass(slots=True, kw_only=True)
class State:
    """How subjects are read, the way to their models, and the results so far.

    ``results`` are by the subject's key and the golden's id. ``tells_warnings`` is False in all
    worker processes but the first.
    """

    subjects: SubjectReader
    workflow: Workflow
    progress: Progress
    tells_warnings: bool = True
    results: dict[tuple[str, str], GoldenResult] = field(default_factory=dict)

    def ask_ahead(self, goldens: Iterable[tuple[Subject, Golden]]) -> None:
        """Have those of the goldens asked that can be asked, all at once and in this order."""
        askable = [
            (subject, golden)
            for subject, golden in goldens
            if subject.model is not None and not subject.missing_values(golden)
        ]
        if askable:
            self.workflow.plan(askable)


STATE = pytest.StashKey[State]()
