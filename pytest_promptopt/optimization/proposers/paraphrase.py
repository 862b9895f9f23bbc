"""The same in other words."""

from collections.abc import Sequence

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.material import fenced
from pytest_promptopt.optimization.optimizer import Question
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost


class Paraphrase:
    """``count`` paraphrases of the parent, and of each fresh edit with ``paraphrase_edits``.

    APE's Monte-Carlo resampling and ProTeGi's successors. The reference of ProTeGi sends the bare
    text, which then loses its placeholders now and then; here the request names those to keep.
    """

    needs_cases = False

    def cost(self, order: Order) -> ProposerCost:
        """A call a paraphrase."""
        made = order.count * (1 + order.fresh) if order.settings.paraphrase_edits else order.count
        return ProposerCost(calls=made, candidates=made)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """The paraphrases, those of the parent first."""
        sources = [context.parent]
        if context.settings.paraphrase_edits:
            sources += context.fresh
        texts = [source.text(context.prompt, context.position) for source in sources]
        asked = [text for text in texts for _ in range(context.count)]
        questions = [
            Question(
                request="paraphrase",
                values=context.values(prompt=fenced(text)),
                tag="prompt",
            )
            for text in asked
        ]
        replies = await context.optimizer.ask(questions)
        return [
            context.child(reply.texts[0], origin="paraphrase")
            for reply in replies
            if reply is not None
        ]
