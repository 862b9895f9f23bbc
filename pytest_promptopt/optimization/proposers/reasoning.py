"""Reasoning before the answer, with a mark where the answer stands."""

from collections.abc import Sequence
from dataclasses import replace

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.diagnosis.contract import with_contract
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost
from pytest_promptopt.prompts.answer_place import WHOLE, AnswerPlace

_MARK = "Answer:"
_ASKS = (
    "First think step by step in a few short sentences. "
    f'Then write "{_MARK}" and after it the answer alone.'
)
_LEAST_TOKENS = 200


class Reasoning:
    """The parent asked to think step by step, its answer read after a mark.

    Only where the prompt says nothing of its own about where the answer stands, is not asked for
    JSON, and lets the model write enough.
    """

    needs_cases = False

    def cost(self, order: Order) -> ProposerCost:
        """Nothing is asked."""
        return ProposerCost(candidates=min(1, order.count))

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """One candidate, none where it cannot be asked for."""
        prompt, parent = context.prompt, context.parent
        room = prompt.parameters.get("max_tokens", _LEAST_TOKENS)
        is_possible = (
            prompt.answer == WHOLE
            and parent.answer is None
            and prompt.response_format == "text"
            and isinstance(room, int)
            and room >= _LEAST_TOKENS
        )
        text = with_contract(context.text, _ASKS) if is_possible else None
        if text is None:
            return ()
        child = context.child(text, origin="reasoning", note="Thinks before it answers.")
        return (replace(child, answer=AnswerPlace(mark="after", value=_MARK)),)
