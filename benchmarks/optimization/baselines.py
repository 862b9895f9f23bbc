"""The settings of our own searches, and the prompts that anybody makes by hand in a minute."""

import random
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.optimization.cells import PUBLISHED, Cell
from benchmarks.optimization.found import Found
from pytest_promptopt.client.budget import Budget
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.messages import Message
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.presets import PRESETS
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Model, Request

REPLY_TOKENS = 400
"""Of the optimizer model, whoever asks: a small model that does not end writes until then."""

_REWRITE = """\
Rewrite this prompt for a language model so that it does the task well. Reply with the new \
prompt only.

{prompt}"""


def settings_of(cell: Cell) -> OptimizeSettings:
    """The preset of ``cell`` at its cap, without our diagnosis where its paper has none.

    The look at the headroom is left out: it decides whether to search at all, which is no part
    of how well a method searches. So is the memory, since no cell may learn from another.
    """
    return replace(
        PRESETS[cell.method],
        budget=Budget.parse(f"{cell.cap} calls"),
        seed=cell.seed,
        diagnosis=cell.method not in PUBLISHED,
        headroom=False,
        remember=False,
        reply_tokens=REPLY_TOKENS,
    )


def with_examples(train: Sequence[Golden], count: int, seed: int) -> Found:
    """So many goldens by chance, as turns before the question."""
    drawn = random.Random(seed).sample(train, count)
    candidate = Candidate(demonstrations=tuple(golden.id for golden in drawn), origin="examples")
    return Found(reason="by hand", candidate=candidate)


async def rewritten(subject: Subject, provider: Provider, model: Model, seed: int) -> Found:
    """The instruction as the model rewrites it, asked once."""
    prompt = subject.prompt.messages[0].template.fill({})
    request = Request(
        model=model,
        messages=(Message(role="user", content=_REWRITE.format(prompt=prompt)),),
        parameters={"temperature": 1, "max_tokens": REPLY_TOKENS},
        sample=seed,
    )
    text = (await provider.complete(request)).text.strip().replace("{{", "{{{{")
    candidate = Candidate(texts={0: text} if text else {}, origin="rewrite")
    return Found(reason="by hand", candidate=candidate)
