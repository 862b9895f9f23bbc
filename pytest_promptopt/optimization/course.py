"""The course of a search, from its first look to the verdict."""

import contextlib
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pytest_promptopt.optimization.allocation.allocator import allocator_of, races_rivals
from pytest_promptopt.optimization.allowance import Allowance, Need
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.diagnosis.majority import majority_of
from pytest_promptopt.optimization.gate_outlook import gate_outlook
from pytest_promptopt.optimization.look import (
    Look,
    is_perfect,
    look,
    misses_little,
    score_given,
    try_contract,
)
from pytest_promptopt.optimization.memory import MemoryFile, Remembered
from pytest_promptopt.optimization.parents import Standing, best_first
from pytest_promptopt.optimization.plan import Plan
from pytest_promptopt.optimization.proposers.proposer import Order, cost_of, made_proposer
from pytest_promptopt.optimization.result import (
    Advanced,
    Event,
    Judged,
    Looked,
    Phase,
    Planned,
    Result,
    Tried,
)
from pytest_promptopt.optimization.rival import Duel
from pytest_promptopt.optimization.rounds import run_finals, run_round
from pytest_promptopt.optimization.scoreboard import Scoreboard, need_of
from pytest_promptopt.optimization.search import GIVEN, SearchState
from pytest_promptopt.optimization.selection import chosen
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.optimization.stops import (
    AnswersMissingError,
    CapReachedError,
    ForeignCodeError,
    SearchStoppedError,
)
from pytest_promptopt.optimization.verdict import SearchVerdict, Side, VerdictKind, give_verdict
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.statistics.clusters import members
from pytest_promptopt.statistics.intervals import Interval, shown_interval

_FINALISTS = 3
_BARREN_ROUNDS = 3
_NOT_BEHIND = "with the prompt as it is the new model scores no less, so nothing was searched"
_SHARE_FOR_LITTLE = 1 / 3
"""Of the caps, where the prompt misses so little that little can be gained."""

_REMEMBERED = 5
_COMBINING = frozenset({"combine", "prune"})
_TAKEN = frozenset({VerdictKind.IMPROVED, VerdictKind.NOT_INFERIOR, VerdictKind.UNPROVEN})

Report = Callable[[Event], None]


@dataclass(slots=True, kw_only=True)
class Course:
    """A search on its way to a result; ``opened`` counts the openings of the test split."""

    search: SearchState
    plan: Plan
    allowance: Allowance
    again: Scoreboard
    sealed: Scoreboard
    duel: Duel | None
    opened: int
    name: str
    file: MemoryFile | None
    report: Report
    found: Look = field(default_factory=Look)
    rounds: int = 0

    async def result(self) -> Result:
        """The whole search."""
        self.report(Planned(plan=self.plan))
        self.allowance.set_aside(self._verdict_need())
        try:
            reason = _NOT_BEHIND if await self._is_good_as_it_is() else await self._searched()
        except (CapReachedError, ForeignCodeError) as stop:
            reason = str(stop)
        except AnswersMissingError as stop:
            self.search.journal.forget_errors()
            return self._result(str(stop), None, None)
        except SearchStoppedError as stop:
            reason = str(stop)
            if self.duel is None:
                return self._result(reason, None, None)
        choice = await self._choice()
        if choice is None and self.duel is not None:
            choice = self.search.standing(GIVEN)
        verdict = None
        if choice is not None:
            verdict, trouble = await self._verdict(choice.candidate)
            reason = f"{reason}; {trouble}" if trouble else reason
        self._keep(choice, verdict)
        return self._result(reason, choice, verdict)

    async def _is_good_as_it_is(self) -> bool:
        """Whether there is a rival that the given prompt does not fall short of."""
        if self.duel is None:
            return False
        self._enter(Phase.BOTH_MODELS)
        return not await self.duel.is_ahead(self.search)

    async def _searched(self) -> str:
        search = self.search
        self._check_inputs()
        self._enter(Phase.LOOK)
        self.found = await look(search, self.again)
        self.report(Looked(headroom=self.found.headroom, diagnosis=self.found.diagnosis))
        if self.found.headroom is not None and self.found.headroom.stops:
            raise SearchStoppedError(self.found.headroom.sentence)
        if not self._is_open:
            self._enter(Phase.MODEL_FREE)
            await score_given(search)
            if self.found.diagnosis is not None:
                await try_contract(search, self.found.diagnosis)
        elif misses_little(search):
            self.allowance.narrow(_SHARE_FOR_LITTLE)
            self.allowance.set_aside(self._verdict_need())
            if search.pulls(search.settings.rounds + 1) >= 2 * len(search.validation):
                await score_given(search)
        return await self._all_rounds()

    async def _all_rounds(self) -> str:
        search, settings = self.search, self.search.settings
        best = self._best_score
        barren = quiet = idle = 0
        while self.rounds < settings.rounds:
            if any(is_perfect(s.cases.values(), search.validation) for s in search.standings):
                return "a candidate passes every golden of validation"
            self._enter(_phase_of(search.settings, self.rounds + 1), self.rounds + 1)
            asked = self.allowance.spent.optimizer_calls
            proposed = await run_round(search, self.rounds + 1)
            self.rounds += 1
            if search.optimizer.given_up and not proposed:
                return self._without_optimizer()
            was_asked = self.allowance.spent.optimizer_calls > asked
            barren = 0 if proposed else barren + was_asked
            quiet = 0 if proposed or was_asked else quiet + 1
            if barren == _BARREN_ROUNDS:
                return self._barren()
            if quiet == max(_BARREN_ROUNDS, self._batches_of_an_epoch):
                return f"nothing was missed in the batches of {quiet} rounds: nothing to go by"
            score = self._best_score
            idle = 0 if score > best else idle + 1
            best = max(best, score)
            if settings.patience and idle >= settings.patience:
                return f"no better candidate in {idle} rounds"
        return f"all {settings.rounds} rounds are done"

    def _check_inputs(self) -> None:
        search = self.search
        if not search.splits.train:
            raise SearchStoppedError("no golden of the train split can be used: nothing to learn")
        if not search.validation:
            raise SearchStoppedError(
                "no golden of the validation split can be used: nothing to choose by"
            )
        if not search.targets:
            raise SearchStoppedError(
                "the prompt has no words of its own outside its placeholders that may change: "
                "write an instruction first"
            )

    def _without_optimizer(self) -> str:
        """Why it ends; where nothing better was found before, another run may fare better."""
        why = self.search.optimizer.given_up
        if not self.search.standings or self._best().candidate is GIVEN:
            raise AnswersMissingError(why)
        return why

    def _barren(self) -> str:
        refused = sum(self.search.refused.values())
        return (
            f"the optimizer model gave nothing to use in {_BARREN_ROUNDS} rounds: "
            f"{self.search.optimizer.unparsed} replies could not be read and {refused} candidates "
            "were refused"
        )

    @property
    def _batches_of_an_epoch(self) -> int:
        return -(-len(self.search.splits.train) // self.search.settings.batch_size)

    async def _choice(self) -> Standing | None:
        """Who is chosen on validation, the best few being scored on all of it if that fits.

        Where it does not, it is among those scored on the most of it.
        """
        search = self.search
        if not search.standing(GIVEN).cases:
            return None
        leaders = [s.candidate for s in best_first(search.standings) if s.candidate is not GIVEN]
        if leaders:
            self._enter(Phase.FINALS)
        with contextlib.suppress(SearchStoppedError):
            if leaders and self._is_open:
                await run_finals(search)
            else:
                for candidate in leaders[:_FINALISTS]:
                    await search.board.ask([(candidate, search.validation)])
        others = [s for s in search.standings if s.candidate is not GIVEN]
        most = max((len(standing.cases) for standing in others), default=0)
        best_known = [standing for standing in others if len(standing.cases) == most]
        most_tokens = search.settings.max_tokens or math.inf
        affordable = [s for s in best_known if s.cost.tokens <= most_tokens]
        choice = chosen(search.subject.prompt, search.standing(GIVEN), affordable)
        search.journal.tell("chosen", candidate=choice.candidate.id if choice else None)
        return choice

    async def _verdict(self, candidate: Candidate) -> tuple[SearchVerdict | None, str]:
        """The verdict, or why there is none."""
        search = self.search
        self._enter(Phase.VERDICT)
        self.allowance.set_aside(Need())
        if self.file is not None:
            self.file.append([Remembered(run=self.name, event="opened")])
        try:
            duel = self.duel
            verdict = await give_verdict(
                Side(board=duel.sealed if duel else self.sealed, candidate=GIVEN),
                Side(board=self.sealed, candidate=candidate),
                self._test,
                openings=self.opened,
                confidence=search.settings.confidence,
                margin=duel.rival.margin if duel else None,
            )
        except SearchStoppedError as stop:
            if isinstance(stop, AnswersMissingError):
                search.journal.forget_errors()
            return None, f"no verdict: {stop}"
        majority = majority_of(self._test, search.subject)
        beside = f" {majority.sentence}" if majority is not None else ""
        verdict = replace(
            verdict,
            sentence=f"{verdict.sentence}{beside}",
            gate=self._gate_by(verdict, candidate),
        )
        search.journal.tell("verdict", kind=verdict.kind.value, sentence=verdict.sentence)
        self.report(Judged(verdict=verdict))
        return verdict, ""

    def _gate_by(self, verdict: SearchVerdict, candidate: Candidate) -> str:
        """Whether the gate holds on the test goldens, with the words that there will be."""
        is_new = candidate is not GIVEN and verdict.kind in _TAKEN
        words = "the new prompt" if is_new else "the prompt as it is"
        known = self.sealed.known(candidate if is_new else GIVEN)
        return gate_outlook(self.search.subject.prompt, known.values(), words)

    def _keep(self, choice: Standing | None, verdict: SearchVerdict | None) -> None:
        """Add the best that was tried to the memory that outlives the run."""
        if self.file is None:
            return
        given = self.search.standing(GIVEN)
        entries = [
            Remembered(
                run=self.name,
                event="tried",
                candidate=standing.candidate.id,
                origin=standing.candidate.origin,
                gain=round(standing.score - given.score, 4),
                note=standing.candidate.note,
            )
            for standing in best_first(self.search.standings)[:_REMEMBERED]
            if standing.candidate is not GIVEN
        ]
        if choice is not None and verdict is not None:
            entries.append(
                Remembered(
                    run=self.name,
                    event="judged",
                    candidate=choice.candidate.id,
                    origin=choice.candidate.origin,
                    note=verdict.kind.value,
                )
            )
        self.file.append(entries)

    def _verdict_need(self) -> Need:
        search = self.search
        total = Need()
        for golden in self._test:
            need = need_of(self.allowance, search.subject, golden, range(2), is_likely=True)
            total += need
        return total

    def _best(self) -> Standing:
        standings = self.search.standings
        return standings[0] if self._is_open else best_first(standings)[0]

    @property
    def _best_score(self) -> float:
        return self._best().score if self.search.standings else 0.0

    @property
    def _is_open(self) -> bool:
        return races_rivals(allocator_of(self.search.settings))

    @property
    def _test(self) -> Sequence[Golden]:
        """The goldens of the verdict, in the order in which they are asked: cluster by cluster."""
        test = self.search.splits.test
        clusters = members([golden.cluster for golden in test])
        order = random.Random(self.search.settings.seed).sample(clusters, len(clusters))
        drawn = [test[place] for places in order for place in places]
        pairs = self.plan.pairs
        return drawn if pairs is None else drawn[: int(pairs * self.allowance.share)]

    def _enter(self, phase: Phase, number: int = 0) -> None:
        search = self.search
        best = self._best() if search.standings else None
        self.report(
            Advanced(
                phase=phase,
                round=number,
                rounds=search.settings.rounds,
                candidates=len(self._tried()),
                alive=len(search.standings),
                refused=sum(search.refused.values()),
                best=best.score if best else None,
                interval=_interval(best) if best else None,
                spent=self.allowance.spent,
                caps=search.settings.caps,
            )
        )

    def _tried(self) -> tuple[Tried, ...]:
        standings = [self.search.standing(candidate) for candidate in self.search.seen]
        return tuple(
            Tried(candidate=s.candidate, score=s.score, goldens=len(s.cases))
            for s in standings
            if s.cases
        )

    def _result(
        self, reason: str, choice: Standing | None, verdict: SearchVerdict | None
    ) -> Result:
        search = self.search
        search.journal.tell("ended", reason=reason)
        given = search.standing(GIVEN)
        return Result(
            chosen=choice.candidate if choice else None,
            reason=reason,
            before=given.score if given.cases else None,
            after=choice.score if choice else None,
            verdict=verdict,
            rounds=self.rounds,
            tried=self._tried(),
            refused=dict(search.refused),
            unparsed=search.optimizer.unparsed,
            errors=dict(self.allowance.errors),
            spent=self.allowance.spent,
            plan=self.plan,
            headroom=self.found.headroom,
            diagnosis=self.found.diagnosis,
        )


def _interval(standing: Standing) -> Interval:
    cases = standing.cases.values()
    return shown_interval(
        [case.score or 0.0 for case in cases],
        weights=[case.golden.weight for case in cases],
        clusters=[case.golden.cluster for case in cases],
    )


def _phase_of(settings: OptimizeSettings, number: int) -> Phase:
    """What round ``number`` is, from 1, by its proposers."""
    counts = settings.proposers_of(number)
    orders = {n: Order(count=count, fresh=0, settings=settings) for n, count in counts.items()}
    if any(cost_of(made_proposer(n, settings), order).calls for n, order in orders.items()):
        return Phase.PROPOSED
    return Phase.COMBINED if _COMBINING & counts.keys() else Phase.MODEL_FREE
