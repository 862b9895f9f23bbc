"""Worked examples from ``train`` in front of the question."""

from collections.abc import Sequence

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.template import as_text


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
        by_answer: dict[str, list[Golden]] = {}
        for golden in sorted(shuffled, key=lambda golden: golden.id not in missed):
            by_answer.setdefault(as_text(golden.expected), []).append(golden)
        ids: list[str] = []
        while len(ids) < most and any(by_answer.values()):
            for goldens in by_answer.values():
                if goldens and len(ids) < most:
                    ids.append(goldens.pop(0).id)
        return tuple(ids)
