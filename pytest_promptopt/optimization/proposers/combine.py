"""The best words with the best examples."""

from collections.abc import Sequence
from dataclasses import replace

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost


class Combine:
    """The parent's words with examples of others of the pool, and its examples with their words.

    Words and examples help or hurt each other, so that the best of both must be tried together.
    """

    needs_cases = False

    def cost(self, order: Order) -> ProposerCost:
        """Nothing is asked."""
        return ProposerCost(candidates=order.count)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """At most ``count``, those from the best of the pool first."""
        parent = context.parent
        others = [standing.candidate for standing in context.pool]
        made = [
            replace(
                words,
                demonstrations=examples.demonstrations,
                shown_in=examples.shown_in,
                origin="combine",
                parent=parent.id,
                note=f"The words of {words.id} with the examples of {examples.id}.",
            )
            for other in others
            for words, examples in ((parent, other), (other, parent))
            if examples.demonstrations
        ]
        known = {parent.id, *(other.id for other in others)}
        new = {candidate.id: candidate for candidate in made if candidate.id not in known}
        return tuple(new.values())[: context.count]
