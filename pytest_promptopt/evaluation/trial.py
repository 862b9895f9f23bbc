"""One answer to one golden, with what the judges said of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.prompts.answer_place import WHOLE, AnswerPlace
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.extraction import extract
from pytest_promptopt.scoring.score import JudgeScorer


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Prompt × golden × sample, answered but not yet scored.

    ``answer`` is the part of the completion that is scored, from ``place``, its reasoning beside
    it; ``lack`` says why there is none, in which case no judge is asked. ``judgements`` are the
    judges' answers, by the position of the evaluator among those of the golden.
    """

    completion: Completion
    judgements: Mapping[int, Completion]
    place: AnswerPlace = WHOLE
    answer: Completion = field(init=False)
    lack: str = field(init=False)

    def __post_init__(self) -> None:
        found = extract(self.completion, self.place)
        object.__setattr__(self, "answer", found.completion)
        object.__setattr__(self, "lack", found.lack)


async def ask(provider: Provider, subject: Subject, golden: Golden, sample: int) -> Trial:
    """Ask the model and then the judges; raises :class:`ProviderError`."""
    completion = await provider.complete(subject.request(golden, sample))
    trial = Trial(completion=completion, judgements={}, place=subject.prompt.answer)
    judges = {
        position: evaluator.judge
        for position, evaluator in enumerate(subject.evaluators_for(golden))
        if evaluator.judge is not None
    }
    if not judges or trial.lack:
        return trial
    answers = await asyncio.gather(
        *(_judge(provider, judge, golden, trial.answer) for judge in judges.values())
    )
    return replace(trial, judgements=dict(zip(judges, answers, strict=True)))


async def _judge(
    provider: Provider, judge: JudgeScorer, golden: Golden, answer: Completion
) -> Completion:
    return await provider.complete(judge.question(golden, answer))
