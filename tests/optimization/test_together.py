"""Work side by side: asked at once, in one order, and ended together."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case, Wanted
from pytest_promptopt.optimization.optimizer import Question, ReadReply
from pytest_promptopt.optimization.stops import CapReachedError
from pytest_promptopt.optimization.together import Desk, side_by_side
from tests.optimization.world import golden


class Asked:
    """Remembers what was asked at once; a question is answered by its own request."""

    def __init__(self, most: int = 100) -> None:
        self.goldens: list[list[str]] = []
        self.questions: list[list[str]] = []
        self.most = most

    def known(self, candidate: Candidate) -> Mapping[str, Case]:
        raise NotImplementedError

    async def ask(self, wanted: Wanted) -> None:
        self.goldens.append([golden.id for _, goldens in wanted for golden in goldens])

    async def question(self, questions: Sequence[Question]) -> list[ReadReply | None]:
        if len(questions) > self.most:
            raise CapReachedError(f"{len(questions)} are too many")
        self.questions.append([str(question.request) for question in questions])
        return [ReadReply(texts=(str(question.request),), turns=()) for question in questions]


def questions(*requests: str) -> list[Question]:
    return [Question(request=request, values={}, tag="prompt") for request in requests]


async def answered(desk: Desk, *requests: str) -> list[str]:
    replies = await desk.question(questions(*requests))
    return [reply.texts[0] for reply in replies if reply is not None]


async def brief(desk: Desk) -> list[str]:
    return await answered(desk, "a1", "a2")


async def long(desk: Desk) -> list[str]:
    await desk.ask([(Candidate(), [golden(1, "train")])])
    first = await answered(desk, "b1")
    return [*first, *await answered(desk, "b2")]


async def slow(desk: Desk) -> list[str]:
    await asyncio.sleep(0.01)  # as whoever asks somebody else would
    return await answered(desk, "c1")


def test_what_is_asked_at_the_same_time_is_asked_at_once_in_the_order_of_the_works() -> None:
    asked = Asked()
    made = asyncio.run(side_by_side([long, slow, brief], asked, asked.question))
    assert made == [["b1", "b2"], ["c1"], ["a1", "a2"]]
    assert asked.goldens == [["train-1"]]
    assert asked.questions == [["c1", "a1", "a2"], ["b1"], ["b2"]]


def test_what_does_not_fit_under_the_cap_together_is_not_asked_at_all() -> None:
    asked = Asked(most=2)
    ended = []

    async def told(desk: Desk) -> list[str]:
        try:
            return await brief(desk)
        finally:
            ended.append(desk)

    with pytest.raises(CapReachedError, match="4 are too many"):
        asyncio.run(side_by_side([told, told], asked, asked.question))
    assert (asked.questions, len(ended)) == ([], 2)


def test_what_one_raises_ends_the_others() -> None:
    asked = Asked()

    async def broken(desk: Desk) -> list[str]:
        await answered(desk, "d1")
        raise ValueError("of its own")

    with pytest.raises(ValueError, match="of its own"):
        asyncio.run(side_by_side([long, broken], asked, asked.question))
    assert asked.questions == [["d1"]]


def test_without_works_nothing_is_asked() -> None:
    assert asyncio.run(side_by_side([], Asked(), Asked().question)) == []
