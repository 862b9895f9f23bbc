import pytest

from pytest_promptopt.evaluation.causes import causes
from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome


def results(outcome: Outcome, *reasons: str) -> list[GoldenResult]:
    return [
        GoldenResult(id=f"g{number}", outcome=outcome, reason=reason)
        for number, reason in enumerate(reasons)
    ]


def counts(found: list[GoldenResult]) -> list[tuple[str, int]]:
    return [(cause.reason, len(cause.goldens)) for cause in causes(found)]


def test_errors_that_differ_by_golden_request_or_sample_have_one_cause() -> None:
    found = results(
        Outcome.ERROR,
        "401 bad key (request req_01abc, sample 0) in golden g0",
        "401 bad key (request req_77xyz, sample 1) in golden g1",
        "404 no such model (request req_02abc, sample 0)",
    )
    assert counts(found) == [(found[0].reason, 2), (found[2].reason, 1)]


@pytest.mark.parametrize("reason", ["a scorer gave 7", "no value in golden {name}"])
def test_an_id_that_is_a_part_of_the_message_by_chance_tells_no_causes_apart(reason: str) -> None:
    found = [
        GoldenResult(id=name, outcome=Outcome.ERROR, reason=reason.format(name=name))
        for name in ("a", "s", "gave", "x.y")
    ]
    assert counts(found) == [(found[0].reason, 4)]


def test_a_status_is_no_detail() -> None:
    assert len(causes(results(Outcome.ERROR, "status 500", "status 503"))) == 2


def test_a_budget_is_one_cause_and_what_is_not_scored_is_told_to_the_letter() -> None:
    assert counts(results(Outcome.NOT_RUN, "spent 3 calls", "spent 4 tokens")) == [
        ("spent 3 calls", 2)
    ]
    assert counts(results(Outcome.UNSCORED, 'gave "1"', 'gave "2"', 'gave "2"')) == [
        ('gave "2"', 2),
        ('gave "1"', 1),
    ]


def test_goldens_with_a_score_have_no_cause() -> None:
    assert causes(results(Outcome.MISSED, "") + results(Outcome.PASSED, "")) == ()
