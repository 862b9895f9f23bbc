"""All on a small subset, the better half on fresh ones, the finalists on everything."""

import math

from pytest_promptopt.optimization.allocation.allocator import Race, WithinPulls
from pytest_promptopt.optimization.candidate import Candidate


class Staged(WithinPulls):
    """APE's adaptive filtering (Zhou et al. 2022, arXiv 2211.01910, section 3.2 and appendix).

    The subset doubles with every stage. The moving average over subsets is the mean of all
    answers so far, which is what it comes to when every answer weighs the same.
    """

    async def best(self, race: Race) -> tuple[Candidate, ...]:
        """The finalists, the best first."""
        left = list(race.candidates)
        size = depth = max(1, min(race.settings.block, race.per_candidate))
        pulls = race.pulls
        done = 0
        while left and done < len(race.goldens) and pulls >= len(left):
            depth = min(depth, len(race.goldens), done + pulls // len(left))
            await race.board.ask([(candidate, race.goldens[:depth]) for candidate in left])
            pulls -= len(left) * (depth - done)
            done = depth
            left = race.by_score(race.scored(left))
            left = left[: max(race.keep, math.ceil(len(left) / 2))]
            size *= 2
            depth = len(race.goldens) if len(left) <= race.keep else done + size
        return tuple(left[: race.keep])
