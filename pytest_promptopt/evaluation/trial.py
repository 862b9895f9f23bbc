"""One answer to one golden, with what the judges said of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.answer import read_answer
from pytest_promptopt.scoring.score import JudgeScorer


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Prompt × golden × sample, answered but not yet scored.

    ``answer`` is the part of the completion that is scored, its reasoning beside it.
    ``judgements`` are the judges' answers, by the position of the evaluator among those of the
    golden.
    """

    completion: Completion
    judgements: Mapping[int, Completion]
    answer: Completion = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "answer", read_answer(self.completion))


async def ask(provider: Provider, subject: Subject, golden: Golden, sample: int) -> Trial:
    """Ask the model and then the judges; raises :class:`ProviderError`."""
    completion = await provider.complete(subject.request(golden, sample))
    judges = {
        position: evaluator.judge
        for position, evaluator in enumerate(subject.evaluators_for(golden))
        if evaluator.judge is not None
    }
    if not judges:
        return Trial(completion=completion, judgements={})
    answer = read_answer(completion)
    answers = await asyncio.gather(
        *(_judge(provider, judge, golden, answer) for judge in judges.values())
    )
    return Trial(completion=completion, judgements=dict(zip(judges, answers, strict=True)))


async def _judge(
    provider: Provider, judge: JudgeScorer, golden: Golden, answer: Completion
) -> Completion:
    return await provider.complete(judge.question(golden, answer))
