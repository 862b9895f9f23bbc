from collections.abc import Mapping, Sequence

from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.diagnosis.headroom import Headroom, HeadroomKind, assess
from tests.optimization.answers import missed, passed, tickets, unscored

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


def test_nothing_missed_is_saturated_and_stops() -> None:
    found = assess(twice({}))
    assert found == Headroom(
        kind=HeadroomKind.SATURATED,
        sentence="Saturated: none of 30 goldens missed; at 95 % confidence at most 10 % of all "
        "such goldens do, and no more than that can be gained.",
    )
    assert found.stops


def test_goldens_that_pass_with_low_scores_leave_headroom() -> None:
    assert assess(twice({}, score=0.6)) == Headroom(
        kind=HeadroomKind.REAL,
        sentence="Real headroom: none of 30 goldens missed, but the mean score is 0.60.",
    )


def test_misses_that_pass_when_asked_again_are_noise_and_stop() -> None:
    found = assess(twice({"g1": ("", None), "g5": (None, "shipping")}))
    assert found == Headroom(
        kind=HeadroomKind.NOISE_ONLY,
        sentence="Noise only: 2 of 30 goldens missed, but each of them passed when asked again "
        "(2 misses among 60 answers).",
    )
    assert found.stops


def test_misses_of_form_are_told_from_the_rest() -> None:
    longer = ("It is billing", "For billing")
    found = assess(twice({"g1": longer, "g4": longer, "g7": ("shipping", None)}))
    assert found == Headroom(
        kind=HeadroomKind.WRONG_FORMAT,
        sentence="Wrong format: 2 of 30 goldens missed every time, 4 of 5 misses by the form of "
        "the answer (right label inside a longer answer 4, wrong label 1); "
        "saying how to answer may be all it needs.",
    )
    assert not found.stops


def test_wrong_answers_are_real_headroom() -> None:
    found = assess(twice({"g1": ("shipping", "shipping"), "g4": ("It is billing", "returns")}))
    assert found == Headroom(
        kind=HeadroomKind.REAL,
        sentence="Real headroom: 2 of 30 goldens missed every time, 1 of 4 misses by the form of "
        "the answer (wrong label 3, right label inside a longer answer 1).",
    )
    assert not found.stops


def test_a_golden_that_missed_its_only_answer_is_no_noise() -> None:
    samples = {**twice({}), "g1": [missed(TICKETS[0], "shipping"), unscored(TICKETS[0])]}
    assert assess(samples).kind is HeadroomKind.REAL


def test_what_was_not_scored_does_not_count() -> None:
    nothing = {golden.id: [unscored(golden)] for golden in TICKETS}
    found = assess(nothing)
    assert (found.kind, found.stops) == (HeadroomKind.UNKNOWN, False)
    one = assess({**nothing, "g1": [passed(TICKETS[0])]})
    assert one.sentence.startswith("Saturated: none of 1 golden missed; at 95 % confidence at most")
