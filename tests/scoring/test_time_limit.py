import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count

import pytest

from pytest_promptopt.scoring.time_limit import OvertimeError, TimeLimit

Block = Callable[[], object]

LIMIT = TimeLimit(seconds=0.02)
has_alarm = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarm clock")


def loop() -> None:
    while True:
        pass


def catch() -> None:
    with suppress(BaseException):
        loop()


def iterate() -> None:
    for _ in count():
        with suppress(Exception):
            loop()


def in_a_thread(block: Block) -> None:
    """Run ``block`` in a thread of its own and raise what it raises."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            block()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


def here(block: Block) -> None:
    block()


def limited(block: Block, limit: TimeLimit = LIMIT) -> None:
    with limit.kept():
        block()


in_any_thread = pytest.mark.parametrize("run", [here, in_a_thread])


@in_any_thread
@pytest.mark.parametrize("block", [loop, catch, iterate])
def test_code_that_does_not_yield_is_ended(run: Callable[[Block], None], block: Block) -> None:
    with pytest.raises(OvertimeError):
        run(lambda: limited(block))


@has_alarm
@in_any_thread
def test_what_comes_after_is_not_interrupted(run: Callable[[Block], None]) -> None:
    def block() -> None:
        for length in range(0, 6000, 20):
            with suppress(OvertimeError):
                limited(partial(deque, range(length)), TimeLimit(seconds=1e-4))
        sum(range(100_000))

    run(block)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@has_alarm
def test_a_wait_is_ended_on_the_main_thread() -> None:
    with pytest.raises(OvertimeError):
        limited(threading.Event().wait)


@pytest.fixture
def rung() -> Iterator[list[int]]:
    """The alarms of another limit."""
    alarms: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: alarms.append(number))
    yield alarms
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@has_alarm
def test_an_alarm_of_others_that_rings_before_is_left_alone(rung: list[int]) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    limited(signal.pause, TimeLimit(seconds=60))
    assert rung


@has_alarm
def test_an_alarm_of_others_that_rings_later_is_set_again(rung: list[int]) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    with pytest.raises(OvertimeError):
        limited(loop)
    assert not rung
    signal.pause()
    assert rung
