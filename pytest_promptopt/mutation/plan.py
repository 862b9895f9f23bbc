"""The plan of an examination: what it would ask, before anything is asked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.mutation_record import MutationRecord
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.linting.sheet import Sheet
from pytest_promptopt.mutation.examination import Examination, Progress, costs_of, most_calls
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

    ``missed`` are those that only a shorter prompt is asked.
    """

    subject: Subject
    sheet: Sheet
    mutants: Mutants
    goldens: tuple[Golden, ...]
    missed: tuple[Golden, ...] = ()

    @classmethod
    def of(
        cls,
        subject: Subject,
        goldens: Sequence[Golden],
        content: bytes,
        missed: Sequence[Golden] = (),
    ) -> "MutationPlan":
        """That of a subject whose file has this ``content``; raises PromptFileError."""
        location = subject.prompt.location
        sheet = Sheet.of(subject.prompt, parse_document(decoded(content, location), location))
        askable = tuple(golden for golden in goldens if not subject.missing_values(golden))
        return cls(
            subject=subject,
            sheet=sheet,
            mutants=mutants_of(sheet),
            goldens=askable,
            missed=tuple(missed),
        )

    @property
    def most_calls(self) -> int:
        """A bound, which holds also where misses have to be repeated."""
        return self._most_calls(most_repeats(len(self.goldens)))

    def _most_calls(self, repeats: int) -> int:
        mutants = len(self.mutants.chosen)
        shorter = sum(costs_of(self.subject, (*self.goldens, *self.missed)))
        return most_calls(self.subject, self.goldens, mutants, repeats) + shorter

    @property
    def lines(self) -> Iterator[str]:
        """What there is to say before anything is asked."""
        mutants, sentences = self.mutants.chosen, {m.sentence for m in self.mutants.chosen}
        left_out = self.mutants.left_out
        yield (
            f"{counted(len(mutants), 'mutant')} of {counted(len(sentences), 'sentence')}"
            + (f", {left_out:,} more left out (at most {MOST_MUTANTS})" if left_out else "")
        )
        steady = self._most_calls(1)
        yield (
            f"at most {counted(steady, 'call')}, or {self.most_calls:,} where answers vary: the "
            f"prompt once more, each mutant until a golden of {len(self.goldens)} notices, and a "
            "shorter prompt"
        )

    async def examine(
        self, provider: Provider, report: Callable[[Progress], None]
    ) -> MutationRecord:
        """Ask, and tell what came out."""
        chosen = self.mutants.chosen
        examination = Examination(self.subject, chosen, self.goldens, provider, report)
        return record_of(self.sheet, self.mutants, self.goldens, await examination.run())

    async def shorten(self, record: MutationRecord, provider: Provider) -> Shorter | None:
        """The prompt without what ``record`` found useless, if it is as good."""
        candidate = shorter_candidate(self.subject.prompt, self.mutants, record)
        if candidate is None:
            return None
        goldens = (*self.goldens, *self.missed)
        return await compare_shorter(self.subject, candidate, goldens, provider)
