"""Work side by side: what several ask for at the same time is asked at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case, CaseBoard, Wanted
from pytest_promptopt.optimization.optimizer import Ask, Question, ReadReply

Made = TypeVar("Made")


class Desk:
    """Where one of several asks: a board, and with ``question`` the optimizer model."""

    def __init__(self, board: CaseBoard, stirred: asyncio.Event) -> None:
        self.wanted: Wanted = ()
        self.questions: Sequence[Question] = ()
        self._board = board
        self._stirred = stirred
        self._replies: asyncio.Future[list[ReadReply | None]] | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether something was asked here that has no answer yet."""
        return self._replies is not None

    def known(self, candidate: Candidate) -> Mapping[str, Case]:
        """The board's."""
        return self._board.known(candidate)

    async def ask(self, wanted: Wanted) -> None:
        """As the board's, together with what the others want."""
        self.wanted = wanted
        await self._wait()

    async def question(self, questions: Sequence[Question]) -> list[ReadReply | None]:
        """As the optimizer's, together with what the others ask."""
        self.questions = questions
        return await self._wait()

    def take(self, replies: list[ReadReply | None]) -> None:
        """Let whoever waits here go on."""
        assert self._replies is not None
        self.wanted, self.questions = (), ()
        self._replies.set_result(replies)
        self._replies = None

    async def _wait(self) -> list[ReadReply | None]:
        self._replies = asyncio.get_running_loop().create_future()
        self._stirred.set()
        return await self._replies


async def side_by_side(
    works: Sequence[Callable[[Desk], Awaitable[Made]]], board: CaseBoard, optimizer: Ask
) -> list[Made]:
    """What each of ``works`` makes, in their order.

    Nothing is asked before all of them wait or are done; then it is asked at once, in the order
    of the works. So what is admitted under a cap, and what follows, depends on the answers and
    not on which of them came first. What one of them raises ends all.
    """
    stirred = asyncio.Event()
    desks = [Desk(board, stirred) for _ in works]
    tasks = [asyncio.ensure_future(work(desk)) for work, desk in zip(works, desks, strict=True)]
    for task in tasks:
        task.add_done_callback(lambda _task: stirred.set())
    try:
        while left := [desk for desk, task in zip(desks, tasks, strict=True) if _is_open(task)]:
            if all(desk.is_waiting for desk in left):
                await _answer(left, board, optimizer)
            else:
                stirred.clear()
                await stirred.wait()
        return [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _is_open(task: "asyncio.Future[Made]") -> bool:
    """Whether it still runs; raises what it raised."""
    if task.done():
        task.result()
    return not task.done()


async def _answer(desks: Sequence[Desk], board: CaseBoard, optimizer: Ask) -> None:
    wanted = [each for desk in desks for each in desk.wanted]
    if wanted:
        await board.ask(wanted)
    questions = [question for desk in desks for question in desk.questions]
    replies = iter(await optimizer(questions) if questions else ())
    for desk in desks:
        desk.take([next(replies) for _ in desk.questions])
