"""Critiques of groups of errors, and an edit for each."""

from collections.abc import Sequence

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.material import case_line, data_block, fenced
from pytest_promptopt.optimization.optimizer import Question
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost


class CritiqueEdit:
    """ProTeGi's expansion (arXiv 2305.03495, section 2.1): ``count`` groups of errors.

    Each group gets one critique (the paper's textual gradient) and each critique one edit. The
    reference replaces text in the prompt file, which can silently do nothing, and retries for
    ever on errors; here an edit is a whole message that must parse, and what fails is dropped.
    """

    needs_cases = True

    def cost(self, order: Order) -> ProposerCost:
        """A critique and an edit for each group."""
        return ProposerCost(calls=2 * order.count, candidates=order.count)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """One edit per group that got a critique; none where nothing is missed."""
        groups = self._groups(context)
        shown = [data_block(case_line(context.prompt, c) for c in group) for group in groups]
        critiques = await context.optimizer.ask(
            [
                Question(
                    request="critique",
                    values=context.values(cases=cases, count="1"),
                    tag="reason",
                )
                for cases in shown
            ]
        )
        reasons = [
            (cases, critique.texts[0])
            for cases, critique in zip(shown, critiques, strict=True)
            if critique is not None
        ]
        edits = await context.optimizer.ask(
            [
                Question(
                    request="edit",
                    values=context.values(cases=cases, reason=fenced(reason), count="1"),
                    tag="prompt",
                )
                for cases, reason in reasons
            ]
        )
        return [
            context.child(edit.texts[0], origin="critique_edit", note=reason)
            for (_, reason), edit in zip(reasons, edits, strict=True)
            if edit is not None
        ]

    def _groups(self, context: Context) -> list[list[Case]]:
        """As many groups as wanted; without errors enough, fewer and smaller ones."""
        errors = context.rng.sample(context.errors, len(context.errors))
        size = min(context.settings.group_size, -(-len(errors) // context.count))
        starts = range(0, len(errors), size) if size else range(0)
        return [errors[start : start + size] for start in starts][: context.count]
