"""Phases of equal pulls, each dropping the worst."""

import math

from pytest_promptopt.optimization.allocation.allocator import Race, WithinPulls
from pytest_promptopt.optimization.allocation.full import Full
from pytest_promptopt.optimization.candidate import Candidate


class SuccessiveRejects(WithinPulls):
    """Audibert and Bubeck 2010, as in ProTeGi (arXiv 2305.03495, algorithm 4).

    In phase k of K − 1 all that are left have n_k = ⌈(B − K) / (log̅K · (K + 1 − k))⌉ answers,
    with log̅K = 1/2 + Σ_{i=2..K} 1/i, then the worst goes. Ends when ``keep`` are left;
    no more than that from the start share the pulls.
    """

    async def best(self, race: Race) -> tuple[Candidate, ...]:
        """Who was never rejected, the best first."""
        if len(race.candidates) <= race.keep:
            return await Full().best(race)
        left = list(race.candidates)
        count = len(left)
        pulls = min(race.pulls, count * len(race.goldens))
        spread = 0.5 + sum(1 / i for i in range(2, count + 1))
        for phase in range(1, count):
            each = math.ceil((pulls - count) / (spread * (count + 1 - phase)))
            goldens = race.goldens[: max(1, each)]
            await race.board.ask([(candidate, goldens) for candidate in left])
            left = race.scored(left)
            if len(left) <= race.keep:
                break
            left = race.by_score(left)[:-1]
        return tuple(race.by_score(race.scored(left))[: race.keep])
