"""The same words in another layout: the input marked off, or on their other side."""

import re
from collections.abc import Iterator, Sequence

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost
from pytest_promptopt.prompts.template import Template

# At the end of its line, so that no sentence is torn; in quotes or tags it is marked off already.
_AT_END = re.compile(r"(?<![\"'`>{])[ \t]*(?P<input>\{\{\s*(?P<name>[\w.-]+)\s*\}\})[ \t]*$", re.M)
_PARTS = re.compile(r"\n[ \t]*\n\s*")


class Layout:
    """The last message with an input and words of its own, laid out in other ways.

    The input in tags of its name, and all paragraphs of words before or behind those with inputs,
    whichever they are not: models read what comes first and last best (Liu et al. 2023, arXiv
    2307.03172).
    """

    needs_cases = False

    def cost(self, order: Order) -> ProposerCost:
        """Nothing is asked."""
        return ProposerCost(candidates=order.count)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """At most ``count``; none where no message that may change has words and an input."""
        parent, prompt = context.parent, context.prompt
        texts = {n: parent.text(prompt, n) for n in context.editable}
        asking = [n for n, text in texts.items() if Template(text).placeholders]
        if not asking:
            return ()
        position = max(asking)
        made = [
            parent.child(position, text, origin="layout", note=note)
            for text, note in _layouts(texts[position])
        ]
        return made[: context.count]


def _layouts(text: str) -> Iterator[tuple[str, str]]:
    tagged = _AT_END.sub(_in_tags, text).strip()
    if tagged != text.strip():
        yield tagged, "Marks the input off by tags."
    parts = _PARTS.split(text.strip())
    inputs = [part for part in parts if Template(part).placeholders]
    words = [part for part in parts if part not in inputs]
    for order, note in (
        (inputs + words, "Asks behind the input."),
        (words + inputs, "Asks first."),
    ):
        if words and order != parts:
            yield "\n\n".join(order), note


def _in_tags(found: re.Match[str]) -> str:
    tag = re.sub(r"[^A-Za-z0-9_-]", "_", found["name"])
    is_behind_words = found.string[: found.start()].rpartition("\n")[2].strip()
    start = "\n" if is_behind_words else ""
    return f"{start}<{tag}>\n{found['input']}\n</{tag}>"
