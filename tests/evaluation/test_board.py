"""The board asks every pair once, in order, and keeps what is missing apart."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from pytest_promptopt.errors import ProviderError
from pytest_promptopt.evaluation.board import Board, Cell, Missing, Trials, Variant, results_board
from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.messages import Message
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.template import Template
from pytest_promptopt.providers.request import Completion, Model, Request


def subject(text: str = "{{q}}") -> Subject:
    template = MessageTemplate(role="user", template=Template(text), line=1)
    prompt = Prompt(path=Path("a"), location="a", name="a", messages=(template,))
    model = Model(provider="x", name="m")
    return Subject(prompt=prompt, model=model, samples=1, evaluators=(), golden_evaluators={})


def golden(name: str, expected: str = "1") -> Golden:
    return Golden(id=name, variables={"q": name}, path="a", line=1, expected=expected)


A, B, C = golden("a"), golden("b"), golden("c", "2")
FIRST = Variant(id="first", subject=subject())
SECOND = Variant(id="second", subject=subject("!{{q}}"))


class Recorder:
    """Answers later what was asked first; ``read`` keeps the order."""

    def __init__(self, failing: str = "") -> None:
        self.failing = failing
        self.asked: list[str] = []
        self.read_in: list[str] = []

    async def ask(self, cell: Cell) -> Trials:
        name = f"{cell.variant.id}-{cell.golden.id}"
        self.asked.append(name)
        for _ in range(10 - len(self.asked)):
            await asyncio.sleep(0)
        if cell.golden.id == self.failing:
            raise ProviderError("gone")
        return (Trial(completion=Completion(text=name), judgements={}),)

    def read(self, cell: Cell, trials: Trials | ProviderError) -> str | Missing:
        self.read_in.append(cell.golden.id)
        if isinstance(trials, ProviderError):
            return Missing(trials.message)
        return trials[0].completion.text


def test_each_pair_is_asked_once_and_read_in_the_order_wanted() -> None:
    recorder = Recorder()
    board: Board[str] = Board(recorder.ask, recorder.read)

    async def run() -> None:
        await board.ask([(FIRST, [A, B]), (FIRST, [B, C])])
        assert await board.ask([(FIRST, [A, C])]) == []
        await board.ask([(SECOND, [A])])

    asyncio.run(run())
    assert recorder.asked == ["first-a", "first-b", "first-c", "second-a"]
    assert recorder.read_in == ["a", "b", "c", "a"]
    assert [*board.known("first").values()] == ["first-a", "first-b", "first-c"]


def test_what_is_missing_is_no_result_and_not_asked_again() -> None:
    recorder = Recorder(failing="b")
    board: Board[str] = Board(recorder.ask, recorder.read)

    async def run() -> Sequence[Cell]:
        await board.ask([(FIRST, [A, B])])
        return await board.ask([(FIRST, [B])])

    assert asyncio.run(run()) == []
    assert [*board.known("first")] == ["a"]
    assert board.missing(Cell(FIRST, B)) == "gone"
    assert board.missing(Cell(FIRST, A)) is None
    assert (board.missing_count, board.asked_count) == (1, 2)


def test_no_more_are_asked_than_are_admitted() -> None:
    recorder, sizes = Recorder(), []

    def admit(cells: Sequence[Cell]) -> int:
        sizes.append(len(cells))
        if len(recorder.asked) == 2:
            raise ProviderError("the cap is reached")
        return 2

    board: Board[str] = Board(recorder.ask, recorder.read, admit=admit)
    with pytest.raises(ProviderError, match="the cap"):
        asyncio.run(board.ask([(FIRST, [A, B, C])]))
    assert (sizes, recorder.asked) == ([3, 1], ["first-a", "first-b"])
    assert [*board.known("first")] == ["a", "b"]


def test_whole_results_come_from_a_provider() -> None:
    class Ones:
        async def complete(self, request: Request) -> Completion:
            assert request.messages[0] in (Message(role="user", content=t) for t in ("a", "c"))
            return Completion(text="1")

        async def close(self) -> None:
            raise AssertionError("the board does not own the provider")

    board = results_board(Ones())
    asyncio.run(board.ask([(FIRST, [A, C])]))
    found: Sequence[GoldenResult] = [*board.known("first").values()]
    assert [result.outcome for result in found] == [Outcome.PASSED, Outcome.MISSED]
