"""The state that all steps of a search share."""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.batches import Batches
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case
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
from pytest_promptopt.prompts.golden import Golden

GIVEN = Candidate()
"""The prompt as it stands."""

_ID = re.compile(r"candidate [0-9a-f]{12}\b")
_TURNED_DOWN = "People turned this very text down before."


@dataclass(slots=True, kw_only=True)
class SearchState:
    """What a search knows.

    ``validation`` is in the order in which every candidate meets it. ``pool`` holds what may be
    a parent, the given prompt first; ``seen`` everything that passed the guards; ``targets`` are
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
    pool: list[Candidate] = field(default_factory=lambda: [GIVEN])
    seen: list[Candidate] = field(default_factory=lambda: [GIVEN])
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

    def admit(self, candidate: Candidate) -> bool:
        """Whether the candidate passes the guards; notes it, or why it does not."""
        reason = self.guards.refusal(candidate, self.seen)
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

    def allotment(self, proposer: str, calls: int) -> Allotment:
        """So many calls of the optimizer model for the proposer."""
        return Allotment(optimizer=self.optimizer, calls=calls, proposer=proposer)

    def context(
        self,
        parent: Candidate,
        *,
        position: int,
        diagnosis: Diagnosis | None,
        cases: Sequence[Case] = (),
        fresh: Sequence[Candidate] = (),
        count: int = 1,
        optimizer: Allotment | None = None,
    ) -> Context:
        """What a proposer is given; without ``optimizer`` it may ask nothing."""
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
            optimizer=optimizer or self.allotment("contract", 0),
            count=count,
            rng=self.rng,
        )

    def diagnosis_of(self, candidate: Candidate, more: Sequence[Case] = ()) -> Diagnosis | None:
        """What the candidate misses of ``train``; None where that is switched off."""
        if not self.settings.diagnosis:
            return None
        known = self.board.known(candidate)
        cases = [known[golden.id] for golden in self.splits.train if golden.id in known]
        return diagnose([*cases, *more], self.splits.train, self.subject)
