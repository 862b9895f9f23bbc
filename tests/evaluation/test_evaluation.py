from pytest_promptopt.evaluation.evaluation import (
    Evaluation,
    GoldenResult,
    Mark,
    Outcome,
    mean_score,
)


def test_a_prompts_score_is_the_weighted_mean_of_what_was_scored() -> None:
    results = (
        GoldenResult(id="a", outcome=Outcome.PASSED, score=1.0, weight=3.0),
        GoldenResult(id="b", outcome=Outcome.MISSED, score=0.0),
        GoldenResult(id="c", outcome=Outcome.ERROR),
    )
    assert Evaluation(location="a", results=results).score == 0.75
    assert Evaluation(location="a", results=results[2:]).score is None


def test_a_prompts_parts_are_its_tags_and_evaluators() -> None:
    def marks(right: float, short: float | None) -> tuple[Mark, ...]:
        return (
            Mark(name="right", score=right, passed=right == 1.0, reason=""),
            Mark(name="short", score=short, passed=short == 1.0, reason=""),
        )

    results = (
        GoldenResult(
            id="a", outcome=Outcome.PASSED, score=1.0, tags=("x", "y"), evaluators=marks(1.0, 1.0)
        ),
        GoldenResult(
            id="b", outcome=Outcome.MISSED, score=0.5, tags=("y",), evaluators=marks(0.0, 1.0)
        ),
        GoldenResult(id="c", outcome=Outcome.UNSCORED, tags=("y",), evaluators=marks(1.0, None)),
        GoldenResult(id="d", outcome=Outcome.ERROR, tags=("z",)),
    )
    evaluation = Evaluation(location="a", results=results)
    assert {tag: mean_score(part) for tag, part in evaluation.by_tag.items()} == {
        "x": 1.0,
        "y": 0.75,
        "z": None,
    }
    assert evaluation.pass_rate == 0.5
    assert evaluation.evaluators == ("right", "short")
    assert [golden.passed for golden in evaluation.by_evaluator("right")] == [True, False, True]
    assert [golden.golden_id for golden in evaluation.by_evaluator("short")] == ["a", "b"]
