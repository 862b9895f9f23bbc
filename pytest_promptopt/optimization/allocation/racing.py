"""Goldens in blocks; after each, who is shown to be worse leaves the race."""

from pytest_promptopt.optimization.acceptance import independent_gains, p_better
from pytest_promptopt.optimization.allocation.allocator import Race, WithinPulls
from pytest_promptopt.optimization.allocation.full import Full
from pytest_promptopt.optimization.candidate import Candidate


class Racing(WithinPulls):
    """CAPO's race with paired tests (arXiv 2504.16005, algorithm 2).

    A candidate leaves when at least ``keep`` others are better by a one-sided paired test at
    ``race_level``; the race ends when ``keep`` are left, or all goldens were asked; no more than
    ``keep`` from the start share the pulls. The paper
    tests by paired t; here it is the exact test of the verdict, since scores are mostly 0 and 1.
    As there, levels are not corrected for looking repeatedly: a race saves calls, it proves
    nothing.
    """

    async def best(self, race: Race) -> tuple[Candidate, ...]:
        """Who is left, the best first."""
        if len(race.candidates) <= race.keep:
            return await Full().best(race)
        left = list(race.candidates)
        pulls, done = race.pulls, 0
        size = max(1, race.settings.block)
        while left and done < len(race.goldens) and pulls >= len(left):
            depth = min(done + size, len(race.goldens), done + pulls // len(left))
            await race.board.ask([(candidate, race.goldens[:depth]) for candidate in left])
            pulls -= len(left) * (depth - done)
            done = depth
            left = race.scored(left)
            if len(left) <= race.keep:
                break
            left = [candidate for candidate in left if not _is_beaten(candidate, left, race)]
        return tuple(race.by_score(left)[: race.keep])


def _is_beaten(candidate: Candidate, rivals: list[Candidate], race: Race) -> bool:
    own = race.cases(candidate)
    better = sum(
        p_better(independent_gains(own, race.cases(rival))) <= race.settings.race_level
        for rival in rivals
        if rival is not candidate
    )
    return better >= race.keep
