"""Worked examples from ``train`` in front of the question."""

import itertools
from collections.abc import Sequence

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.proposers.examples import answers_in_turns
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost
from pytest_promptopt.prompts.golden import Golden


class Demonstrations:
    """``count`` draws of at most ``demonstrations`` goldens, without asking a model.

    Expected answers take turns, so that few examples show many of them. Within an answer, goldens
    that the parent misses come first.
    """

    needs_cases = False

    def cost(self, order: Order) -> ProposerCost:
        """Nothing is asked."""
        return ProposerCost(candidates=order.count)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """The parent with other demonstrations; none where none are wanted or possible."""
        most = context.settings.demonstrations
        asked = [m for m in context.prompt.messages if m.role == "user"]
        usable = [golden for golden in context.train if golden.has_expected]
        if not (most and asked and usable):
            return ()
        drawn = (self._draw(context, usable, most) for _ in range(context.count))
        return [
            Candidate(
                texts=context.parent.texts,
                demonstrations=ids,
                origin="demonstrations",
                parent=context.parent.id,
                note=f"Shows {len(ids)} worked examples.",
            )
            for ids in dict.fromkeys(drawn)
        ]

    def _draw(self, context: Context, usable: Sequence[Golden], most: int) -> tuple[str, ...]:
        missed = {case.golden.id for case in context.errors}
        shuffled = context.rng.sample(usable, len(usable))
        ordered = sorted(shuffled, key=lambda golden: golden.id not in missed)
        return tuple(golden.id for golden in itertools.islice(answers_in_turns(ordered), most))
