import asyncio

import pytest

from pytest_promptopt.client.window import Window


def round_trip(window: Window) -> None:
    for _ in range(window.size):
        window.succeeded(is_wanted=True)


def test_it_doubles_each_round_trip_up_to_the_maximum_while_nothing_is_refused() -> None:
    window = Window(first=16, maximum=100)
    sizes = []
    for _ in range(4):
        round_trip(window)
        sizes.append(window.size)

    assert sizes == [32, 64, 100, 100]


def test_it_starts_at_the_maximum_where_that_is_smaller() -> None:
    assert Window(first=16, maximum=4).size == 4


def test_a_refusal_halves_it_once_for_all_calls_that_were_under_way() -> None:
    window = Window(first=16, maximum=100)
    for began in (0.0, 0.5, 0.9):
        window.refused(began_at_seconds=began, now_seconds=1.0)
    assert window.size == 8

    window.refused(began_at_seconds=1.5, now_seconds=2.0)
    assert window.size == 4


def test_a_few_refusals_narrow_it_by_half_of_their_share() -> None:
    window = Window(first=20, maximum=20)
    for _ in range(9):
        window.succeeded(is_wanted=True)
    window.refused(began_at_seconds=0.0, now_seconds=1.0)

    assert window.size == 19


def test_after_a_refusal_it_grows_by_one_each_round_trip() -> None:
    window = Window(first=16, maximum=100)
    window.refused(began_at_seconds=0.0, now_seconds=1.0)
    for _ in range(9):
        window.succeeded(is_wanted=True)

    assert window.size == 9


def test_it_never_closes() -> None:
    window = Window(first=2, maximum=2)
    for second in range(5):
        window.refused(began_at_seconds=second, now_seconds=second)

    assert window.size == 1


def test_it_does_not_grow_while_there_is_room() -> None:
    window = Window(first=16, maximum=100)
    for _ in range(50):
        window.succeeded(is_wanted=False)

    assert window.size == 16


def test_slots_go_to_those_who_came_first() -> None:
    async def run() -> None:
        window = Window(first=1, maximum=1)
        order: list[int] = []

        async def use(number: int) -> None:
            await window.acquire()
            order.append(number)
            await asyncio.sleep(0)
            window.release()

        await asyncio.gather(*(use(number) for number in range(6)))

        assert order == list(range(6))

    asyncio.run(run())


@pytest.mark.parametrize("is_granted_first", [False, True])
def test_a_cancelled_waiter_loses_no_slot(is_granted_first: bool) -> None:
    async def run() -> None:
        window = Window(first=1, maximum=1)
        await window.acquire()
        waiter = asyncio.create_task(window.acquire())
        await asyncio.sleep(0)
        if is_granted_first:
            window.release()
            waiter.cancel()
        else:
            waiter.cancel()
            await asyncio.sleep(0)
            window.release()
        with pytest.raises(asyncio.CancelledError):
            await waiter

        await asyncio.wait_for(window.acquire(), 1)

    asyncio.run(run())
