from pytest_promptopt.evaluation.difference import difference
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome


def evaluation(**scores: float | None) -> Evaluation:
    return Evaluation(
        location="a",
        results=tuple(
            GoldenResult(
                id=name,
                outcome=Outcome.ERROR
                if score is None
                else Outcome.PASSED
                if score == 1
                else Outcome.MISSED,
                score=score,
            )
            for name, score in scores.items()
        ),
    )


def test_goldens_are_paired_by_id_and_those_that_changed_side_are_named() -> None:
    before = evaluation(a=1.0, b=0.0, c=0.5, d=None, e=1.0)
    after = evaluation(c=1.0, b=1.0, a=0.0, d=1.0, f=1.0)
    found = difference(before, after, confidence=0.95)
    assert found is not None
    assert (found.before, found.after) == (0.5, 2 / 3)
    assert (found.fixed, found.broken) == (("c", "b"), ("a",))
    assert found.unpaired == ("e", "d", "f")
    assert found.comparison.pairs == 3
    assert found.comparison.interval.low < 1 / 6 < found.comparison.interval.high


def test_without_a_golden_on_both_sides_there_is_no_difference() -> None:
    assert difference(evaluation(a=1.0), evaluation(b=1.0), confidence=0.95) is None
    assert difference(evaluation(a=None), evaluation(a=1.0), confidence=0.95) is None
