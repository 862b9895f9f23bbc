"""Edits after looking at how the prompt did, in the ways of PE2, Reflexion and GEPA."""

from collections.abc import Sequence

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.material import case_line, data_block, data_line, fenced
from pytest_promptopt.optimization.optimizer import Question, ReadReply
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost

_FIRST_REFLECTION = "(nothing yet)"


class Reflect:
    """``count`` edits by ``reflection``.

    ``pe2`` (arXiv 2311.05661): two turns, inspection by five questions a case, then the edit;
    ``step_size``, ``length_cap`` and ``momentum`` (a third call that summarises the edit) are
    off as published, since they gave nothing. ``reflexion`` (arXiv 2303.11366): a reflection in
    words, kept, then an edit by the last ``reflections``; the paper's agent retries the same
    task, here the prompt is what is retried. ``gepa`` (arXiv 2507.19457): one turn from the
    cases with what the evaluators had to say.

    All show every message of the prompt with its placeholders, so that the model sees where its
    text will stand. The references of all three take a reply without the asked-for form as a
    whole; here it is dropped.
    """

    needs_cases = True

    def cost(self, order: Order) -> ProposerCost:
        """One turn an edit or two, a third with ``momentum``; in ``reflexion`` one for all."""
        match order.settings.reflection:
            case "gepa":
                calls = order.count
            case "reflexion":
                calls = 1 + order.count
            case _:
                calls = (2 + order.settings.momentum) * order.count
        return ProposerCost(calls=calls, candidates=order.count)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """The edits; none where the parent misses nothing of its batch."""
        if not context.errors:
            return ()
        match context.settings.reflection:
            case "gepa":
                return await self._gepa(context)
            case "reflexion":
                return await self._reflexion(context)
            case _:
                return await self._pe2(context)

    async def _pe2(self, context: Context) -> list[Candidate]:
        question = Question(
            request="inspect",
            values=context.values(cases=_cases(context)),
            tag="findings",
        )
        inspections = await context.optimizer.ask([question] * context.count)
        found = [reply for reply in inspections if reply is not None]
        edits = await context.optimizer.ask(
            [
                Question(
                    request="refine",
                    values=context.values(findings=fenced(reply.texts[0])),
                    tag="prompt",
                    before=reply.turns,
                )
                for reply in found
            ]
        )
        children = [
            context.child(edit.texts[0], origin="reflect", note=reply.texts[0])
            for reply, edit in zip(found, edits, strict=True)
            if edit is not None
        ]
        if context.settings.momentum:
            await self._summarise(context, children)
        return children

    async def _summarise(self, context: Context, children: Sequence[Candidate]) -> None:
        questions = [
            Question(
                request="summarise",
                values=context.values(
                    first=fenced(context.text), second=fenced(child.texts[context.position])
                ),
                tag="summary",
            )
            for child in children
        ]
        replies = await context.optimizer.ask(questions)
        context.memory.summaries += [reply.texts[0] for reply in replies if reply is not None]

    async def _reflexion(self, context: Context) -> list[Candidate]:
        question = Question(
            request="reflection",
            values=context.values(cases=_cases(context), reflections=_reflections(context)),
            tag="reflection",
        )
        (reflection,) = await context.optimizer.ask([question])
        if reflection is None:
            return []
        context.memory.reflections.append(reflection.texts[0])
        retry = Question(
            request="retry",
            values=context.values(reflections=_reflections(context)),
            tag="prompt",
        )
        replies = await context.optimizer.ask([retry] * context.count)
        return _children(context, replies, reflection.texts[0])

    async def _gepa(self, context: Context) -> list[Candidate]:
        question = Question(
            request="reflect",
            values=context.values(cases=_cases(context)),
            tag="prompt",
        )
        replies = await context.optimizer.ask([question] * context.count)
        return _children(context, replies)


def _cases(context: Context) -> str:
    cases = context.cases if context.settings.reflection == "gepa" else context.errors
    return data_block(case_line(context.prompt, case) for case in cases)


def _reflections(context: Context) -> str:
    count = max(1, context.settings.reflections)
    last = context.memory.reflections[-count:]
    if not last:
        return _FIRST_REFLECTION
    return data_block(data_line({"reflection": text}) for text in last)


def _children(
    context: Context, replies: Sequence[ReadReply | None], note: str = ""
) -> list[Candidate]:
    return [
        context.child(reply.texts[0], origin="reflect", note=note)
        for reply in replies
        if reply is not None
    ]
