"""A version that goes on from the best ones so far."""

from collections.abc import Sequence

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.material import data_block, data_line, pair_line
from pytest_promptopt.optimization.optimizer import Question
from pytest_promptopt.optimization.parents import best_first
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost


class Trajectory:
    """OPRO (arXiv 2309.03409): the best ``history`` versions, the worst first, scores 0 to 100.

    ``shown`` goldens of ``train`` are drawn once a round for all its requests. In the reference a
    reply without tags becomes the prompt as a whole; here it is dropped.
    """

    needs_cases = False

    def cost(self, order: Order) -> ProposerCost:
        """A call a reply."""
        return ProposerCost(calls=order.count, candidates=order.count)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """``count`` replies to the same request at a high temperature."""
        settings = context.settings
        best = best_first(context.pool)[: max(1, settings.history)]
        history = data_block(
            data_line(
                {
                    "prompt": standing.candidate.text(context.prompt, context.position),
                    "score": round(100 * standing.score),
                }
            )
            for standing in reversed(best)
        )
        goldens = context.rng.sample(context.train, min(settings.shown, len(context.train)))
        pairs = data_block(pair_line(context.prompt, golden) for golden in goldens)
        values = context.values(history=history, pairs=pairs)
        question = Question(request="trajectory", values=values, tag="prompt")
        replies = await context.optimizer.ask([question] * context.count)
        return [
            context.child(reply.texts[0], origin="trajectory")
            for reply in replies
            if reply is not None
        ]
