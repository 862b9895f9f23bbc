"""What goldens have told by the results of several runs."""

from pytest_promptopt.evaluation.audit import Twins, Unsteady, audit_of
from pytest_promptopt.evaluation.evaluation import Answer, GoldenResult, Mark, Outcome
from pytest_promptopt.evaluation.record import PromptRecord


def result(name: str, *passed: bool, saved: bool = False, **more: object) -> GoldenResult:
    share = sum(passed) / len(passed)
    return GoldenResult(
        id=name,
        outcome=Outcome.PASSED if share == 1 else Outcome.MISSED,
        score=share,
        saved=saved,
        answers=tuple(Answer(text=f"{p} {n}", passed=p) for n, p in enumerate(passed)),
        **more,  # type: ignore[arg-type]
    )


def record(*results: GoldenResult, version: str = "1", goldens: int | None = None) -> PromptRecord:
    count = len(results) if goldens is None else goldens
    return PromptRecord(
        key="a", location="a", model="m", goldens=count, version=version, results=results
    )


def test_goldens_that_always_do_the_same_are_told_apart_from_those_that_turn() -> None:
    found = audit_of(
        [
            record(result("up", True), result("down", False), result("mixed", True), version="2"),
            record(result("up", True), result("down", False), result("mixed", False)),
        ]
    )
    assert (found.runs, found.conditions) == (2, 2)
    assert found.passed == ("up",)
    assert [golden.id for golden in found.missed] == ["down"]
    assert found.unsteady == ()


def test_what_turns_with_nothing_changed_is_unsteady_between_runs_and_among_samples() -> None:
    found = audit_of(
        [
            record(result("runs", True), result("samples", True, False), result("cached", True)),
            record(result("runs", False), result("cached", True, saved=True)),
        ]
    )
    assert found.unsteady == (
        Unsteady(id="runs", passed=1, asked=2),
        Unsteady(id="samples", passed=1, asked=2),
    )
    assert (found.passed, found.missed) == (("cached",), ())


def test_a_golden_that_asks_something_else_now_begins_anew() -> None:
    now, before = result("a", True, expected="x"), result("a", False, expected="y")
    assert audit_of([record(now), record(before)]).passed == ("a",)
    # A run of some goldens only does not hide the others.
    part = record(now, goldens=2)
    assert audit_of([part, record(now, result("b", True))]).passed == ("a", "b")


def test_evaluators_that_never_part_are_told_where_answers_were_good_and_bad() -> None:
    def marked(number: int, second: bool) -> GoldenResult:
        is_good = number % 2 == 0
        marks = (
            Mark(name="a", score=1.0, passed=is_good, reason=""),
            Mark(name="b", score=1.0, passed=second, reason=""),
            Mark(name="all", score=1.0, passed=True, reason=""),
        )
        return result(f"g{number}", is_good, evaluators=marks)

    same = [marked(n, n % 2 == 0) for n in range(10)]
    assert audit_of([record(*same)]).twins == (Twins(first="a", second="b", answers=10),)
    assert audit_of([record(*same[:9])]).twins == ()
    assert audit_of([record(*same, marked(10, False))]).twins == ()


def test_the_smallest_drop_that_would_show_is_told_of_all_and_by_tag() -> None:
    goldens = [result(f"g{n}", True, tags=("rare",) if n < 2 else ()) for n in range(20)]
    whole, rare = audit_of([record(*goldens)]).groups
    assert (whole.tag, whole.goldens, rare.tag, rare.goldens) == ("", 20, "rare", 2)
    assert whole.drop is not None
    assert 0.1 < whole.drop <= 0.3
    assert rare.drop is None
    assert rare.interval is not None
    assert rare.interval.low < 0.5


def test_the_smallest_drop_goes_by_cluster() -> None:
    goldens = [result(f"g{n}", True, cluster=f"c{n // 5}") for n in range(40)]
    [whole] = audit_of([record(*goldens)]).groups
    [alone] = audit_of([record(*[result(f"g{n}", True) for n in range(8)])]).groups
    assert (whole.goldens, whole.clusters) == (40, 8)
    assert whole.drop == alone.drop
    assert whole.interval == alone.interval
