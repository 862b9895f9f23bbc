from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome


def evaluation(*expected: tuple[str | None, float]) -> Evaluation:
    results = tuple(
        GoldenResult(id=str(n), outcome=Outcome.MISSED, score=0.0, expected=text, weight=weight)
        for n, (text, weight) in enumerate(expected)
    )
    return Evaluation(location="a.prompt.yml", results=results)


def test_the_commonest_answer_counts_by_weight_and_aside_from_blanks_around_it() -> None:
    found = evaluation(("spam", 1), (" spam\n", 3), ("ham", 1), (None, 5)).commonest
    assert found == ("spam", 0.4)


def test_there_is_none_where_no_two_expect_the_same_or_nothing_weighs() -> None:
    assert evaluation(("a", 1), ("b", 1)).commonest is None
    assert evaluation(("a", 0), ("a", 0)).commonest is None
    assert evaluation().commonest is None


def test_what_was_not_scored_does_not_count() -> None:
    error = GoldenResult(id="e", outcome=Outcome.ERROR, expected="a")
    one = evaluation(("a", 1), ("b", 1), ("b", 1))
    both = Evaluation(location=one.location, results=(error, error, *one.results))
    assert both.commonest == ("b", 2 / 3)
