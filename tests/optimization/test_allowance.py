import math

import pytest

from pytest_promptopt.errors import ProviderError, UsageError
from pytest_promptopt.optimization.allowance import Allowance, Caps, Need, Spent
from pytest_promptopt.optimization.stops import CapReachedError
from pytest_promptopt.providers.request import Completion, Usage
from tests.client.asking import ask


def need(calls: int = 1, tokens: int = 0) -> Need:
    return Need(calls=calls, tokens=tokens)


def test_calls_are_admitted_up_to_the_cap_and_not_beyond() -> None:
    allowance = Allowance(Caps(calls=3))
    assert allowance.admit("task", [need(), need()]) == 2
    allowance.took("task", Completion(text="a"))
    allowance.took("optimizer", ProviderError("down"))
    assert (allowance.spent.unanswered, dict(allowance.errors)) == (1, {"down": 1})
    assert allowance.admit("task", [need()]) == 1
    with pytest.raises(CapReachedError) as caught:
        allowance.admit("task", [need(), need()])
    assert str(caught.value) == (
        "the cap of 3 calls is reached: 2 were spent, and the next step takes 2"
    )


def test_each_role_has_a_cap_of_its_own() -> None:
    allowance = Allowance(Caps(task_calls=1, optimizer_calls=2))
    assert allowance.admit("optimizer", [need(), need()]) == 2
    with pytest.raises(CapReachedError, match="cap of 1 task calls is reached"):
        allowance.admit("task", [need(calls=2)])


def test_what_is_kept_for_the_verdict_is_not_spent_before() -> None:
    allowance = Allowance(Caps(calls=10))
    allowance.set_aside(need(calls=8))
    assert allowance.admit("task", [need(), need()]) == 2
    with pytest.raises(CapReachedError, match="0 were spent, 8 are kept for the verdict"):
        allowance.admit("task", [need(calls=3)])
    allowance.set_aside(Need())
    assert allowance.admit("task", [need(calls=3)]) == 1


def test_under_a_cap_on_tokens_as_many_are_admitted_as_surely_fit() -> None:
    allowance = Allowance(Caps(tokens=100))
    assert allowance.admit("task", [need(tokens=40)] * 5) == 2
    allowance.took("task", Completion(text="a", usage=Usage(input_tokens=50, output_tokens=20)))
    with pytest.raises(CapReachedError, match="70 of 100 tokens were spent, and the next step may"):
        allowance.admit("task", [need(tokens=40)])


def test_money_needs_a_price() -> None:
    with pytest.raises(UsageError, match="needs the prices of the models"):
        Allowance(Caps(cost_usd=1.0))
    allowance = Allowance(Caps(cost_usd=1.0), lambda _model, _usage: None)
    with pytest.raises(UsageError, match="openai/gpt-5-mini: a cap in usd needs its price"):
        allowance.need([ask()])


def test_what_the_cache_answered_is_counted_apart_and_costs_nothing() -> None:
    allowance = Allowance(Caps(calls=5))
    allowance.took("task", Completion(text="a", usage=Usage(input_tokens=9), saved=True))
    assert allowance.spent == Spent(saved=1)
    assert allowance.room(Need(calls=1)) == 5


def test_room_is_what_every_cap_leaves_beside_what_is_set_aside() -> None:
    allowance = Allowance(Caps(calls=100, tokens=1000))
    allowance.set_aside(Need(calls=20, tokens=400))
    allowance.took("task", Completion(text="a", usage=Usage(input_tokens=100)))
    assert allowance.room(Need(calls=1)) == 79
    assert allowance.room(Need(calls=1, tokens=10)) == 50
    assert Allowance(Caps()).room(Need(calls=1)) == math.inf


def test_caps_that_are_cut_stay_above_what_was_taken() -> None:
    allowance = Allowance(Caps(calls=3, tokens=900))
    for _ in range(2):
        allowance.took("task", Completion(text="a"))
    allowance.narrow(1 / 3)
    assert allowance.room(Need(calls=1)) == 0
    assert allowance.room(Need(tokens=100)) == 3


def test_tokens_and_money_are_added_up() -> None:
    allowance = Allowance(Caps())
    usage = Usage(input_tokens=5, output_tokens=2)
    for cost_usd in (0.1, 0.2, None):
        allowance.took("task", Completion(text="a", usage=usage, cost_usd=cost_usd))
    assert allowance.spent == Spent(task_calls=3, tokens=21, nano_usd=300_000_000, unpriced=1)
    assert allowance.spent.cost_usd == 0.3
