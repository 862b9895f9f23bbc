"""The output contract, stated without asking a model."""

from collections.abc import Sequence
from dataclasses import replace

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.diagnosis.contract import contract_candidates
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost
from pytest_promptopt.prompts.prompt import Prompt


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
        found = contract_candidates(parents_prompt(context), context.editable, context.diagnosis)
        return tuple(child_of(context.parent, candidate) for candidate in found[: context.count])


def parents_prompt(context: Context) -> Prompt:
    """The prompt with the parent's texts; positions are those of the file, so without examples."""
    shown = replace(context.parent, demonstrations=())
    return shown.apply_to(context.prompt, context.train)


def child_of(parent: Candidate, candidate: Candidate) -> Candidate:
    """The parent with the texts of ``candidate``, which was made from its prompt."""
    texts = {**parent.texts, **candidate.texts}
    note = candidate.note
    return replace(parent, texts=texts, origin=candidate.origin, parent=parent.id, note=note)
