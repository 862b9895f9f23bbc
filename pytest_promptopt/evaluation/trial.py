"""One answer to one golden, with what the judges said of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.prompts.answer_place import WHOLE, AnswerPlace
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, FinishReason, Request
from pytest_promptopt.scoring.extraction import extract
from pytest_promptopt.scoring.score import Inquiry, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Prompt × golden × sample, answered but not yet scored.

    ``answer`` is the part of the completion that is scored, from ``place``, its reasoning beside
    it; ``lack`` says why there is none, in which case no judge is asked. ``judgements`` are the
    answers to what each evaluator asks, by its position among those of the golden, or its score
    where it had nothing to ask.
    """

    completion: Completion
    judgements: Mapping[int, tuple[Completion, ...] | Score]
    place: AnswerPlace = WHOLE
    answer: Completion = field(init=False)
    lack: str = field(init=False)

    def __post_init__(self) -> None:
        found = extract(self.completion, self.place)
        object.__setattr__(self, "answer", found.completion)
        object.__setattr__(self, "lack", found.lack)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of how the answer came about, and of one that is none."""
        notes = [*self.answer.notes]
        if self.lack:
            notes.append("no answer where `answer:` says that it stands")
        if self.answer.finish_reason is FinishReason.LENGTH:
            notes.append("the answer was cut off at the token limit (maxTokens)")
        elif self.answer.finish_reason is FinishReason.REFUSAL:
            notes.append("the model refused to answer")
        if not self.answer.text.strip():
            notes.append("the answer is empty")
        return tuple(notes)


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
    if any(evaluator.wants_base for evaluator in evaluators):
        base = await _base_answer(provider, subject.base, inquiry, trial.completion)
        inquiry = inquiry._replace(base=base)
    answers = await asyncio.gather(
        *(_answers(provider, scorer.questions(inquiry)) for scorer in asking.values())
    )
    return replace(trial, judgements=dict(zip(asking, answers, strict=True)))


async def _base_answer(
    provider: Provider, base: Subject | str, inquiry: Inquiry, completion: Completion
) -> Completion | str:
    """What ``base`` answers to the same golden, or why it cannot be asked.

    Where it sends the same, that is ``completion``, and nothing is asked.
    """
    if isinstance(base, str):
        return base
    if base.model is None:
        return base.model_error
    if missing := base.missing_values(inquiry.golden):
        return f"the base cannot be asked: {'; '.join(missing)}"
    request = base.request(inquiry.golden, inquiry.request.sample)
    if request.fingerprint != inquiry.request.fingerprint:
        completion = await provider.complete(request)
    return Trial(completion=completion, judgements={}, place=base.prompt.answer).answer


async def _answers(
    provider: Provider, questions: Sequence[Request] | Score
) -> tuple[Completion, ...] | Score:
    if isinstance(questions, Score):
        return questions
    return tuple(await asyncio.gather(*map(provider.complete, questions)))
