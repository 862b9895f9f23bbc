"""One answer to one golden, with what the judges said of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.prompts.answer_place import WHOLE, AnswerPlace
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request
from pytest_promptopt.scoring.extraction import extract
from pytest_promptopt.scoring.score import Inquiry


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Prompt × golden × sample, answered but not yet scored.

    ``answer`` is the part of the completion that is scored, from ``place``, its reasoning beside
    it; ``lack`` says why there is none, in which case no judge is asked. ``judgements`` are the
    answers to what each evaluator asks, by its position among those of the golden.
    """

    completion: Completion
    judgements: Mapping[int, tuple[Completion, ...]]
    place: AnswerPlace = WHOLE
    answer: Completion = field(init=False)
    lack: str = field(init=False)

    def __post_init__(self) -> None:
        found = extract(self.completion, self.place)
        object.__setattr__(self, "answer", found.completion)
        object.__setattr__(self, "lack", found.lack)


async def ask(provider: Provider, subject: Subject, golden: Golden, sample: int) -> Trial:
    """Ask the model and then the judges; raises :class:`ProviderError`."""
    request = subject.request(golden, sample)
    completion = await provider.complete(request)
    trial = Trial(completion=completion, judgements={}, place=subject.prompt.answer)
    evaluators = subject.evaluators_for(golden)
    asking = {n: e.asking for n, e in enumerate(evaluators) if e.asking is not None}
    if not asking or trial.lack:
        return trial
    inquiry = Inquiry(golden, trial.answer, request)
    answers = await asyncio.gather(
        *(_answers(provider, scorer.questions(inquiry)) for scorer in asking.values())
    )
    return replace(trial, judgements=dict(zip(asking, answers, strict=True)))


async def _answers(provider: Provider, questions: Sequence[Request]) -> tuple[Completion, ...]:
    return tuple(await asyncio.gather(*map(provider.complete, questions)))
