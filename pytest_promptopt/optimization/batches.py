"""Batches: the goldens of ``train`` that a proposal is made from."""

import random
from collections.abc import Mapping, Sequence
from typing import Protocol

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case, CaseBoard
from pytest_promptopt.prompts.golden import Golden

_ASKED_FOR_A_MISS = 2


class Batches(Protocol):
    """Draws batches of at most so many goldens of ``train`` for parents, all by one generator.

    Made from the size, the goldens and the generator.
    """

    def __init__(self, size: int, train: Sequence[Golden], rng: random.Random) -> None: ...

    @staticmethod
    def asked(size: int, train: int) -> tuple[int, int]:
        """How many goldens a parent is asked for a batch: as a rule, and at most."""
        ...

    async def draw(
        self, board: CaseBoard, parent: Candidate, pool: Sequence[Candidate]
    ) -> tuple[Case, ...]:
        """The parent's cases on its batch."""
        ...


class _Drawn:
    """The first goldens of an order; by itself of the file's."""

    def __init__(self, size: int, train: Sequence[Golden], rng: random.Random) -> None:
        self._size = min(size, len(train))
        self._train = tuple(train)
        self._rng = rng

    @staticmethod
    def asked(size: int, train: int) -> tuple[int, int]:
        """The batch itself."""
        return (min(size, train),) * 2

    async def draw(
        self, board: CaseBoard, parent: Candidate, pool: Sequence[Candidate]
    ) -> tuple[Case, ...]:
        """The parent's cases on its batch."""
        goldens = self._order(board, parent, pool)[: self._size]
        await board.ask([(parent, goldens)])
        known = board.known(parent)
        return tuple(known[golden.id] for golden in goldens if golden.id in known)

    def _order(
        self, _board: CaseBoard, _parent: Candidate, _pool: Sequence[Candidate]
    ) -> Sequence[Golden]:
        return self._train

    def _shuffled(self, goldens: Sequence[Golden]) -> list[Golden]:
        return self._rng.sample(goldens, len(goldens))


class Random(_Drawn):
    """Drawn from what the parent has answered already, if that is enough: it costs nothing."""

    def _order(
        self, board: CaseBoard, parent: Candidate, _pool: Sequence[Candidate]
    ) -> Sequence[Golden]:
        known = [golden for golden in self._train if golden.id in board.known(parent)]
        return self._rng.sample(known if len(known) >= self._size else self._train, self._size)


class Epoch(_Drawn):
    """All goldens before one comes again."""

    def __init__(self, size: int, train: Sequence[Golden], rng: random.Random) -> None:
        super().__init__(size, train, rng)
        self._epoch: list[Golden] = []

    def _order(
        self, _board: CaseBoard, _parent: Candidate, _pool: Sequence[Candidate]
    ) -> Sequence[Golden]:
        drawn: list[Golden] = []
        while len(drawn) < self._size:
            if not self._epoch:
                # Taken from the end: what is in this batch already comes last.
                drawn_ids = {golden.id for golden in drawn}
                fresh = self._shuffled(self._train)
                self._epoch = sorted(fresh, key=lambda golden: golden.id not in drawn_ids)
            drawn.append(self._epoch.pop())
        return drawn


class Mixed(_Drawn):
    """First what some candidates pass and others miss, which is what tells them apart.

    APEX, arXiv 2606.11459.
    """

    def _order(
        self, board: CaseBoard, _parent: Candidate, pool: Sequence[Candidate]
    ) -> Sequence[Golden]:
        def rank(golden: Golden) -> int:
            known = [board.known(candidate).get(golden.id) for candidate in pool]
            passed = {case.passed for case in known if case is not None}
            return {2: 0, 1: 1 if False in passed else 3, 0: 2}[len(passed)]

        return sorted(self._shuffled(self._train), key=rank)


class Failed(_Drawn):
    """What the parent misses in the file's order: the same until they pass (Reflexion)."""

    @staticmethod
    def asked(size: int, train: int) -> tuple[int, int]:
        """Twice the batch as a rule; where little is missed, all of ``train``."""
        return min(_ASKED_FOR_A_MISS * size, train), train

    async def draw(
        self, board: CaseBoard, parent: Candidate, pool: Sequence[Candidate]
    ) -> tuple[Case, ...]:
        """Asked in order until enough are missed, or ``train`` is through."""
        goldens = self._order(board, parent, pool)
        missed: list[Case] = []
        for start in range(0, len(goldens), self._size):
            part = goldens[start : start + self._size]
            await board.ask([(parent, part)])
            known = board.known(parent)
            cases = (known[golden.id] for golden in part if golden.id in known)
            missed += [case for case in cases if not case.passed]
            if len(missed) >= self._size:
                break
        return tuple(missed[: self._size])


class Errors(Failed):
    """What the parent misses in a shuffled order, the known ones first (PE2's hard negatives)."""

    def _order(
        self, board: CaseBoard, parent: Candidate, _pool: Sequence[Candidate]
    ) -> Sequence[Golden]:
        known = board.known(parent)
        return sorted(self._shuffled(self._train), key=lambda golden: golden.id not in known)


BATCHES: Mapping[str, type[Batches]] = {
    "random": Random,
    "errors": Errors,
    "epoch": Epoch,
    "mixed": Mixed,
    "failed": Failed,
}
