"""The plan of an examination: what it would ask, before anything is asked."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.mutation_record import MutationRecord
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.linting.sheet import Sheet
from pytest_promptopt.mutation.examination import (
    Examination,
    ExaminationProgress,
    costs_of,
    most_calls,
)
from pytest_promptopt.mutation.findings import record_of
from pytest_promptopt.mutation.mutants import MOST_MUTANTS, Mutants, mutants_of
from pytest_promptopt.mutation.noise import most_repeats
from pytest_promptopt.mutation.shorter import Shorter, compare_shorter, shorter_candidate
from pytest_promptopt.prompts.document import decoded, parse_document
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.provider import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationPlan:
    """The mutants of a subject and the ``goldens`` that they would be asked.

    ``missed`` are those that only a shorter prompt is asked. Of ``unknown`` goldens it is not known
    whether the prompt itself passes them.
    """

    subject: Subject
    sheet: Sheet
    mutants: Mutants
    goldens: tuple[Golden, ...]
    missed: tuple[Golden, ...]
    unknown: tuple[Golden, ...]

    @classmethod
    def of(cls, subject: Subject, content: bytes, passed: Mapping[str, bool]) -> "MutationPlan":
        """That of a subject whose file has this ``content``; raises PromptFileError.

        ``passed`` tells by id which goldens the prompt passes. All others of the file are asked
        too, whichever were selected: half of the goldens would call the other half's sentences
        untested.
        """
        location = subject.prompt.location
        sheet = Sheet.of(subject.prompt, parse_document(decoded(content, location), location))
        askable = [g for g in subject.prompt.goldens if not subject.missing_values(g)]
        return cls(
            subject=subject,
            sheet=sheet,
            mutants=mutants_of(sheet),
            goldens=tuple(golden for golden in askable if passed.get(golden.id, True)),
            missed=tuple(golden for golden in askable if not passed.get(golden.id, True)),
            unknown=tuple(golden for golden in askable if golden.id not in passed),
        )

    @property
    def most_calls(self) -> int:
        """A bound on what is sent, which holds however the answers turn."""
        repeats, mutants = most_repeats(len(self.goldens)), len(self.mutants.chosen)
        others = costs_of(self.subject, (*self.unknown, *self.goldens, *self.missed))
        return most_calls(self.subject, self.goldens, mutants, repeats) + sum(others)

    @property
    def lines(self) -> Iterator[str]:
        """What there is to say before anything is asked."""
        mutants, sentences = self.mutants.chosen, {m.sentence for m in self.mutants.chosen}
        left_out = self.mutants.left_out
        yield (
            f"{counted(len(mutants), 'mutant')} of {counted(len(sentences), 'sentence')}"
            + (f", {left_out:,} more left out (at most {MOST_MUTANTS})" if left_out else "")
        )
        yield (
            f"at most {counted(self.most_calls, 'call')}: the prompt again, each mutant until a "
            f"golden of {len(self.goldens)} notices, and a shorter prompt"
        )

    async def examine(
        self, provider: Provider, report: Callable[[ExaminationProgress], None]
    ) -> MutationRecord:
        """Ask, and tell what came out."""
        chosen = self.mutants.chosen
        examination = Examination(self.subject, chosen, self.goldens, provider, report)
        return record_of(self.sheet, self.mutants, await examination.run())

    async def shorten(self, record: MutationRecord, provider: Provider) -> Shorter | None:
        """The prompt without what ``record`` found useless, if it is as good."""
        candidate = shorter_candidate(self.subject.prompt, self.mutants, record)
        if candidate is None:
            return None
        goldens = (*self.goldens, *self.missed)
        return await compare_shorter(self.subject, candidate, goldens, provider)
