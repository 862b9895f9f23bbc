"""Two candidates in one."""

from collections.abc import Sequence

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.material import fenced
from pytest_promptopt.optimization.optimizer import Question
from pytest_promptopt.optimization.parents import Standing, best_first
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost


class Merge:
    """The parent and the candidate of the pool that passes most of what the parent misses.

    Messages that only one of the two changed are taken over without a model, as in GEPA's
    system-aware merge (arXiv 2507.19457, algorithm 4, there module by module). Where both
    changed the message to rewrite, the optimizer model writes it ``count`` times.
    """

    needs_cases = False

    def cost(self, order: Order) -> ProposerCost:
        """A call a candidate, where a model is asked."""
        return ProposerCost(calls=order.count, candidates=order.count)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """The merged candidates; none where nobody passes what the parent misses."""
        other = self._complement(context)
        if other is None:
            return ()
        joined = {**other.texts, **context.parent.texts}
        position = context.position
        if position not in other.texts or position not in context.parent.texts:
            child = Candidate(
                texts=joined,
                demonstrations=context.parent.demonstrations or other.demonstrations,
                origin="merge",
                parent=context.parent.id,
                note=f"Takes over the messages of {other.id}.",
            )
            return (child,)
        question = Question(
            request="merge",
            values=context.values(
                first=fenced(context.text),
                second=fenced(other.text(context.prompt, position)),
            ),
            tag="prompt",
        )
        replies = await context.optimizer.ask([question] * context.count)
        note = f"Merged with {other.id}."
        return [
            context.child(reply.texts[0], origin="merge", note=note)
            for reply in replies
            if reply is not None
        ]

    def _complement(self, context: Context) -> Candidate | None:
        own = next((s for s in context.pool if s.candidate.id == context.parent.id), None)
        if own is None:
            return None
        missed = {golden_id for golden_id, case in own.cases.items() if not case.passed}

        def gained(standing: Standing) -> int:
            return sum(standing.cases[key].passed for key in missed & standing.cases.keys())

        others = [s for s in best_first(context.pool) if s.candidate.id != context.parent.id]
        best = max(others, key=gained, default=None)
        return best.candidate if best is not None and gained(best) else None
