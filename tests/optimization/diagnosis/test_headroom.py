import random
from collections.abc import Mapping, Sequence

import pytest

from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.diagnosis.ceiling import Ceiling, ceiling_of
from pytest_promptopt.optimization.diagnosis.headroom import HeadroomKind, assess
from pytest_promptopt.prompts.golden import Golden
from tests.optimization.answers import golden, missed, passed, scored_by, tickets, unscored
from tests.optimization.world import prompt, subject

TICKETS = tickets(10)


def twice(
    wrong: Mapping[str, Sequence[str | None]], *, score: float = 1.0
) -> Mapping[str, list[Case]]:
    """Two answers to each of thirty goldens; ``wrong`` ones by id, None being a right one."""
    return {
        golden.id: [
            passed(golden, score) if answer is None else missed(golden, answer)
            for answer in wrong.get(golden.id, (None, None))
        ]
        for golden in TICKETS
    }


def test_it_is_saturated_only_where_a_bound_on_the_gain_says_so() -> None:
    found = assess(twice({}), least_gain=0.1)
    assert (found.kind, found.stops) == (HeadroomKind.SATURATED, True)
    assert found.sentence == (
        "Saturated: none of 30 goldens missed; at 95 % confidence at most 10 points can be "
        "gained, which is too little to search for."
    )
    assert found.most_gain == pytest.approx(1 - 0.05 ** (1 / 30))
    more = assess(twice({}))
    assert (more.kind, more.stops) == (HeadroomKind.REAL, False)
    assert more.sentence == (
        "Some headroom: none of 30 goldens missed, mean score 1.00; at 95 % confidence at most "
        "10 points can be gained."
    )
    many = {f"t{n}": [passed(golden(f"t{n}", "x"))] for n in range(60)}
    assert assess(many).stops


def test_goldens_that_pass_with_low_scores_leave_headroom() -> None:
    found = assess(twice({}, score=0.6))
    assert found.kind is HeadroomKind.REAL
    assert found.sentence.startswith(
        "Some headroom: none of 30 goldens missed, mean score 0.60; at 95 % confidence at most 4"
    )
    assert 0.4 < found.most_gain < 0.5


def test_a_golden_that_passes_half_the_time_is_half_a_miss() -> None:
    found = assess(twice({"g1": ("It is billing", None), "g5": (None, "shipping it is")}))
    assert (found.kind, found.stops) == (HeadroomKind.WRONG_FORMAT, False)
    assert found.sentence == (
        "Wrong format: 0 of 30 goldens missed every time and 2 at times, 2 of 2 misses by the "
        "form of the answer (right label inside a longer answer 2); saying how to answer may be "
        "all it needs."
    )


@pytest.mark.parametrize(("rate", "samples"), [(0.8, 2), (0.9, 1)])
@pytest.mark.parametrize("count", [8, 30])
def test_what_is_missed_now_and_then_hardly_ever_stops_a_search(
    rate: float, samples: int, count: int
) -> None:
    rng = random.Random(1)
    stopped = 0
    for _ in range(40):
        looked = {
            asked.id: [
                passed(asked) if rng.random() < rate else missed(asked, "It is billing")
                for _ in range(samples)
            ]
            for asked in TICKETS[:count]
        }
        stopped += assess(looked, least_gain=0.1).stops
    assert stopped <= 4


def test_misses_of_form_are_told_from_the_rest() -> None:
    longer = ("It is billing", "For billing")
    found = assess(twice({"g1": longer, "g4": longer, "g7": ("shipping", None)}))
    assert found.kind is HeadroomKind.WRONG_FORMAT
    assert found.sentence == (
        "Wrong format: 2 of 30 goldens missed every time and 1 at times, 4 of 5 misses by the "
        "form of the answer (right label inside a longer answer 4, wrong label 1); "
        "saying how to answer may be all it needs."
    )
    lenient = assess(
        twice({"g1": longer, "g4": longer}),
        subject=scored_by("contains", "{{expected}}", TICKETS),
    )
    assert lenient.kind is HeadroomKind.REAL


def test_wrong_answers_are_real_headroom() -> None:
    found = assess(twice({"g1": ("shipping", "shipping"), "g4": ("It is billing", "returns")}))
    assert (found.kind, found.stops) == (HeadroomKind.REAL, False)
    assert found.sentence == (
        "Real headroom: 2 of 30 goldens missed every time, 1 of 4 misses by the form of "
        "the answer (wrong label 3, right label inside a longer answer 1)."
    )


def test_one_answer_to_each_golden_is_enough() -> None:
    asked = TICKETS[:10]
    once = {g.id: [missed(g, "shipping") if g.id == "g1" else passed(g)] for g in asked}
    found = assess(once, least_gain=0.1)
    assert found.sentence == (
        "Real headroom: 1 of 10 goldens missed, 0 of 1 miss by the form of the answer "
        "(wrong label 1)."
    )
    assert found.most_gain == pytest.approx(0.394, abs=0.001)


def test_what_was_not_scored_does_not_count() -> None:
    nothing = {golden.id: [unscored(golden)] for golden in TICKETS}
    found = assess(nothing)
    assert (found.kind, found.stops) == (HeadroomKind.UNKNOWN, False)
    one = assess({**nothing, "g1": [passed(TICKETS[0])]})
    assert one.sentence.startswith("Some headroom: none of 1 golden missed")


def asked(number: int, ticket: str, expected: str) -> Golden:
    return golden(f"g{number}", expected, variables={"ticket": ticket})


CONTRADICTING = [
    asked(1, "Where is it?", "shipping"),
    asked(2, "Where is it?", "billing"),
    asked(3, "Where is it?", "shipping"),
    asked(4, "Money back!", "returns"),
    asked(5, "Money back!", "returns"),
    asked(6, "Hello", "billing"),
]


def test_goldens_that_contradict_each_other_are_a_ceiling() -> None:
    found = ceiling_of(subject(), CONTRADICTING)
    assert found == Ceiling(most=5, count=6, golden_ids=("g1", "g2", "g3"))
    sentence = (
        "No prompt can pass all goldens, at most 5 of 6: g1, g2, g3 ask the same and expect "
        "different answers."
    )
    assert found.sentence == sentence
    assert ceiling_of(subject(), CONTRADICTING[2:]) is None
    told = assess({"g6": [passed(CONTRADICTING[5])]}, ceiling=found)
    assert told.sentence.endswith(f" {sentence}")
    assert told.most_gain == pytest.approx(0.95 - 1 / 6)


def test_what_a_prompt_shows_of_a_golden_and_evaluators_accept_decides() -> None:
    either = scored_by("regex", {"pattern": "shipping|billing"}, CONTRADICTING)
    assert ceiling_of(either, CONTRADICTING) is None
    blind = subject(prompt(user="Which team?"))
    assert ceiling_of(blind, CONTRADICTING) == Ceiling(
        most=2, count=6, golden_ids=("g1", "g2", "g3", "g4", "g5", "g6")
    )
