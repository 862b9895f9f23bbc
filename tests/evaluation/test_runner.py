import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_promptopt.errors import ProviderError
from pytest_promptopt.evaluation.runner import Runner
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.template import Template
from pytest_promptopt.providers.request import Completion, Model, Request

Answer = Callable[[str], str]


class Echo:
    """Answers with the question, and keeps the order in which it was asked."""

    def __init__(self, answer: Answer = str) -> None:
        self.asked: list[str] = []
        self._answer = answer

    async def complete(self, request: Request) -> Completion:
        text = request.messages[-1].content
        self.asked.append(text)
        await asyncio.sleep(0)
        return Completion(text=self._answer(text))

    async def close(self) -> None:
        pass


def subject(*, samples: int = 1) -> Subject:
    message = MessageTemplate(role="user", template=Template("{{q}}"), line=1)
    prompt = Prompt(path=Path("a"), location="a", name="a", messages=(message,))
    model = Model(provider="scripted", name="x")
    return Subject(prompt=prompt, model=model, samples=samples, evaluators=(), golden_evaluators={})


def goldens(count: int) -> list[Golden]:
    return [Golden(id=f"g{n}", variables={"q": f"q{n}"}, path="a", line=1) for n in range(count)]


def test_goldens_are_asked_ahead_in_order_and_no_further_than_allowed() -> None:
    async def run() -> None:
        echo, the_subject, asked = Echo(), subject(), goldens(10)
        runner = Runner(echo, ahead=3)
        runner.plan((the_subject, golden) for golden in asked)
        await asyncio.sleep(0.01)
        assert echo.asked == ["q0", "q1", "q2"]
        (trial,) = await runner.trials(the_subject, asked[0])
        assert trial.completion.text == "q0"
        await asyncio.sleep(0.01)
        assert echo.asked == ["q0", "q1", "q2", "q3"]
        runner.cancel()

    asyncio.run(run())


def test_a_golden_out_of_turn_is_asked_at_once_and_only_once() -> None:
    async def run() -> None:
        echo, the_subject, asked = Echo(), subject(), goldens(4)
        runner = Runner(echo, ahead=1)
        runner.plan((the_subject, golden) for golden in asked)
        await runner.trials(the_subject, asked[3])
        for golden in asked[:3]:
            await runner.trials(the_subject, golden)
        assert sorted(echo.asked) == ["q0", "q1", "q2", "q3"]

    asyncio.run(run())


def test_releasing_a_golden_makes_room_for_the_next() -> None:
    async def run() -> None:
        echo, the_subject, asked = Echo(), subject(), goldens(3)
        runner = Runner(echo, ahead=1)
        runner.plan((the_subject, golden) for golden in asked)
        await asyncio.sleep(0.01)
        assert runner.answered(the_subject, asked[1]) is None
        (trial,) = runner.answered(the_subject, asked[0]) or ()
        assert trial.completion.text == "q0"
        runner.release([("a", "g0")])
        await asyncio.sleep(0.01)
        assert echo.asked == ["q0", "q1"]
        runner.cancel()

    asyncio.run(run())


def test_cancelling_sends_nothing_more() -> None:
    async def run() -> None:
        echo, the_subject = Echo(), subject()
        runner = Runner(echo, ahead=5)
        runner.plan((the_subject, golden) for golden in goldens(9))
        runner.cancel()
        await asyncio.sleep(0.01)
        assert echo.asked == []

    asyncio.run(run())


def test_every_sample_is_asked() -> None:
    async def run() -> None:
        echo, the_subject = Echo(), subject(samples=3)
        trials = await Runner(echo, ahead=1).trials(the_subject, goldens(1)[0])
        assert len(trials) == 3

    asyncio.run(run())


def test_an_error_reaches_whoever_takes_the_golden() -> None:
    def refuse(text: str) -> str:
        raise ProviderError(f"no answer to {text}")

    async def run() -> None:
        the_subject, asked = subject(), goldens(2)
        runner = Runner(Echo(refuse), ahead=2)
        runner.plan((the_subject, golden) for golden in asked)
        await asyncio.sleep(0.01)
        with pytest.raises(ProviderError, match="no answer to q1"):
            await runner.trials(the_subject, asked[1])

    asyncio.run(run())
