from collections.abc import Iterable
from dataclasses import replace

import pytest

from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Mark, Outcome
from pytest_promptopt.evaluation.gate import judge
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.prompts.prompt import GateSettings

ERROR, MISSED, PASSED = Outcome.ERROR, Outcome.MISSED, Outcome.PASSED


def result(name: str, outcome: Outcome, score: float | None = None, **more: object) -> GoldenResult:
    return GoldenResult(id=name, outcome=outcome, score=score, **more)  # type: ignore[arg-type]


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
        "score 0.84999 is under min 0.85 (1 golden scored)",
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
    assert verdict.reasons == ("1 of 2 goldens ended in an error: b",)


def test_goldens_that_were_not_run_are_named_apart() -> None:
    assert reasons(None, result("a", PASSED, 1.0), result("b", Outcome.NOT_RUN)) == (
        "1 of 2 goldens not run (the budget): b",
    )


def test_a_gate_with_nothing_scored_fails() -> None:
    nothing = "no golden was scored, so there is nothing to pass on"
    assert reasons(0.0) == (nothing,)
    assert reasons(None, result("a", Outcome.UNSCORED)) == (
        "1 of 1 golden not scored (`unscored` allows none): a",
        nothing,
    )


@pytest.mark.parametrize(
    ("allowed", "unscored", "passes"),
    [(0.0, 1, False), (1, 1, True), (2, 3, False), (0.05, 5, True), (0.05, 6, False)],
)
def test_a_gate_with_goldens_not_scored_fails_unless_it_allows_so_many(
    allowed: float, unscored: int, passes: bool
) -> None:
    found = verdict(
        GateSettings(line=1, minimum=0.5, unscored=allowed),
        *results(100 - unscored, 0),
        *(result(f"u{number}", Outcome.UNSCORED) for number in range(unscored)),
    )
    assert found.passed is passes
    assert (found.remarks if passes else found.reasons)[0].startswith(
        f"{unscored} of 100 goldens not scored (`unscored"
    )
    assert found.headline.startswith("" if passes else f"{unscored} of 100 goldens not scored")


def test_what_the_policies_forbid_fails_whatever_the_score() -> None:
    whole = Evaluation(location="a", results=(result("a", PASSED, 1.0),))
    settings = GateSettings(line=1, minimum=0.5, removed_fails=True, loosened_fails=True)
    base = BaseRecord(label="main", identical=True, loosened=("x", "y"), forbidden=("x", "y"))
    verdict = judge(settings, whole, base)
    assert (verdict.decision, verdict.passed) == (Decision.FAIL, False)
    assert verdict.reasons == ("asks for less than at main: x; y",)
    assert verdict.headline == "asks for less than at main"
    # The base's own word, though the gate here says nothing of the kind.
    assert not judge(GateSettings(line=1, minimum=0.5), whole, base).passed
    assert judge(settings, whole, replace(base, forbidden=())).remarks == ()
    assert judge(settings, whole).remarks == (
        "not applied without a base, which --prompt-base names: onRemovedGoldens, onLoosened",
    )


def test_long_lists_are_cut() -> None:
    results = [result(f"g{number}", ERROR) for number in range(13)]
    assert reasons(None, *results)[0].endswith("g8, g9 and 3 more")


def results(passed: int, missed: int, **more: object) -> tuple[GoldenResult, ...]:
    return (
        *(result(f"p{number}", PASSED, 1.0, **more) for number in range(passed)),
        *(result(f"m{number}", MISSED, 0.0, **more) for number in range(missed)),
    )


def verdict(
    settings: GateSettings,
    *found: GoldenResult,
    base: BaseRecord | None = None,
    before: Iterable[GoldenResult] | None = None,
) -> Verdict:
    at_base = None if before is None else _evaluation(before)
    if base is None and at_base is not None:
        base = BaseRecord(label="main (1a2b3c4)")
    return judge(settings, _evaluation(found), base, at_base)


def _evaluation(results: Iterable[GoldenResult]) -> Evaluation:
    return Evaluation(location="a.prompt.yml", results=tuple(results))


SURE = GateSettings(line=1, minimum=0.85, confidence=0.95)


def test_with_confidence_a_bound_that_reaches_the_minimum_passes() -> None:
    found = verdict(SURE, *results(145, 5))
    assert (found.decision, found.passed) == (Decision.PASS, True)
    assert found.remarks == (
        "score 0.967 reaches min 0.85 with 95 % confidence: at least 0.931 (150 goldens scored)",
    )


def test_with_confidence_a_bound_under_the_minimum_fails() -> None:
    found = verdict(SURE, *results(100, 50))
    assert (found.decision, found.passed) == (Decision.FAIL, False)
    assert found.reasons == (
        "score 0.667 is under min 0.85 with 95 % confidence: at most 0.730 (150 goldens scored)",
    )


def test_between_the_two_the_verdict_is_inconclusive_and_says_what_would_decide() -> None:
    found = verdict(SURE, *results(36, 4))
    assert (found.decision, found.passed) == (Decision.INCONCLUSIVE, False)
    [reason] = found.reasons
    assert reason.startswith(
        "score 0.900 could lie on either side of min 0.85: 0.786 to 0.965 with 95 % confidence "
        "(40 goldens scored); about "
    )
    assert reason.endswith(" more goldens would decide at this rate")


def test_an_inconclusive_verdict_is_let_through_where_the_file_says_so() -> None:
    lenient = replace(SURE, inconclusive_passes=True)
    found = verdict(lenient, *results(36, 4))
    assert (found.decision, found.passed, found.reasons) == (Decision.INCONCLUSIVE, True, ())
    broken = verdict(lenient, *results(36, 3), result("m9", MISSED, 0.0, required=True))
    assert (broken.decision, broken.passed) == (Decision.FAIL, False)
    assert broken.reasons == ("required goldens that did not pass: m9",)


def test_a_gate_on_a_tag_looks_at_its_goldens_alone() -> None:
    refunds = GateSettings(line=2, minimum=0.9)
    settings = GateSettings(line=1, minimum=0.5, tags={"refunds": refunds})
    tagged = result("r", MISSED, 0.5, tags=("refunds",))
    assert verdict(settings, *results(9, 0), tagged).reasons == (
        "tag refunds: score 0.500 is under min 0.9 (1 golden scored)",
    )


def test_a_gate_on_an_evaluator_looks_at_its_scores_alone() -> None:
    settings = GateSettings(line=1, evaluators={"short": GateSettings(line=2, minimum=0.9)})

    def marked(name: str, short: float) -> GoldenResult:
        mark = Mark(name="short", score=short, passed=short == 1, reason="")
        return result(name, PASSED, 1.0, evaluators=(mark,))

    assert verdict(settings, marked("a", 1.0), marked("b", 0.0)).reasons == (
        "evaluator short: score 0.500 is under min 0.9 (2 goldens scored)",
    )


DROP = GateSettings(line=1, max_drop=0.02)


def turned(broken: int, of: int) -> tuple[GoldenResult, ...]:
    return tuple(
        result(f"p{number}", MISSED if number < broken else PASSED, float(number >= broken))
        for number in range(of)
    )


def test_a_drop_that_is_shown_fails_and_names_what_broke() -> None:
    found = verdict(DROP, *turned(12, 40), before=results(40, 0))
    assert found.decision is Decision.FAIL
    [reason] = found.reasons
    assert reason.startswith(
        "a drop of more than maxDrop 0.02 is shown: 1.000 at main (1a2b3c4), now 0.700 on "
        "40 goldens, 0 fixed, 12 broken (p0, p1, p2, p3, p4, p5, p6, p7, p8, p9 and 2 more); "
        "at least 0."
    )


def test_a_drop_that_is_not_shown_passes_and_says_what_could_go_unseen() -> None:
    found = verdict(DROP, *results(40, 0), before=results(40, 0))
    assert found.passed
    assert found.remarks == (
        "no drop of more than maxDrop 0.02 is shown on 40 goldens; "
        "up to 0.072 could go unseen with 95 % confidence",
    )


def test_without_a_comparison_max_drop_is_not_applied_and_that_is_said() -> None:
    same = BaseRecord(label="main", identical=True)
    odd = BaseRecord(label="main", remark="invalid at main")
    head = results(3, 0)
    found = [verdict(DROP, *head, base=base) for base in (None, same, odd)]
    found.append(verdict(DROP, *head, before=[result("x", PASSED, 1.0)]))
    assert [one.remarks for one in found] == [
        ("maxDrop was not applied: there is no base; name one with --prompt-base",),
        ("maxDrop holds: the same prompt as at main",),
        ("maxDrop was not applied: invalid at main",),
        ("maxDrop was not applied: no golden has a score here and at main (1a2b3c4)",),
    ]


def test_a_base_without_an_answer_is_an_error_and_no_pass() -> None:
    found = verdict(DROP, *results(2, 0), before=[*results(1, 0), result("p1", ERROR)])
    assert found.reasons == ("1 golden without an answer at main (1a2b3c4): p1",)


def test_one_heavy_golden_does_not_switch_the_gate_off() -> None:
    heavy = result("heavy", PASSED, 1.0, weight=5.0)
    assert verdict(SURE, heavy, *results(39, 0)).decision is Decision.PASS
    before = (heavy, *results(19, 0))
    after = (replace(heavy, score=0.0, outcome=MISSED), *results(2, 0))
    after += tuple(result(f"p{number}", MISSED, 0.0) for number in range(2, 19))
    found = verdict(GateSettings(line=1, max_drop=0.02), *after, before=before)
    assert found.decision is Decision.FAIL


def tagged(tags: int, goldens: int, missed: int) -> tuple[GoldenResult, ...]:
    return tuple(
        result(
            f"t{tag}-{number}",
            MISSED if number < missed else PASSED,
            float(number >= missed),
            tags=(f"t{tag}",),
        )
        for tag in range(tags)
        for number in range(goldens)
    )


def test_the_parts_of_a_gate_share_its_error() -> None:
    part = GateSettings(line=1, minimum=0.85, confidence=0.95)
    worst = tagged(1, 40, 12)
    alone = verdict(GateSettings(line=1, tags={"t0": part}), *worst)
    assert alone.decision is Decision.FAIL
    assert "with 95 % confidence: at most" in alone.reasons[0]
    others = tuple(
        replace(golden, tags=(f"t{tag}",), id=f"o{tag}-{golden.id}")
        for tag in range(1, 20)
        for golden in tagged(1, 40, 6)
    )
    many = GateSettings(line=1, tags={f"t{tag}": part for tag in range(20)})
    together = verdict(many, *worst, *others)
    assert together.decision is Decision.INCONCLUSIVE
    assert "with 95 % confidence, shared by 20 limits" in together.reasons[0]
    terrible = verdict(many, *tagged(1, 40, 30), *others)
    assert terrible.decision is Decision.FAIL
    assert "shared by 20 limits" in terrible.reasons[0]
    assert "shared by 19 limits" in terrible.reasons[1]


def test_a_shown_drop_within_the_limit_is_not_called_no_drop() -> None:
    before, after = results(100, 0), (*results(92, 0), *results(0, 8))
    after = tuple(replace(r, id=f"p{number}") for number, r in enumerate(after))
    found = verdict(GateSettings(line=1, max_drop=0.05), *after, before=before)
    assert found.decision is Decision.PASS
    assert found.remarks[0].startswith(
        "a drop is shown, but none of more than maxDrop 0.05 is certain on 100 goldens"
    )


def in_clusters(hits: int, misses: int, size: int) -> Evaluation:
    """Clusters of ``size`` goldens that are right or wrong as a whole, as many as that takes."""
    marks = [True] * hits + [False] * misses
    return Evaluation(
        location="a",
        results=tuple(
            result(
                f"g{number}-{n}",
                PASSED if is_hit else MISSED,
                float(is_hit),
                cluster=f"c{number}" if size > 1 else "",
            )
            for number, is_hit in enumerate(marks)
            for n in range(size)
        ),
    )


def test_confidence_goes_by_cluster_and_says_so() -> None:
    settings = GateSettings(line=1, minimum=0.6, confidence=0.95)
    assert judge(settings, in_clusters(35, 5, 1)).decision is Decision.PASS
    [reason] = judge(settings, in_clusters(7, 1, 5)).reasons
    assert reason == (
        "score 0.875 could lie on either side of min 0.6: 0.529 to 0.994 with 95 % confidence "
        "(40 goldens in 8 clusters scored); about 4 more clusters would decide at this rate"
    )
    assert judge(settings, in_clusters(8, 0, 5)).decision is Decision.PASS


def test_one_cluster_decides_nothing_and_clusters_of_one_are_none() -> None:
    settings = GateSettings(line=1, minimum=0.6, confidence=0.95)
    verdict = judge(settings, in_clusters(1, 0, 40))
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "(40 goldens in 1 cluster scored); about 5 more clusters would" in verdict.reasons[0]
    alone = in_clusters(35, 5, 1)
    named = replace(alone, results=tuple(replace(r, cluster=r.id) for r in alone.results))
    assert judge(settings, named) == judge(settings, alone)


def test_a_drop_must_show_by_cluster() -> None:
    settings = GateSettings(line=1, max_drop=0.0)
    base = BaseRecord(label="main")

    def dropped(size: int) -> Verdict:
        before, after = in_clusters(40 // size, 0, size), in_clusters(40 // size - 2, 2, size)
        return judge(settings, after, base, before)

    assert dropped(1).passed
    assert (
        "no drop of more than maxDrop 0 is shown on 40 goldens in 8 clusters;"
        in (dropped(5).remarks[0])
    )
    lost = judge(settings, in_clusters(2, 6, 5), base, in_clusters(8, 0, 5))
    assert lost.decision is Decision.FAIL
    assert "now 0.250 on 40 goldens in 8 clusters, 0 fixed, 30 broken" in lost.reasons[0]
