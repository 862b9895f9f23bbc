"""Upper confidence bounds: the candidate that may be the best is asked next."""

import math
from collections.abc import Sequence

from pytest_promptopt.optimization.allocation.allocator import Race, WithinPulls
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import mean_of


class Ucb(WithinPulls):
    """mean + c·√(ln t / n), t being all answers so far and n the candidate's own.

    ProTeGi (Pryzant et al. 2023, arXiv 2305.03495, algorithm 3). Its reference code counts
    rounds in t and answers in n, and has no bonus at t = 1; here every candidate begins with a
    block of goldens and both count answers. A turn asks a block, so that calls go out together.
    """

    async def best(self, race: Race) -> tuple[Candidate, ...]:
        """The best by their means when the pulls are spent."""
        asked = dict.fromkeys((candidate.id for candidate in race.candidates), 0)
        turn: Sequence[Candidate] = race.candidates[: race.pulls]
        left = race.pulls
        size = max(1, min(race.settings.block, race.per_candidate))
        while turn and left > 0:
            wanted = []
            for candidate in turn:
                start = asked[candidate.id]
                goldens = race.goldens[start : start + min(size, left)]
                asked[candidate.id] += len(goldens)
                left -= len(goldens)
                wanted.append((candidate, goldens))
            await race.board.ask(wanted)
            turn = self._next(race, asked)
        return tuple(race.by_score(race.scored(race.candidates))[: race.keep])

    def _next(self, race: Race, asked: dict[str, int]) -> list[Candidate]:
        open_ones = [c for c in race.candidates if asked[c.id] < len(race.goldens)]
        total = sum(asked.values())

        def bound(candidate: Candidate) -> float:
            own = asked[candidate.id]
            if own == 0:
                return math.inf
            mean = mean_of(race.cases(candidate).values()) or 0.0
            return mean + self.bonus(race.settings.exploration, total, own)

        return [max(open_ones, key=bound)] if open_ones else []

    def bonus(self, c: float, total: int, own: int) -> float:
        """What is added to the mean of a candidate with ``own`` of ``total`` answers."""
        return c * math.sqrt(math.log(total) / own)


class UcbE(Ucb):
    """mean + c·√(c / n): the bonus does not grow with time (Audibert and Bubeck 2010)."""

    def bonus(self, c: float, total: int, own: int) -> float:  # noqa: ARG002 - as in Ucb
        """What is added to the mean of a candidate with ``own`` answers."""
        return c * math.sqrt(c / own)
