from dataclasses import replace

import pytest

from pytest_promptopt.client.ledger import Tally
from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.evaluation import Answer, GoldenResult, Outcome
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.reports.summary import cost
from pytest_promptopt.reports.terminal import describe_progress, render


def row(name: str, outcome: Outcome, score: float | None, **more: object) -> GoldenResult:
    answers = tuple(
        Answer(text=str(more.pop(key)), passed=False) for key in [*more] if key == "answer"
    )
    made = GoldenResult(id=name, outcome=outcome, score=score, **more)  # type: ignore[arg-type]
    return replace(made, answers=answers)


def test_a_summary_tells_score_gate_effort_and_the_worst() -> None:
    summary = PromptRecord(
        key="prompts/a.prompt.yml",
        location="prompts/a.prompt.yml",
        model="openai/x",
        goldens=4,
        results=(
            row("a", Outcome.PASSED, 1.0, input_tokens=1000, latency_seconds=0.5, cost_usd=0.01),
            row("b", Outcome.MISSED, 0.5, expected="yes", answer="no\n", saved=True),
            row("c", Outcome.MISSED, 0.0, answer="maybe", notes=("the answer is empty",)),
            row("d", Outcome.ERROR, None, reason="no answer"),
        ),
        verdict=Verdict(decision=Decision.FAIL, passed=False, score=0.5),
    )
    lines = list(render([summary], width=90))
    assert [line.text for line in lines] == [
        "prompt                verdict  score   95 % interval  passed  missed  errors     cost",
        "prompts/a.prompt.yml     FAIL  0.500  0.009 to 0.991       1       2       1  $0.0100",
        "    the score is over the 3 of 4 that were answered",
        "    33 % passed",
        '    worst: c 0.00, got "maybe"',
        '    worst: b 0.50, expected "yes", got "no"',
        "    1 error: no answer (d)",
        "    1 × the answer is empty",
        "openai/x, 1,000 tokens, $0.0100, 0.50 s an answer, 1 of 4 goldens from the cache",
    ]
    assert [line.is_bad for line in lines] == [False, True] + 7 * [False]


LOCATION = "prompts/team/ticket_routing_{}.prompt.yml"


def many(count: int) -> list[PromptRecord]:
    """Prompts of which one fails, one is inconclusive, and the others hold."""
    decisions = {1: Decision.FAIL, 2: Decision.INCONCLUSIVE}
    return [
        PromptRecord(
            key=LOCATION.format(number),
            location=LOCATION.format(number),
            model="openai/x",
            goldens=2,
            results=(
                row("a", Outcome.PASSED, 1.0, input_tokens=1_234, cost_usd=0.001),
                row("b", Outcome.MISSED, 0.0, expected="yes", answer="no"),
                row("c", Outcome.UNSCORED, None, reason="no choice"),
                row("d", Outcome.NOT_RUN, None, reason="no budget"),
            )[: 4 if number == 1 else 2],
            verdict=Verdict(
                decision=decisions.get(number, Decision.PASS),
                passed=number not in decisions,
                score=0.5,
            ),
            base=BaseRecord(label="main", identical=True),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("count", [1, 8, 60])
def test_the_summary_fits_the_terminal(count: int, width: int) -> None:
    for verbosity in (-1, 0, 1):
        lines = list(render(many(count), width=width, verbosity=verbosity))
        assert max(len(line.text) for line in lines) <= width


def test_prompts_that_need_a_person_come_first_and_only_these_have_details() -> None:
    lines = list(render(many(4), width=80))
    assert [line.text for line in lines] == [
        "prompt                                verdict  score  Δ base  missed  not scored",
        "…am/ticket_routing_1.prompt.yml          FAIL  0.500    same       1           1",
        "    the score is over the 3 of 4 that were answered",
        "    95 % interval 0.095 to 0.905",
        "    against main: it sends the same",
        '    worst: b 0.00, expected "yes", got "no"',
        "    1 not run: no budget (d)",
        "    1 not scored: no choice (c)",
        "…am/ticket_routing_2.prompt.yml  INCONCLUSIVE  0.500    same       1           0",
        "    95 % interval 0.095 to 0.905",
        "    against main: it sends the same",
        '    worst: b 0.00, expected "yes", got "no"',
        "…am/ticket_routing_0.prompt.yml          PASS  0.500    same       1           0",
        "…am/ticket_routing_3.prompt.yml          PASS  0.500    same       1           0",
        "total, 2 to look at                                                4           1",
        "openai/x, 4,936 tokens, $0.0040",
    ]


def test_inconclusive_is_not_as_red_as_fail() -> None:
    colors = {
        line.text.split()[1]: (line.is_bad, line.is_unsure, line.is_good)
        for line in render(many(4), width=200)
        if line.text.startswith("prompts/")
    }
    assert colors == {
        "FAIL": (True, False, False),
        "INCONCLUSIVE": (False, True, False),
        "PASS": (False, False, True),
    }


def test_a_quiet_summary_has_the_prompts_that_need_a_person_and_the_total() -> None:
    names = [line.text.split("  ")[0] for line in render(many(60), width=120, verbosity=-1)]
    assert names == [
        "prompt",
        "prompts/team/ticket_routing_1.prompt.yml",
        "prompts/team/ticket_routing_2.prompt.yml",
        "total, 2 to look at",
    ]
    [heading, one] = render(many(1), width=120, verbosity=-1)
    assert (heading.text[:6], one.is_good) == ("prompt", True)


def test_an_unknown_price_is_never_shown_as_nothing() -> None:
    assert cost(None) == "cost unknown"
    assert (cost(0.0), cost(0.004), cost(3.456)) == ("$0.00", "$0.0040", "$3.46")


def test_progress_tells_count_rate_time_left_and_cost() -> None:
    tally = Tally(answered=40, saved=10, priced_usd=0.5)
    assert describe_progress(tally, 1050, 10.0) == (
        "50/1050 answers",
        "4.0/s",
        "4 min 10 s left",
        "$0.50",
    )
    assert describe_progress(Tally(), 0, 1.0) == ("0 answers",)
