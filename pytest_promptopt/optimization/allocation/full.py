"""Every candidate on every golden, as far as the pulls go."""

from pytest_promptopt.optimization.allocation.allocator import Race, WithinPulls
from pytest_promptopt.optimization.candidate import Candidate


class Full(WithinPulls):
    """The same goldens for all; where the pulls do not reach, fewer for all."""

    async def best(self, race: Race) -> tuple[Candidate, ...]:
        """The best by their means."""
        goldens = race.goldens[: max(1, race.per_candidate)]
        await race.board.ask([(candidate, goldens) for candidate in race.candidates])
        return tuple(race.by_score(race.scored(race.candidates))[: race.keep])
