"""When a gate is decided without the goldens that were not asked, and what it says then."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import is_decided, judge
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.evaluation.record import PromptRecord, interval_of
from pytest_promptopt.evaluation.stopping import blocks, drawn
from pytest_promptopt.evaluation.together import judged_together
from pytest_promptopt.prompts.prompt import GateSettings
from tests.evaluation.test_board import golden

MAIN = BaseRecord(label="main")


def results(
    passed: int,
    missed: int,
    left: int,
    *,
    errors: int = 0,
    unscored: int = 0,
    **more: Any,
) -> Evaluation:
    """Goldens that were asked, in the order of the arguments, and those that were not."""
    outcomes = [
        *[Outcome.PASSED] * passed,
        *[Outcome.MISSED] * missed,
        *[Outcome.NOT_NEEDED] * left,
        *[Outcome.ERROR] * errors,
        *[Outcome.UNSCORED] * unscored,
    ]
    scores = {Outcome.PASSED: 1.0, Outcome.MISSED: 0.0}
    return Evaluation(
        location="a.prompt.yml",
        results=tuple(
            GoldenResult(id=f"g{n}", outcome=outcome, score=scores.get(outcome), **more)
            for n, outcome in enumerate(outcomes)
        ),
    )


def gate(**settings: Any) -> GateSettings:
    return GateSettings(line=1, **settings)


SURE = gate(minimum=0.8, confidence=0.95)
PLAIN = gate(minimum=0.8)


def said(settings: GateSettings, evaluation: Evaluation, *against: Any) -> Sequence[str]:
    verdict = judge(settings, evaluation, *against, is_watched=True)
    return [verdict.decision, *verdict.reasons, *verdict.remarks]


@pytest.mark.parametrize(
    ("settings", "evaluation", "decided"),
    [
        (PLAIN, results(79, 1, 20), False),
        (PLAIN, results(80, 0, 20), True),
        (PLAIN, results(0, 20, 80), False),
        (PLAIN, results(0, 21, 79), True),
        (SURE, results(20, 0, 180), False),
        (SURE, results(40, 0, 160), True),
        (SURE, results(8, 2, 190), False),
        (SURE, results(10, 10, 180), False),
        (SURE, results(15, 15, 170), True),
        (SURE, results(155, 40, 5), True),
        (SURE, results(0, 0, 30), False),
    ],
)
def test_it_is_decided_by_what_cannot_change_and_by_bounds_that_hold_at_all_looks(
    settings: GateSettings, evaluation: Evaluation, decided: bool
) -> None:
    assert is_decided(settings, evaluation) is decided


def test_without_confidence_the_verdict_says_that_the_others_change_nothing() -> None:
    assert said(PLAIN, results(80, 0, 20)) == [
        "PASS",
        "min 0.8 is reached whatever the others score: at least 0.800 "
        "(80 goldens scored, 20 not needed)",
    ]
    assert said(PLAIN, results(0, 21, 79)) == [
        "FAIL",
        "score 0.000 is under min 0.8 whatever the others score: at most 0.790 "
        "(21 goldens scored, 79 not needed)",
    ]
    heavy = results(3, 0, 1, weight=2.0)
    assert said(gate(minimum=0.75), heavy)[0] == "PASS"


def test_with_confidence_it_says_the_bound_and_how_many_were_not_needed() -> None:
    assert said(SURE, results(40, 0, 160)) == [
        "PASS",
        "score 1.000 reaches min 0.8 with 95 % confidence: at least 0.850 "
        "(40 goldens scored, 160 not needed)",
    ]
    assert said(SURE, results(15, 15, 170)) == [
        "FAIL",
        "score 0.500 is under min 0.8 with 95 % confidence: at most 0.784 "
        "(30 goldens scored, 170 not needed)",
    ]


def test_one_that_can_become_neither_is_inconclusive_at_once() -> None:
    assert said(SURE, results(155, 40, 5))[0] == "INCONCLUSIVE"
    assert not is_decided(SURE, results(140, 30, 30))


def test_what_would_decide_is_those_that_were_not_asked_or_more_than_there_are() -> None:
    assert said(SURE, results(24, 1, 170, errors=5))[2] == (
        "score 0.960 could lie on either side of min 0.8: 0.699 to 1.000 with 95 % confidence "
        "(25 goldens scored, 170 not needed); those that were not asked could decide"
    )
    assert said(gate(minimum=0.82, confidence=0.95), results(155, 40, 5))[1] == (
        "score 0.795 could lie on either side of min 0.82: 0.718 to 0.848 with 95 % confidence "
        "(195 goldens scored, 5 not needed); not even the others could decide; about 573 more "
        "goldens would decide at this rate"
    )


def test_what_decided_is_said_before_what_was_left_open() -> None:
    part = gate(minimum=0.9)
    whole = gate(minimum=0.5, tags={"hard": part})
    asked = results(0, 3, 0, tags=("hard",)).results
    others = (replace(r, id=f"o{r.id}") for r in results(3, 0, 10).results)
    verdict = judge(whole, Evaluation(location="a", results=(*asked, *others)), is_watched=True)
    assert verdict.headline.startswith("tag hard: score 0.000 < min 0.9; the others could bring")


def test_what_is_needed_is_reckoned_with_what_is_left_of_the_error() -> None:
    minimum = 0.8175
    plain = judge(gate(minimum=minimum, confidence=0.95), results(173, 27, 0))
    assert plain.decision is Decision.PASS
    assert said(gate(minimum=minimum, confidence=0.95), results(173, 27, 0))[1].endswith(
        "(200 goldens scored); about 14 more goldens would decide at this rate"
    )


def test_asked_to_the_end_it_keeps_a_fifth_of_its_error_for_the_looks() -> None:
    watched = judge(SURE, results(173, 27, 0), is_watched=True)
    plain = judge(SURE, results(173, 27, 0))
    [remark], [by_itself] = watched.remarks, plain.remarks
    assert "at least 0.816 (" in remark
    assert "at least 0.819 (" in by_itself


def test_an_error_and_a_required_golden_that_missed_decide_at_once() -> None:
    assert is_decided(SURE, results(9, 0, 190, errors=1))
    required = results(0, 1, 0, required=True).results
    others = results(9, 0, 190).results
    assert is_decided(SURE, Evaluation(location="a", results=(*required, *others)))


def test_a_required_golden_is_asked_before_it_passes() -> None:
    passed, left = results(150, 0, 0).results, results(0, 0, 1, required=True).results
    evaluation = Evaluation(location="a", results=(*passed, *left))
    assert not is_decided(SURE, evaluation)
    assert is_decided(SURE, results(150, 0, 1))


@pytest.mark.parametrize(
    ("allowed", "unscored", "decided"),
    [(0.0, 1, True), (0.05, 1, True), (0.05, 11, True), (0.02, 1, False), (2, 2, True)],
)
def test_goldens_without_a_score_leave_it_open_while_more_of_those_asked_have_none_than_may(
    allowed: float, unscored: int, decided: bool
) -> None:
    settings = gate(minimum=0.8, confidence=0.95, unscored=allowed)
    evaluation = results(38, 0, 162 - unscored, unscored=unscored)
    assert is_decided(settings, evaluation) is decided


def test_all_parts_have_to_be_decided_for_a_pass_and_one_for_a_fail() -> None:
    settings = gate(minimum=0.8, confidence=0.95, tags={"t": gate(minimum=0.9, confidence=0.95)})
    plain, tagged = results(60, 0, 100).results, results(10, 0, 30, tags=("t",)).results
    assert is_decided(SURE, Evaluation(location="a", results=(*plain, *tagged)))
    assert not is_decided(settings, Evaluation(location="a", results=(*plain, *tagged)))
    tagged = results(5, 25, 10, tags=("t",)).results
    assert is_decided(settings, Evaluation(location="a", results=(*plain, *tagged)))


def test_parts_whose_goldens_are_still_to_come_share_the_error_already() -> None:
    own = gate(minimum=0.8, confidence=0.95)
    settings = gate(minimum=0.8, confidence=0.95, tags={f"t{n}": own for n in range(30)})
    evaluation = results(15, 15, 170, tags=tuple(settings.tags))
    alone = results(15, 15, 170)
    assert judge(SURE, alone, is_watched=True).decision is Decision.FAIL
    assert is_decided(SURE, alone)
    untagged = Evaluation(location="a", results=(*alone.results[:30], *evaluation.results[30:]))
    assert not is_decided(settings, untagged)


@pytest.mark.parametrize(
    ("broken", "same", "left", "decided"),
    [
        (0, 10, 190, False),
        (10, 20, 170, True),
        (0, 197, 3, True),
        (3, 190, 7, True),
        (2, 60, 138, False),
    ],
)
def test_a_drop_is_decided_where_it_is_shown_or_can_no_longer_be(
    broken: int, same: int, left: int, decided: bool
) -> None:
    settings = gate(max_drop=0.02)
    before, now = results(broken + same, 0, 0), results(same, broken, left)
    before = Evaluation(
        location="a",
        results=tuple(
            GoldenResult(id=r.id, outcome=Outcome.PASSED, score=1.0)
            for r in now.results
            if r.score is not None
        ),
    )
    assert is_decided(settings, now, MAIN, before) is decided


def test_no_drop_beyond_the_limit_is_shown_by_bounds_that_hold_at_all_looks() -> None:
    now = results(200, 0, 300)
    before = Evaluation(location="a", results=now.results[:200])
    assert is_decided(gate(max_drop=0.05), now, MAIN, before)
    assert said(gate(max_drop=0.05), now, MAIN, before) == [
        "PASS",
        "no drop of more than maxDrop 0.05: at most 0.032 with 95 % confidence "
        "(200 goldens, 300 not needed)",
    ]


def test_where_gates_are_judged_together_a_fail_of_a_test_waits_for_the_end() -> None:
    evaluation = results(15, 15, 170)
    assert is_decided(SURE, evaluation)
    assert not is_decided(SURE, evaluation, is_alone=False)
    assert is_decided(SURE, results(40, 0, 160), is_alone=False)
    assert is_decided(PLAIN, results(0, 30, 70), is_alone=False)
    verdict = judge(SURE, results(100, 100, 0), is_watched=True, is_alone=False)
    verdicts = {str(number): verdict for number in range(20)}
    together = judged_together(verdicts, "holm")
    assert {verdict.decision for verdict in together.values()} == {Decision.FAIL}


def test_a_stopped_score_has_an_interval_for_all_times_of_stopping_and_is_not_whole() -> None:
    stopped, whole = results(36, 4, 60), results(36, 4, 0)
    inner, outer = interval_of(whole), interval_of(stopped)
    assert inner is not None
    assert outer is not None
    assert outer.low < inner.low < inner.high < outer.high
    record = PromptRecord(key="a", location="a", model="", goldens=100, results=stopped.results)
    assert not record.is_whole_of(stopped)


def test_the_order_is_by_chance_and_adding_goldens_moves_none() -> None:
    goldens = [golden(f"g{n}") for n in range(30)]
    order = [g.id for g in drawn(goldens)]
    assert order != sorted(order, key=lambda name: int(name[1:]))
    assert [g.id for g in drawn(goldens[::-1])] == order
    fewer = [g.id for g in drawn(goldens[:20])]
    assert fewer == [name for name in order if name in set(fewer)]


def test_looks_are_ten_goldens_apart_and_twenty_at_most() -> None:
    def sizes(count: int) -> Sequence[int]:
        return [len(block) for block in blocks([golden(f"g{n}") for n in range(count)])]

    assert sizes(25) == [10, 10, 5]
    assert sizes(1) == [1]
    assert sizes(0) == []
    assert sizes(1000) == [50] * 20
    assert sizes(1001)[:2] == [51, 51]


def test_a_cluster_is_asked_as_a_whole() -> None:
    goldens = [replace(golden(f"g{n}"), cluster=f"c{n % 6}" if n % 2 else "") for n in range(60)]
    asked = [[g.cluster for g in block if g.cluster] for block in blocks(goldens)]
    assert sum(map(len, asked)) == 30
    assert len(asked) > 2
    seen = [{*block} for block in asked]
    assert sum(map(len, seen)) == len(set().union(*seen))
