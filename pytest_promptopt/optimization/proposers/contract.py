"""The output contract, stated without asking a model."""

from collections.abc import Sequence
from dataclasses import replace

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.diagnosis.contract import contract_candidates
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost


class Contract:
    """What the diagnosis knows of the expected answers, added to the parent's texts."""

    needs_cases = False

    def cost(self, order: Order) -> ProposerCost:
        """Nothing is asked."""
        return ProposerCost(candidates=order.count)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """The likeliest candidates; none where there is nothing to state or it stands there."""
        if context.diagnosis is None:
            return ()
        # Positions are those of the file, so demonstrations are left out here.
        shown = replace(context.parent, demonstrations=())
        prompt = shown.apply_to(context.prompt, context.train)
        found = contract_candidates(prompt, context.editable, context.diagnosis)
        return tuple(
            replace(
                context.parent,
                texts={**context.parent.texts, **candidate.texts},
                origin="contract",
                parent=context.parent.id,
                note=candidate.note,
            )
            for candidate in found[: context.count]
        )
