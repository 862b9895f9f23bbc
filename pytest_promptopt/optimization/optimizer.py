"""The optimizer model, as it is asked."""

import asyncio
import functools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_promptopt.errors import BudgetError, ProviderError, TransientError
from pytest_promptopt.messages import Message
from pytest_promptopt.optimization.allowance import Allowance
from pytest_promptopt.optimization.journal import Journaled
from pytest_promptopt.optimization.replies import CutOffError, Form, ReplyError
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.optimization.stops import CapReachedError, ForeignCodeError
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Model, Request

META = Path(__file__).with_name("meta")

_SAMPLES_PER_SEED = 1000
_MOST_SILENT = 3
_TOLD_SECONDS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request to the optimizer model: its prompt file and the values of its placeholders.

    ``request`` is the path of a prompt file, or the name of one of ours. What is wanted back
    stands in the reply under ``tag``, at most ``count`` times; ``before`` are the turns of the
    conversation so far.
    """

    request: str | Path
    values: Mapping[str, str]
    tag: str
    count: int = 1
    before: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReply:
    """The texts of a reply, and the conversation up to it."""

    texts: tuple[str, ...]
    turns: tuple[Message, ...]


Ask = Callable[[Sequence[Question]], Awaitable[list[ReadReply | None]]]
"""Brings the replies in the order of the questions, None where there is none to use."""


@functools.cache
def request_prompt(request: str | Path) -> Prompt:
    """The prompt file at the path, or ours of that name: ``meta/<name>.prompt.yml``.

    Raises OSError and :class:`~pytest_promptopt.errors.PromptFileError`.
    """
    path = META / f"{request}.prompt.yml" if isinstance(request, str) else request
    return read_prompt(path, root=path.parent)


def request_texts(own: Iterable[Path] = ()) -> tuple[str, ...]:
    """What requests to the optimizer model say: all of ours, and those at the paths."""
    paths = [*sorted(META.glob("*.prompt.yml")), *own]
    said = (m.template.text for path in paths for m in request_prompt(path).messages)
    return (*said, *(Form(tag="prompt", kind=kind).instruction for kind in ("tags", "json")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Answers of the provider that come within ``seconds``, tries and queue included."""

    provider: Provider
    seconds: float | None

    async def complete(self, request: Request) -> Completion:
        """The answer; raises TransientError where there is none in time."""
        try:
            async with asyncio.timeout(self.seconds):
                return await self.provider.complete(request)
        except TimeoutError as error:
            raise TransientError(
                f"{request.model} did not answer within {self.seconds or 0:g} s in all; "
                "raise --prompt-timeout to wait longer"
            ) from error

    async def close(self) -> None:
        """Close the provider."""
        await self.provider.close()


class Optimizer:
    """Asks questions, several at once, and reads the replies strictly.

    What does not parse is asked for once more with the reason, then dropped and counted in
    ``unparsed``. The same question asked again gets another sample number, so that the answers
    differ; so do those of runs with different seeds.

    When all questions brought errors three times in a row the model is ``given_up``, which says
    why: then nothing is asked any more. ``on_wait`` is told how many answers are outstanding,
    of how many, where they keep the search waiting for as many seconds as the third says.
    """

    def __init__(
        self,
        model: Model,
        calls: Journaled,
        allowance: Allowance,
        settings: OptimizeSettings,
        on_wait: Callable[[int, int, float], None] = lambda _open, _asked, _seconds: None,
    ) -> None:
        self.unparsed = 0
        self.given_up = ""
        self._on_wait = on_wait
        self._model = model
        self._calls = calls
        self._allowance = allowance
        self._settings = settings
        self._asked: Counter[str] = Counter()
        self._silent = 0

    async def ask(self, questions: Sequence[Question]) -> list[ReadReply | None]:
        """The replies in the order of the questions, None where there is none to use.

        Raises :class:`CapReachedError` before a call that would exceed a cap.
        """
        if self.given_up:
            return [None] * len(questions)
        forms = [Form(tag=q.tag, count=q.count, kind=self._settings.reply) for q in questions]
        turns = [_turns(q, form) for q, form in zip(questions, forms, strict=True)]
        completions = await self._complete(turns, forms)
        replies: list[ReadReply | None] = [None] * len(questions)
        again: list[int] = []
        for n, completion in enumerate(completions):
            if completion is None:
                continue
            try:
                replies[n] = _reply(turns[n], completion, forms[n])
            except ReplyError as error:
                self._count(questions[n], error)
                if not isinstance(error, CutOffError):
                    turns[n] = _with_reason(turns[n], completion, forms[n], error)
                    again.append(n)
        if again:
            await self._ask_again(again, questions, turns, forms, replies)
        return replies

    async def _ask_again(
        self,
        again: Sequence[int],
        questions: Sequence[Question],
        turns: Sequence[tuple[Message, ...]],
        forms: Sequence[Form],
        replies: list[ReadReply | None],
    ) -> None:
        completions = await self._complete([turns[n] for n in again], [forms[n] for n in again])
        for n, completion in zip(again, completions, strict=True):
            try:
                if completion is not None:
                    replies[n] = _reply(turns[n], completion, forms[n])
            except ReplyError as error:
                self._count(questions[n], error)

    async def _complete(
        self, turns: Sequence[tuple[Message, ...]], forms: Sequence[Form]
    ) -> list[Completion | None]:
        requests = [self._request(t, form) for t, form in zip(turns, forms, strict=True)]
        answers: list[Completion | ProviderError] = []
        while len(answers) < len(requests):
            left = requests[len(answers) :]
            needs = [self._allowance.need([request]) for request in left]
            admitted = self._allowance.admit("optimizer", needs)
            answers += await self._all(left[:admitted])
        errors = [answer for answer in answers if isinstance(answer, ProviderError)]
        for error in errors:
            if isinstance(error, BudgetError):
                raise CapReachedError(f"the budget of the run is spent: {error.message}")
        if answers:
            self._silent = self._silent + 1 if len(errors) == len(answers) else 0
        if self._silent == _MOST_SILENT:
            self.given_up = f"the optimizer model does not answer: {errors[-1].message}"
        return [answer if isinstance(answer, Completion) else None for answer in answers]

    async def _all(self, requests: Sequence[Request]) -> list[Completion | ProviderError]:
        def tell() -> None:
            self._on_wait(sum(not task.done() for task in tasks), len(tasks), _TOLD_SECONDS)

        timer = asyncio.get_running_loop().call_later(_TOLD_SECONDS, tell)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._answer(request)) for request in requests]
        finally:
            timer.cancel()
        return [task.result() for task in tasks]

    async def _answer(self, request: Request) -> Completion | ProviderError:
        try:
            return await self._calls.complete(request)
        except ProviderError as error:
            return error

    def _request(self, turns: tuple[Message, ...], form: Form) -> Request:
        settings = self._settings
        parameters = {"temperature": settings.temperature, "max_tokens": settings.reply_tokens}
        request = Request(
            model=self._model,
            messages=turns,
            parameters=parameters,
            response_format="text" if form.json_schema is None else "json_schema",
            json_schema=form.json_schema,
        )
        nth = self._asked[request.fingerprint]
        self._asked[request.fingerprint] += 1
        return replace(request, sample=settings.seed * _SAMPLES_PER_SEED + nth)

    def _count(self, question: Question, error: ReplyError) -> None:
        self.unparsed += 1
        self._calls.journal.tell("unparsed", meta=_name(question.request), reason=str(error))


@dataclass(slots=True, kw_only=True)
class Allotment:
    """The optimizer for one proposer, which may ask ``calls`` questions and no more.

    Those that are asked again because the reply could not be read do not count.
    """

    optimizer: Ask
    calls: int
    proposer: str

    async def ask(self, questions: Sequence[Question]) -> list[ReadReply | None]:
        """As :meth:`Optimizer.ask`; raises :class:`CapReachedError` where they are too many."""
        if len(questions) > self.calls:
            raise CapReachedError(
                f"the proposer `{self.proposer}` wants {len(questions)} more calls of the "
                f"optimizer model, and by its `cost` it may make {self.calls}"
            )
        self.calls -= len(questions)
        return await self.optimizer(questions)


def _name(request: str | Path) -> str:
    return request if isinstance(request, str) else request.name.partition(".")[0]


def _turns(question: Question, form: Form) -> tuple[Message, ...]:
    values = {**question.values, "form": form.instruction}
    messages = request_prompt(question.request).messages
    missing = [name for message in messages for name in message.template.missing(values)]
    if missing:
        raise ForeignCodeError(f"the request {question.request} has no value for `{missing[0]}`")
    filled = tuple(
        Message(role=message.role, content=message.template.fill(values)) for message in messages
    )
    return question.before + filled


def _reply(turns: tuple[Message, ...], completion: Completion, form: Form) -> ReadReply:
    answered = Message(role="assistant", content=completion.text)
    return ReadReply(texts=form.read(completion), turns=(*turns, answered))


def _with_reason(
    turns: tuple[Message, ...], completion: Completion, form: Form, error: ReplyError
) -> tuple[Message, ...]:
    # Some models refuse an empty turn.
    said = completion.text if completion.text.strip() else "(nothing)"
    reason = f"Your reply cannot be used: {error}. {form.instruction}"
    return (
        *turns,
        Message(role="assistant", content=said),
        Message(role="user", content=reason),
    )
