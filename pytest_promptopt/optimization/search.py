"""The state that all steps of a search share."""

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytest_promptopt.client.estimate import likely_usage
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.batches import Batches
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case, CaseBoard, Wanted
from pytest_promptopt.optimization.diagnosis.diagnosis import Diagnosis, diagnose
from pytest_promptopt.optimization.guards.guards import Guards
from pytest_promptopt.optimization.journal import Journal
from pytest_promptopt.optimization.memory import Memory
from pytest_promptopt.optimization.optimizer import Allotment, Optimizer
from pytest_promptopt.optimization.parents import Standing
from pytest_promptopt.optimization.proposers.proposer import Context
from pytest_promptopt.optimization.scoreboard import Scoreboard
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.optimization.splits import Splits
from pytest_promptopt.optimization.stops import ForeignCodeError
from pytest_promptopt.optimization.together import Desk
from pytest_promptopt.prompts.golden import Golden

GIVEN = Candidate()
"""The prompt as it stands."""

_ID = re.compile(r"candidate [0-9a-f]{12}\b")
_TURNED_DOWN = "People turned this very text down before."


@dataclass(slots=True, kw_only=True)
class SearchState:
    """What a search knows.

    ``validation`` is in the order in which every candidate meets it. ``pulls`` says how many
    answers a round may take to race its candidates. ``pool`` holds what may be
    a parent, the given prompt first; ``seen`` everything that passed the guards, ``tried_out``
    what a proposer tried and may still propose; ``targets`` are
    the messages that are rewritten, one a round in turn.
    """

    subject: Subject
    settings: OptimizeSettings
    splits: Splits
    validation: Sequence[Golden]
    editable: Sequence[int]
    targets: Sequence[int]
    board: Scoreboard
    optimizer: Optimizer
    batches: Batches
    guards: Guards
    journal: Journal
    memory: Memory
    rng: random.Random
    pulls: Callable[[int], int]
    pool: list[Candidate] = field(default_factory=lambda: [GIVEN])
    seen: list[Candidate] = field(default_factory=lambda: [GIVEN])
    tried_out: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)

    def standing(self, candidate: Candidate) -> Standing:
        """The candidate with what it scored on validation."""
        known = self.board.known(candidate)
        cases = {g.id: known[g.id] for g in self.validation if g.id in known}
        return Standing(candidate=candidate, cases=cases)

    @property
    def standings(self) -> list[Standing]:
        """Those of the pool that were scored on validation, in the order of joining."""
        return [standing for c in self.pool if (standing := self.standing(c)).cases]

    async def try_out(self, wanted: Wanted, board: CaseBoard) -> Mapping[str, Mapping[str, Case]]:
        """What those that pass the guards score on goldens of ``train``, asked by ``board``."""
        passed = [(candidate, goldens) for candidate, goldens in wanted if self.admit(candidate)]
        self.tried_out |= {candidate.id for candidate, _ in passed}
        await board.ask(passed)
        return {candidate.id: board.known(candidate) for candidate, _ in passed}

    def admit(self, candidate: Candidate) -> bool:
        """Whether the candidate passes the guards; notes it, or why it does not."""
        if candidate.id in self.tried_out:
            self.tried_out.remove(candidate.id)
            return True
        reason = self.guards.refusal(candidate, self.seen) or self._too_dear(candidate)
        if reason is None and candidate.id in self.memory.turned_down:
            reason = _TURNED_DOWN
        facts = {
            "candidate": candidate.id,
            "origin": candidate.origin,
            "parent": candidate.parent,
            "note": candidate.note,
            "texts": {str(position): text for position, text in candidate.texts.items()},
            "demonstrations": list(candidate.demonstrations),
        }
        if reason is not None:
            self.refused[_ID.sub("another candidate", reason)] += 1
            self.journal.tell("refused", **facts, reason=reason)
            return False
        self.seen.append(candidate)
        self.journal.tell("proposed", **facts)
        return True

    def _too_dear(self, candidate: Candidate) -> str | None:
        """Why its requests are too long for `maxTokens`, None if they are not."""
        most = self.settings.max_tokens
        if most is None:
            return None
        prompt = candidate.apply_to(self.subject.prompt, self.splits.train)
        request = replace(self.subject, prompt=prompt).request(self.splits.train[0], 0)
        likely = likely_usage(request).input_tokens
        if likely <= most:
            return None
        return f"A request would take about {likely} tokens, and `maxTokens` allows {most}."

    def context(
        self,
        parent: Candidate,
        *,
        position: int,
        diagnosis: Diagnosis | None,
        cases: Sequence[Case] = (),
        fresh: Sequence[Candidate] = (),
        count: int = 1,
        proposer: str = "contract",
        desk: Desk | None = None,
        calls: int = 0,
        answers: int = 0,
    ) -> Context:
        """What a proposer is given: at its ``desk`` it may ask for so many calls and answers."""
        ask = desk.question if desk else self.optimizer.ask
        return Context(
            prompt=self.subject.prompt,
            position=position,
            editable=self.editable,
            parent=parent,
            cases=tuple(cases),
            train=self.splits.train,
            pool=self.standings,
            fresh=tuple(fresh),
            memory=self.memory,
            diagnosis=diagnosis,
            settings=self.settings,
            optimizer=Allotment(optimizer=ask, calls=calls, proposer=proposer),
            trial=Tries(search=self, board=desk or self.board, answers=answers, proposer=proposer),
            count=count,
            rng=self.rng,
        )

    def diagnosis_of(self, candidate: Candidate, more: Sequence[Case] = ()) -> Diagnosis | None:
        """What the candidate misses of ``train``; None where that is switched off."""
        if not self.settings.diagnosis:
            return None
        known = self.board.known(candidate)
        cases = [
            known[golden.id]
            for golden in self.splits.train
            if golden.id in known and golden.id not in candidate.demonstrations
        ]
        return diagnose([*cases, *more], self.splits.train, self.subject)


@dataclass(slots=True, kw_only=True)
class Tries:
    """The tries of one proposer, which may have so many ``answers`` and no more."""

    search: SearchState
    board: CaseBoard
    answers: int
    proposer: str

    async def __call__(self, wanted: Wanted) -> Mapping[str, Mapping[str, Case]]:
        """As :meth:`SearchState.try_out`; raises :class:`ForeignCodeError` for too many."""
        count = sum(len(goldens) for _, goldens in wanted)
        if count > self.answers:
            raise ForeignCodeError(
                f"the proposer `{self.proposer}` wants {count} more answers to try its "
                f"candidates, and by its `cost` it may have {self.answers}"
            )
        self.answers -= count
        return await self.search.try_out(wanted, self.board)
