import pytest

from pytest_promptopt.optimization.allowance import Caps, Spent
from pytest_promptopt.optimization.plan import Plan
from pytest_promptopt.optimization.result import (
    Advanced,
    Counted,
    Event,
    Failed,
    Phase,
    Planned,
    Waited,
)
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.providers.request import Model
from pytest_promptopt.reports.optimization import Follower, describe_event
from pytest_promptopt.statistics.intervals import Interval

PLANNED = Planned(
    plan=Plan(
        settings=OptimizeSettings(), before=0, round_calls=0, verdict=0, rounds=1, cap=300, pairs=9
    )
)


def advanced(calls: int, caps: Caps) -> Advanced:
    return Advanced(
        phase=Phase.PROPOSED,
        round=2,
        rounds=3,
        candidates=12,
        alive=4,
        refused=1,
        best=0.75,
        interval=Interval(0.5, 0.9),
        spent=Spent(task_calls=calls - 2, optimizer_calls=2),
        caps=caps,
    )


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_search_is_told_by_phase_best_calls_time_left_and_candidates(clock: Clock) -> None:
    follower = Follower(now=clock)
    assert follower.parts == ()
    list(follower.follow(PLANNED))
    clock.seconds = 30
    [line] = follower.follow(advanced(60, Caps(calls=300)))
    assert line.text == (
        "what the model proposes (round 2 of at most 3), best on validation 0.750 (0.500 to "
        "0.900), 60 of 300 calls (2 of the optimizer model), at most 2 min 00 s left at this "
        "rate, 4 of 12 prompts still in the race, 1 refused, 0 tokens, $0.00"
    )


def test_calls_are_counted_between_phases_and_those_of_a_journal_make_no_rate(
    clock: Clock,
) -> None:
    follower = Follower(now=clock)
    list(follower.follow(PLANNED))
    list(follower.follow(advanced(2, Caps(calls=100))))
    assert list(follower.follow(Counted(spent=Spent(task_calls=50)))) == []
    clock.seconds = 10
    assert list(follower.follow(Counted(spent=Spent(task_calls=60)))) == []
    assert follower.parts == (
        "what the model proposes 2/3",
        "best 0.75 (0.50 to 0.90)",
        "60 of 100 calls",
        "40 s left",
        "4 alive",
    )


@pytest.mark.parametrize(
    ("caps", "left"), [(Caps(), False), (Caps(tokens=10), False), (Caps(calls=90), True)]
)
def test_no_time_is_told_without_a_rate_or_a_cap(clock: Clock, caps: Caps, left: bool) -> None:
    follower = Follower(now=clock)
    list(follower.follow(PLANNED))
    clock.seconds = 5
    list(follower.follow(advanced(30, caps)))
    assert any("left" in part for part in follower.parts) is left


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            Waited(
                model=Model(provider="openai", name="x"),
                open=2,
                asked=4,
                seconds=8.0,
                most_seconds=240.0,
            ),
            "waiting for the optimizer model openai/x: 2 of 4 requests without an answer for 8 s; "
            "after 240 s the search goes on without",
        ),
        (Failed(role="optimizer", message="no\nway"), "no answer of the optimizer model: no way"),
        (Failed(role="task", message="busy"), "no answer of the model: busy"),
    ],
)
def test_waits_and_errors_are_told(event: Event, told: str) -> None:
    assert [line.text for line in describe_event(event)] == [told]
