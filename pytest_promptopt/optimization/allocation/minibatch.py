"""The child on its parent's batch first, and on all of validation only if it did better."""

from pytest_promptopt.optimization.allocation.allocator import Race, RaceSize
from pytest_promptopt.optimization.candidate import Candidate


class Minibatch:
    """GEPA's gate (arXiv 2507.19457): the acceptance decides on the batch, then comes the rest."""

    is_gate = True

    def cost(self, size: RaceSize) -> int:
        """All goldens for all, and the batch before."""
        return size.candidates * (size.batch + size.goldens)

    async def best(self, race: Race) -> tuple[Candidate, ...]:
        """Those accepted on the batch, the best on validation first."""
        await race.board.ask(
            [
                (each, race.batches[candidate.id])
                for candidate in race.candidates
                for each in (race.parents[candidate.id], candidate)
            ]
        )
        accepted = [candidate for candidate in race.candidates if race.is_accepted(candidate)]
        await race.board.ask([(candidate, race.goldens) for candidate in accepted])
        return tuple(race.by_score(race.scored(accepted))[: race.keep])
