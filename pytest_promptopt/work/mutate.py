"""Mutants of prompts asked, as functions."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_promptopt.client.client import Responses
from pytest_promptopt.errors import UsageError
from pytest_promptopt.evaluation.mutation_record import MutationRecord
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.mutation.examination import Progress
from pytest_promptopt.mutation.plan import MutationPlan
from pytest_promptopt.work.bridge import Bridge
from pytest_promptopt.work.entries import EntryReader
from pytest_promptopt.work.evaluate import ignore
from pytest_promptopt.work.results import do_nothing
from pytest_promptopt.work.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutator:
    """Examines prompts of the project at ``root`` by their mutants."""

    root: Path
    entries: EntryReader
    bridge: Bridge

    def plan(self, prompt: PromptRecord) -> MutationPlan:
        """What would be asked; raises OSError, PromptFileError and UsageError."""
        path = self.root / prompt.location
        subjects = [entry.subject for entry in self.entries.read(path)]
        subject = next(subject for subject in subjects if subject.key == prompt.key)
        passed = {r.id for r in prompt.results if r.answers and r.answers[0].passed}
        goldens = [golden for golden in subject.prompt.goldens if golden.id in passed]
        return MutationPlan.of(subject, goldens, path.read_bytes())

    def examine(
        self,
        plan: MutationPlan,
        report: Callable[[Progress], None] = ignore,
        waiting: Callable[[], None] = do_nothing,
    ) -> MutationRecord:
        """Ask all mutants, or go on with what was interrupted.

        ``report`` is told how far it is, in the thread of the loop; ``waiting`` is called about
        ten times a second.
        """
        return self.bridge.wait(plan.examine(self.bridge.provider, report), waiting)


def describe_mutation_plan(subject: Subject) -> list[str]:
    """What the mutants of a subject would take, if it passed all its goldens."""
    prompt = subject.prompt
    return [*MutationPlan.of(subject, prompt.goldens, prompt.path.read_bytes()).lines]


def check_mutate_options(settings: Settings) -> None:
    """Raise :class:`UsageError` where no mutant could be asked."""
    if settings.responses is Responses.REPLAY:
        raise UsageError("--prompt-mutate asks new questions, which a replay cannot answer")
