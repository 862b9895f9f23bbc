"""Less of the same: examples and sentences that may cost without helping."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost

_SENTENCE = re.compile(r"[^\n.!?]*(?:[.!?]+|\n+|$)\s*")


class Prune:
    """The parent with half of its examples, the other half, or without one of its sentences.

    Each costs less per answer; whether it also scores as much is for the race to say. Sentences
    with a placeholder stay, and so does the last one.
    """

    needs_cases = False

    def cost(self, order: Order) -> ProposerCost:
        """Nothing is asked."""
        return ProposerCost(candidates=order.count)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """At most ``count``, those that save most first."""
        made = [*_fewer_examples(context), *_fewer_sentences(context)]
        return tuple(made[: context.count])


def _fewer_examples(context: Context) -> Iterator[Candidate]:
    shown = context.parent.demonstrations
    half = len(shown) // 2
    for kept in (shown[:half], shown[half:]) if half else ():
        yield replace(
            context.parent,
            demonstrations=kept,
            origin="prune",
            parent=context.parent.id,
            note=f"Shows {len(kept)} of the {len(shown)} worked examples.",
        )


def _fewer_sentences(context: Context) -> Iterator[Candidate]:
    sentences = [match[0] for match in _SENTENCE.finditer(context.text) if match[0].strip()]
    by_length = sorted(range(len(sentences)), key=lambda n: -len(sentences[n]))
    for dropped in by_length if len(sentences) > 1 else ():
        sentence = sentences[dropped]
        if "{{" in sentence or "}}" in sentence:
            continue
        rest = "".join(s for n, s in enumerate(sentences) if n != dropped).strip()
        yield context.child(rest, origin="prune", note=f"Without: {sentence.strip()}")
