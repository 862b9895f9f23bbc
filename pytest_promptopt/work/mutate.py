"""Mutants of prompts asked, as functions."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pluggy

from pytest_promptopt.client.client import Responses
from pytest_promptopt.errors import UsageError
from pytest_promptopt.evaluation.mutation_record import MutationRecord
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.search_record import SearchRecord
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.mutation.examination import ExaminationProgress
from pytest_promptopt.mutation.plan import MutationPlan
from pytest_promptopt.mutation.shorter import ORIGIN, Shorter
from pytest_promptopt.optimization.allowance import Spent
from pytest_promptopt.optimization.memory import Memory, MemoryFile
from pytest_promptopt.optimization.result import Result
from pytest_promptopt.optimization.verdict import SearchVerdict, VerdictKind
from pytest_promptopt.project.folder import MEMORY
from pytest_promptopt.prompts.golden import slug
from pytest_promptopt.proposals.edit import edit_of
from pytest_promptopt.proposals.finding import Finding, proposal_of
from pytest_promptopt.proposals.flags import flags
from pytest_promptopt.proposals.proposal import Proposal
from pytest_promptopt.work.bridge import Bridge
from pytest_promptopt.work.entries import EntryReader
from pytest_promptopt.work.evaluate import ignore
from pytest_promptopt.work.results import do_nothing
from pytest_promptopt.work.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutator:
    """Examines prompts of the project at ``root`` by their mutants.

    ``hook`` are the hooks of plugins.
    """

    root: Path
    entries: EntryReader
    bridge: Bridge
    hook: pluggy.HookRelay

    def plan(self, prompt: PromptRecord) -> MutationPlan:
        """What would be asked; raises OSError, PromptFileError and UsageError."""
        path = self.root / prompt.location
        subjects = [entry.subject for entry in self.entries.read(path)]
        subject = next(subject for subject in subjects if subject.key == prompt.key)
        passed = {r.id: bool(r.answers[0].passed) for r in prompt.results if r.answers}
        return MutationPlan.of(subject, path.read_bytes(), passed)

    def examine(
        self,
        plan: MutationPlan,
        report: Callable[[ExaminationProgress], None] = ignore,
        waiting: Callable[[], None] = do_nothing,
    ) -> MutationRecord:
        """Ask all mutants, or go on with what was interrupted.

        ``report`` is told how far it is, in the thread of the loop; ``waiting`` is called about
        ten times a second.
        """
        return self.bridge.wait(plan.examine(self.bridge.provider, report), waiting)

    def shorten(
        self,
        plan: MutationPlan,
        record: MutationRecord,
        waiting: Callable[[], None] = do_nothing,
    ) -> Finding | None:
        """A proposal without the sentences that ``record`` found useless; None if none is good.

        Nor is one that people turned down, or a plugin is against. Raises as :meth:`plan`.
        """
        shorter = self.bridge.wait(plan.shorten(record, self.bridge.provider), waiting)
        if shorter is None:
            return None
        subject, candidate = plan.subject, shorter.candidate
        memory = MemoryFile(self.root / MEMORY / f"{slug(subject.key)}.jsonl")
        content = subject.prompt.path.read_bytes()
        edit = edit_of(candidate, subject.prompt, (), content)
        found = proposal_of(
            candidate,
            edit,
            subject,
            _result(shorter, record.calls + shorter.calls),
            run="",
            method=ORIGIN,
            optimizer_model=str(subject.model),
        )
        is_unwanted = candidate.id in Memory(earlier=memory.read()).turned_down
        if is_unwanted or self.hook.pytest_promptopt_veto(proposal=found):
            return None
        return Finding(search=_search_record(found), proposal=found)


def _result(shorter: Shorter, calls: int) -> Result:
    return Result(
        chosen=shorter.candidate,
        reason="",
        before=shorter.before.score,
        after=shorter.after.score,
        verdict=SearchVerdict(kind=VerdictKind.UNPROVEN, sentence=shorter.sentence),
        spent=Spent(task_calls=calls),
    )


def _search_record(proposal: Proposal) -> SearchRecord:
    return SearchRecord(
        key=proposal.prompt,
        location=proposal.location,
        sentence=proposal.verdict,
        patch=proposal.patch,
        apply_command=f"promptopt apply {proposal.id}",
        flags=flags(proposal),
        calls=proposal.calls,
        model=proposal.model,
        optimizer_model=proposal.optimizer_model,
    )


def describe_mutation_plan(subject: Subject) -> list[str]:
    """What the mutants of a subject would take, if it passed all its goldens."""
    prompt = subject.prompt
    passed = {golden.id: True for golden in prompt.goldens}
    return [*MutationPlan.of(subject, prompt.path.read_bytes(), passed).lines]


def check_mutate_options(settings: Settings) -> None:
    """Raise :class:`UsageError` where no mutant could be asked."""
    if settings.responses is Responses.REPLAY:
        raise UsageError("--prompt-mutate asks new questions, which a replay cannot answer")
