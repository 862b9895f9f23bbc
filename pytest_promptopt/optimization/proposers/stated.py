"""The task itself, where the goldens show it without a model."""

from collections.abc import Sequence

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.diagnosis.contract import (
    candidates_saying,
    escaped,
    form_beside_a_task,
)
from pytest_promptopt.optimization.diagnosis.diagnosis import diagnose
from pytest_promptopt.optimization.diagnosis.tasks import stated_task
from pytest_promptopt.optimization.diagnosis.wording import lead_to
from pytest_promptopt.optimization.proposers.contract import child_of, parents_prompt
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost
from pytest_promptopt.text.excerpt import one_line

_NOTE_CHARACTERS = 160


class Stated:
    """What every golden of ``train`` expects of its input, added to the parent's texts."""

    needs_cases = False

    def cost(self, order: Order) -> ProposerCost:
        """Nothing is asked."""
        return ProposerCost(candidates=order.count)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """The task in each place, the likeliest first; none where nothing holds."""
        task = stated_task(context.prompt, context.train)
        if not task:
            return ()
        prompt = parents_prompt(context)
        diagnosis = context.diagnosis or diagnose((), context.train)
        form = form_beside_a_task(diagnosis, prompt.answer)
        is_there = any(form in message.template.text for message in prompt.messages)
        sentences = escaped(f"{lead_to(prompt.answer)} {task}.")
        if form and not is_there:
            sentences += f" {form}"
        note = one_line(f"States what every golden expects: {task}.", _NOTE_CHARACTERS)
        found = candidates_saying(sentences, prompt, context.editable, origin="stated", note=note)
        return [child_of(context.parent, candidate) for candidate in found[: context.count]]
