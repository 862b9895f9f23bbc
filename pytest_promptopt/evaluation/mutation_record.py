"""The record of a prompt's mutants: those that a golden noticed, and what no golden holds."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from pytest_promptopt.codec import Count
from pytest_promptopt.statistics.intervals import Interval, shown_interval

CONFIDENCE = 0.95


class Fate(StrEnum):
    """What became of a mutant.

    Noticed by a golden; not noticed, though an answer changed or no golden was of its kind; equal
    to the prompt in every answer; or not asked to the end.
    """

    NOTICED = "noticed"
    UNNOTICED = "not noticed"
    EQUAL = "changed no answer"
    OPEN = "not decided"


class Cover(StrEnum):
    """What is known of a sentence by its mutants."""

    HELD = "held by a golden"
    UNTESTED = "untested"
    USELESS = "useless"
    OPEN = "not decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantRecord:
    """A mutant of the sentence of that number, and what became of it.

    ``kind`` is how the sentence was broken, ``before`` and ``after`` are the words around that.
    ``by`` is the golden that noticed, empty where none did, and ``changed`` are the goldens whose
    answers were others and still passed. ``takes_away`` tells the one without the sentence.
    """

    sentence: Count
    kind: str
    before: str
    after: str
    fate: Fate
    by: str = ""
    changed: tuple[str, ...] = ()
    takes_away: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceRecord:
    """A sentence: the characters from ``start`` to ``end`` of a message, and its line in the file.

    ``advice`` is what to write that would hold it.
    """

    message: Count
    start: Count
    end: Count
    line: Count
    text: str
    advice: str = ""


# Without slots, so that what is worked out of it is worked out once.
@dataclass(frozen=True, kw_only=True)
class MutationRecord:
    """What the mutants of one prompt showed; ``sentences`` are those that have some.

    ``passed`` goldens passed at first, of which ``turned`` missed when asked again: the rest is
    what mutants were asked. A golden noticed a mutant by missing ``repeats`` times. ``left_out``
    counts mutants beyond the most that are asked, ``calls`` what was sent. ``remark`` says why
    there is nothing, or not all, to tell.
    """

    sentences: tuple[SentenceRecord, ...] = ()
    mutants: tuple[MutantRecord, ...] = ()
    goldens: Count = 0
    passed: Count = 0
    turned: Count = 0
    repeats: Count = 1
    left_out: Count = 0
    calls: Count = 0
    remark: str = ""

    def having(self, fate: Fate) -> tuple[MutantRecord, ...]:
        """The mutants of this fate."""
        return tuple(mutant for mutant in self.mutants if mutant.fate is fate)

    @property
    def reliable(self) -> int:
        """Goldens that passed both times."""
        return self.passed - self.turned

    @cached_property
    def hits(self) -> tuple[float, ...]:
        """1 for each mutant that was noticed, 0 for each that was not; those that equal count not.

        A mutant whose answers are all the prompt's own says nothing of the goldens, as far as
        they can tell: it may be the same prompt in other words.
        """
        judged = {Fate.NOTICED: 1.0, Fate.UNNOTICED: 0.0}
        return tuple(judged[mutant.fate] for mutant in self.mutants if mutant.fate in judged)

    @property
    def score(self) -> float | None:
        """The share of mutants that were noticed, without equal ones.

        None where there is none, and while mutants are open: those that are noticed end first.
        """
        is_whole = self.hits and not self.having(Fate.OPEN)
        return sum(self.hits) / len(self.hits) if is_whole else None

    @property
    def interval(self) -> Interval | None:
        """Where the score lies with 95 % confidence, the mutants taken for a sample of all."""
        return None if self.score is None else shown_interval(self.hits, confidence=CONFIDENCE)

    @cached_property
    def covers(self) -> tuple[Cover, ...]:
        """What is known of each sentence."""
        return tuple(self._cover(number) for number in range(len(self.sentences)))

    def holders(self, sentence: int) -> list[str]:
        """The goldens that noticed a mutant of the sentence, each the first to do so."""
        return [*dict.fromkeys(mutant.by for mutant in self.of(sentence) if mutant.by)]

    def of(self, sentence: int) -> tuple[MutantRecord, ...]:
        """The mutants of the sentence of that number."""
        return tuple(mutant for mutant in self.mutants if mutant.sentence == sentence)

    def _cover(self, number: int) -> Cover:
        """Useless is what can be taken away, and turned round, without any answer changing."""
        mutants = self.of(number)
        fates = {mutant.fate for mutant in mutants}
        if Fate.NOTICED in fates:
            return Cover.HELD
        if Fate.OPEN in fates:
            return Cover.OPEN
        can_go = any(mutant.takes_away for mutant in mutants)
        return Cover.USELESS if fates == {Fate.EQUAL} and can_go else Cover.UNTESTED
