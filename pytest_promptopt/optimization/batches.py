"""Batches: the goldens of ``train`` that a proposal is made from."""

import random
from collections.abc import Sequence

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.scoreboard import Board
from pytest_promptopt.prompts.golden import Golden


class Batches:
    """Draws batches for the parents of a search, all by one ``rng``.

    ``random`` goldens are drawn from those that the parent has answered, if these are enough.
    ``errors`` are what the parent misses (PE2's hard negatives): goldens are asked in a shuffled
    order, the known ones first, until enough are missed or ``train`` is through. ``epoch`` goes
    through all goldens before one comes again. ``mixed`` takes first what some candidates pass
    and others miss, which is what tells them apart (APEX, arXiv 2606.11459). ``failed`` are the
    goldens that the parent misses in the file's order, so that the same come again until they
    pass (Reflexion).
    """

    def __init__(self, kind: str, size: int, train: Sequence[Golden], rng: random.Random) -> None:
        self._kind = kind
        self._size = min(size, len(train))
        self._train = tuple(train)
        self._rng = rng
        self._epoch: list[Golden] = []

    async def draw(
        self, board: Board, parent: Candidate, pool: Sequence[Candidate]
    ) -> tuple[Case, ...]:
        """The parent's cases on its batch, at most ``size`` of them."""
        match self._kind:
            case "errors":
                return await self._missed(board, parent, self._known_first(board, parent))
            case "failed":
                return await self._missed(board, parent, self._train)
            case "epoch":
                goldens = self._next_of_epoch()
            case "mixed":
                goldens = self._mixed(board, pool)[: self._size]
            case _:
                goldens = self._random(board, parent)
        await board.ask([(parent, goldens)])
        known = board.known(parent)
        return tuple(known[golden.id] for golden in goldens if golden.id in known)

    def _random(self, board: Board, parent: Candidate) -> list[Golden]:
        """From what the parent has answered already, if that is enough: it costs nothing."""
        known = [golden for golden in self._train if golden.id in board.known(parent)]
        return self._rng.sample(known if len(known) >= self._size else self._train, self._size)

    async def _missed(
        self, board: Board, parent: Candidate, goldens: Sequence[Golden]
    ) -> tuple[Case, ...]:
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

    def _next_of_epoch(self) -> list[Golden]:
        drawn: list[Golden] = []
        while len(drawn) < self._size:
            if not self._epoch:
                # Taken from the end: what is in this batch already comes last.
                drawn_ids = {golden.id for golden in drawn}
                fresh = self._shuffled(self._train)
                self._epoch = sorted(fresh, key=lambda golden: golden.id not in drawn_ids)
            drawn.append(self._epoch.pop())
        return drawn

    def _mixed(self, board: Board, pool: Sequence[Candidate]) -> list[Golden]:
        def rank(golden: Golden) -> int:
            known = [board.known(candidate).get(golden.id) for candidate in pool]
            passed = {case.passed for case in known if case is not None}
            return {2: 0, 1: 1 if False in passed else 3, 0: 2}[len(passed)]

        return sorted(self._shuffled(self._train), key=rank)

    def _known_first(self, board: Board, parent: Candidate) -> list[Golden]:
        known = board.known(parent)
        return sorted(self._shuffled(self._train), key=lambda golden: golden.id not in known)

    def _shuffled(self, goldens: Sequence[Golden]) -> list[Golden]:
        return self._rng.sample(goldens, len(goldens))
