from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import judge
from pytest_promptopt.prompts.prompt import GateSettings

ERROR, MISSED, PASSED = Outcome.ERROR, Outcome.MISSED, Outcome.PASSED


def result(name: str, outcome: Outcome, score: float | None = None, **more: object) -> GoldenResult:
    return GoldenResult(golden_id=name, outcome=outcome, score=score, **more)  # type: ignore[arg-type]


def reasons(minimum: float | None, *results: GoldenResult) -> tuple[str, ...]:
    settings = GateSettings(line=1, minimum=minimum)
    verdict = judge(settings, Evaluation(location="a.prompt.yml", results=results))
    assert verdict.passed == (not verdict.reasons)
    return verdict.reasons


def test_gate_passes_at_exactly_the_minimum() -> None:
    assert reasons(0.5, result("a", PASSED, 1.0), result("b", MISSED, 0.0)) == ()


def test_gate_fails_under_the_minimum_and_says_by_how_much() -> None:
    assert reasons(0.51, result("a", PASSED, 1.0), result("b", MISSED, 0.0)) == (
        "score 0.500 is under min 0.51 (2 goldens scored)",
    )


def test_a_score_just_under_the_minimum_does_not_read_like_it() -> None:
    assert reasons(0.85, result("a", MISSED, 0.84999)) == (
        "score 0.84999 is under min 0.85 (1 goldens scored)",
    )


def test_weights_count() -> None:
    heavy = result("a", PASSED, 1.0, weight=3.0)
    assert reasons(0.75, heavy, result("b", MISSED, 0.0)) == ()


def test_gate_fails_when_a_required_golden_misses() -> None:
    assert reasons(0.1, result("a", PASSED, 1.0), result("b", MISSED, 0.0, required=True)) == (
        "required goldens that did not pass: b",
    )


def test_a_gate_with_an_error_never_passes_and_the_error_is_no_zero() -> None:
    evaluation = Evaluation(location="a", results=(result("a", PASSED, 1.0), result("b", ERROR)))
    verdict = judge(GateSettings(line=1, minimum=0.9), evaluation)
    assert verdict.score == 1.0
    assert verdict.reasons == ("1 of 2 goldens without an answer (an error): b",)


def test_goldens_that_were_not_run_are_named_apart() -> None:
    assert reasons(None, result("a", PASSED, 1.0), result("b", Outcome.NOT_RUN)) == (
        "1 of 2 goldens not run (the budget): b",
    )


def test_a_gate_with_nothing_scored_fails() -> None:
    expected = ("no golden was scored, so there is nothing to pass on",)
    assert reasons(0.0) == expected
    assert reasons(None, result("a", Outcome.UNSCORED)) == expected


def test_long_lists_are_cut() -> None:
    results = [result(f"g{number}", ERROR) for number in range(13)]
    assert reasons(None, *results)[0].endswith("g8, g9 and 3 more")
