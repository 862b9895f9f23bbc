"""Rounds of equal cost, each dropping the worse half."""

import math

from pytest_promptopt.optimization.allocation.allocator import Race, WithinPulls
from pytest_promptopt.optimization.candidate import Candidate


class SuccessiveHalving(WithinPulls):
    """Karnin, Koren and Somekh 2013: log₂ K rounds share the pulls, each halves who is left."""

    async def best(self, race: Race) -> tuple[Candidate, ...]:
        """Who is left, the best first."""
        left = list(race.candidates)
        rounds = max(1, math.ceil(math.log2(max(1.0, len(left) / race.keep))))
        pulls, depth = race.pulls, 0
        for done in range(rounds):
            step = max(pulls // ((rounds - done) * max(1, len(left))), int(depth == 0))
            deeper = min(depth + step, len(race.goldens))
            await race.board.ask([(candidate, race.goldens[:deeper]) for candidate in left])
            pulls -= len(left) * (deeper - depth)
            depth = deeper
            left = race.by_score(race.scored(left))
            left = left[: max(race.keep, math.ceil(len(left) / 2))]
        return tuple(left[: race.keep])
