"""The instruction behind examples."""

from collections.abc import Sequence

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.material import data_block, pair_line
from pytest_promptopt.optimization.optimizer import Question
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost

_META = {"forward": "induce", "infill": "infill", "customized": "customized"}


class Induce:
    """APE's start (arXiv 2211.01910, section 3.1): ``count`` draws of ``shown`` pairs.

    ``forward`` asks after the pairs what the instruction was, ``infill`` names the gap before
    them (the paper's reverse generation has a model for infilling write it), ``customized`` puts
    a ``frame`` for the task around them. In the paper the reply stands alone; here it takes the
    place of one message, so the request names the placeholders to keep. Goldens without
    ``expected`` are no pairs.
    """

    needs_cases = False

    def cost(self, order: Order) -> ProposerCost:
        """A call a draw."""
        return ProposerCost(calls=order.count, candidates=order.count)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """What was induced, one a draw; none where no golden has an expected answer."""
        settings = context.settings
        usable = [golden for golden in context.train if golden.has_expected]
        if not usable:
            return ()
        questions = []
        for _ in range(context.count):
            goldens = context.rng.sample(usable, min(settings.shown, len(usable)))
            pairs = data_block(pair_line(context.prompt, golden) for golden in goldens)
            values = context.values(pairs=pairs, frame=settings.frame)
            meta = _META[settings.induction]
            questions.append(Question(request=meta, values=values, tag="prompt"))
        replies = await context.optimizer.ask(questions)
        return [
            context.child(reply.texts[0], origin="induce") for reply in replies if reply is not None
        ]
