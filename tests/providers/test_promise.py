import asyncio

import pytest

from pytest_promptopt.errors import RefusedError, TransientError
from pytest_promptopt.providers.promise import Promised
from pytest_promptopt.providers.request import Completion, Request
from tests.client.asking import Answering, ask


def promised(outcome: object) -> Promised:
    async def behave(_: Request) -> Completion:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome  # type: ignore[return-value]  # on purpose

    return Promised(Answering(behave))


@pytest.mark.parametrize("answer", [None, "text", {"text": "text"}])
def test_what_is_no_completion_is_refused_with_its_type(answer: object) -> None:
    with pytest.raises(RefusedError, match=f"gave {type(answer).__name__}, expected a Comp"):
        asyncio.run(promised(answer).complete(ask()))


@pytest.mark.parametrize(
    "error", [RuntimeError("boom"), SystemExit("boom"), KeyboardInterrupt("boom")]
)
def test_what_is_raised_is_refused_with_its_place(error: BaseException) -> None:
    with pytest.raises(
        RefusedError, match=rf"raised {type(error).__name__}: boom \(.*test_promise\.py:\d+\)"
    ) as caught:
        asyncio.run(promised(error).complete(ask()))
    assert caught.value.__cause__ is error


def test_a_provider_that_cannot_be_closed_is_told_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Stuck(Answering):
        async def close(self) -> None:
            raise RuntimeError("boom")

    asyncio.run(Promised(Stuck()).close())
    assert "a provider was not closed: it raised RuntimeError: boom (" in caplog.text


@pytest.mark.parametrize("error", [TransientError("busy"), asyncio.CancelledError()])
def test_what_a_provider_may_raise_passes(error: BaseException) -> None:
    with pytest.raises(type(error)):
        asyncio.run(promised(error).complete(ask()))
