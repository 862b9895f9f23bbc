"""The examination: mutants asked the goldens that the prompt itself passes, until one notices."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from pytest_promptopt.evaluation.board import Board, Variant, results_board
from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.evaluation.mutation_record import Fate
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.mutation.asking import Sender, asked_once
from pytest_promptopt.mutation.mutants import Mutant
from pytest_promptopt.mutation.noise import MOST_DOUBTED, Noise
from pytest_promptopt.optimization.candidate import GIVEN
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.router import most_in_flight

_AT_ONCE = 16
"""Mutants that are asked side by side, one golden each at a time.

One after the other where the model takes few calls at once: it reads anew what differs from what it
read last, which takes most of its time.
"""

TOO_LOUD = (
    "too noisy to mutate: {turned} of {passed} goldens that passed missed when the same prompt was "
    "asked again; set `temperature: 0`, or make these goldens plainer: {goldens}"
)
BUDGET_GONE = (
    "the budget is spent; run again with a higher --prompt-budget to go on where it stopped"
)
NO_MUTANTS = "no sentence of the prompt can be broken"
NOTHING_PASSED = "no golden passed twice, so that none could notice a mutant: mend the prompt first"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminationProgress:
    """How far an examination is: mutants decided, of so many, and calls sent so far."""

    decided: int
    noticed: int
    mutants: int
    calls: int


@dataclass(slots=True, kw_only=True, eq=False)
class Hearing:
    """A mutant that is being asked, and the goldens that are ``left`` to ask it.

    ``doubted`` counts goldens that it missed at first, ``is_same`` tells whether every answer so
    far is the prompt's own, where that gives one answer; ``unanswered`` counts goldens that told
    nothing.
    """

    mutant: Mutant
    variant: Variant
    left: dict[str, Golden]
    doubted: int = 0
    changed: list[str] = field(default_factory=list)
    is_same: bool = True
    fate: Fate = Fate.OPEN
    by: str = ""
    unanswered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What came out: the hearings in the order of the mutants, and the goldens that were asked.

    ``remark`` says why there is nothing, or not all, to tell.
    """

    hearings: tuple[Hearing, ...]
    goldens: tuple[Golden, ...]
    noise: Noise
    calls: int
    remark: str = ""


def most_calls(subject: Subject, goldens: Sequence[Golden], mutants: int, repeats: int) -> int:
    """A bound on what an examination sends: the prompt once more and each mutant all of them.

    Where a miss has to be repeated, at most so many goldens are asked again.
    """
    costs = costs_of(subject, goldens)
    doubted = min(MOST_DOUBTED * max(costs, default=0), sum(costs))
    given = sum(costs) * (repeats - 1)
    return given + mutants * (sum(costs) + doubted * (repeats - 1))


def costs_of(subject: Subject, goldens: Iterable[Golden]) -> list[int]:
    """The calls that an answer to each takes at most, judges' included."""
    return [1 + subject.further_calls(golden) for golden in goldens]


class Examination:
    """Asks what the mutants of ``subject`` answer to the ``goldens`` that it passed.

    The prompt itself is asked once more, each mutant one golden after the other: first
    those that gave away others of its sentence, then those that gave away most. It ends with the
    first golden that notices. The order depends on the answers alone, so that to go on with an
    examination is to run it again: what was answered is in the cache.
    """

    def __init__(
        self,
        subject: Subject,
        mutants: Sequence[Mutant],
        goldens: Sequence[Golden],
        provider: Provider,
        report: Callable[[ExaminationProgress], None],
    ) -> None:
        self._subject = asked_once(subject)
        self._mutants = mutants
        self._goldens = goldens
        self._sender = Sender(provider)
        self._report = report
        is_small = subject.model is not None and most_in_flight(subject.model) is not None
        self._at_once = 1 if is_small else _AT_ONCE
        self._boards: dict[int, Board[GoldenResult]] = {}
        self._given = Variant(id=GIVEN, subject=self._subject)
        self._noticed: Counter[str] = Counter()
        self._noticed_in: dict[int, Counter[str]] = {}
        self._still: dict[str, str | None] = {}
        self._can_be_equal = False
        self._noise = Noise(passed=0, turned=0)

    async def run(self) -> Examined:
        """All of it, or as much as the budget allows."""
        if not self._mutants:
            return self._ended((), NO_MUTANTS)
        first = await self._ask([(self._given, golden, 0) for golden in self._goldens])
        passed = [g for g, result in zip(self._goldens, first, strict=True) if _passes(result)]
        second = await self._ask([(self._given, golden, 1) for golden in passed])
        if self._sender.is_refused:
            return self._ended((), BUDGET_GONE)
        results = [*zip(passed, second, strict=True)]
        again = [golden for golden, result in results if _passes(result)]
        turned = [golden for golden, result in results if result and not _passes(result)]
        self._still = {golden.id: self._same_answer(golden) for golden in again}
        steady = sum(answer is not None for answer in self._still.values())
        self._can_be_equal = 2 * steady >= len(again)
        self._noise = Noise(passed=len(again) + len(turned), turned=len(turned))
        if not again or self._noise.is_too_loud:
            return self._ended((), self._refusal(turned, has_reliable=bool(again)))
        hearings = [self._hearing(mutant, again) for mutant in self._mutants]
        await self._decide(hearings)
        return self._ended(hearings, BUDGET_GONE if self._sender.is_refused else "")

    def _ended(self, hearings: Iterable[Hearing], remark: str) -> Examined:
        return Examined(
            hearings=tuple(hearings),
            goldens=tuple(g for g in self._goldens if g.id in self._still),
            noise=self._noise,
            calls=self._sender.calls,
            remark=remark,
        )

    def _refusal(self, turned: Sequence[Golden], *, has_reliable: bool) -> str:
        if not turned and not has_reliable:
            return NOTHING_PASSED
        ids = ", ".join(golden.id for golden in turned[:8])
        return TOO_LOUD.format(turned=len(turned), passed=self._noise.passed, goldens=ids)

    def _hearing(self, mutant: Mutant, goldens: Sequence[Golden]) -> Hearing:
        candidate = mutant.candidate
        prompt = candidate.apply_to(self._subject.prompt, ())
        variant = Variant(id=candidate.id, subject=replace(self._subject, prompt=prompt))
        return Hearing(mutant=mutant, variant=variant, left={g.id: g for g in goldens})

    def _same_answer(self, golden: Golden) -> str | None:
        """What the prompt answers both times; None where that differs."""
        first, second = (self._found(self._given, golden, n) for n in (0, 1))
        is_same = first and second and _text(first) == _text(second)
        return _text(first) if first and is_same else None

    async def _decide(self, hearings: Sequence[Hearing]) -> None:
        waiting = [*hearings]
        under_way: list[Hearing] = []
        while not self._sender.is_refused:
            under_way = [
                hearing for hearing in under_way if hearing.fate is Fate.OPEN and hearing.left
            ]
            free = self._at_once - len(under_way)
            under_way, waiting = under_way + waiting[:free], waiting[free:]
            if not under_way:
                return
            await self._step(under_way)
            self._report(self._progress(hearings))

    def _progress(self, hearings: Sequence[Hearing]) -> ExaminationProgress:
        return ExaminationProgress(
            decided=sum(hearing.fate is not Fate.OPEN for hearing in hearings),
            noticed=sum(hearing.fate is Fate.NOTICED for hearing in hearings),
            mutants=len(hearings),
            calls=self._sender.calls,
        )

    async def _step(self, hearings: Sequence[Hearing]) -> None:
        """Ask each mutant one golden more, and those that miss it again."""
        asked = [(hearing, self._next(hearing)) for hearing in hearings]
        found = await self._ask([(hearing.variant, golden, 0) for hearing, golden in asked])
        pairs = zip(asked, found, strict=True)
        await self._repeat([pair for pair, result in pairs if self._is_doubted(*pair, result)])
        for hearing in hearings:
            if hearing.fate is Fate.OPEN and not hearing.left and not hearing.unanswered:
                is_equal = hearing.is_same and self._can_be_equal
                hearing.fate = Fate.EQUAL if is_equal else Fate.UNNOTICED

    def _next(self, hearing: Hearing) -> Golden:
        """The golden most likely to notice; of equals the first of the file."""
        of_sentence = self._noticed_in.get(hearing.mutant.sentence, Counter())
        key = max(hearing.left, key=lambda name: (of_sentence[name], self._noticed[name]))
        return hearing.left.pop(key)

    def _is_doubted(self, hearing: Hearing, golden: Golden, result: GoldenResult | None) -> bool:
        """Take in a mutant's answer; whether it misses and is to be asked again."""
        if result is None:
            hearing.unanswered += 1
            return False
        still = self._still[golden.id]
        is_other = still is not None and _text(result) != still
        hearing.is_same &= _passes(result) and not is_other
        if not _passes(result):
            hearing.doubted += 1
            return hearing.doubted <= MOST_DOUBTED
        if is_other:
            hearing.changed.append(golden.id)
        return False

    async def _repeat(self, doubts: Sequence[tuple[Hearing, Golden]]) -> None:
        """Ask for as many answers as count, of the mutants and of the prompt itself."""
        repeats = self._noise.repeats
        await self._ask(
            [(hearing.variant, golden, n) for hearing, golden in doubts for n in range(1, repeats)]
            + [(self._given, golden, n) for _, golden in doubts for n in range(2, repeats)]
        )
        for hearing, golden in doubts:
            found = [self._found(hearing.variant, golden, n) for n in range(1, repeats)]
            given = [self._found(self._given, golden, n) for n in range(2, repeats)]
            if any(map(_passes, found)) or any(r and not _passes(r) for r in given):
                continue
            if None in (*found, *given):
                hearing.unanswered += 1
                continue
            hearing.fate, hearing.by = Fate.NOTICED, golden.id
            self._noticed[golden.id] += 1
            self._noticed_in.setdefault(hearing.mutant.sentence, Counter())[golden.id] += 1

    def _board(self, sample: int) -> Board[GoldenResult]:
        if sample not in self._boards:
            self._boards[sample] = results_board(self._sender, sample)
        return self._boards[sample]

    async def _ask(
        self, cells: Sequence[tuple[Variant, Golden, int]]
    ) -> Sequence[GoldenResult | None]:
        """The results in the cells, all asked at once; None where there is none."""
        wanted: dict[int, list[tuple[Variant, Sequence[Golden]]]] = {}
        for variant, golden, sample in cells:
            wanted.setdefault(sample, []).append((variant, [golden]))
        await asyncio.gather(*(self._board(n).ask(of) for n, of in wanted.items()))
        return [self._found(*cell) for cell in cells]

    def _found(self, variant: Variant, golden: Golden, sample: int) -> GoldenResult | None:
        return self._board(sample).known(variant.id).get(golden.id)


def _passes(result: GoldenResult | None) -> bool:
    return result is not None and result.outcome is Outcome.PASSED


def _text(result: GoldenResult) -> str:
    return result.answers[0].text.strip() if result.answers else ""
