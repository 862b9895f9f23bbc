from pytest_promptopt.client.ledger import Tally
from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import Decision, Verdict
from pytest_promptopt.reports.summary import Answer, GoldenRow, PromptSummary
from pytest_promptopt.reports.terminal import cost, describe_progress, render


def row(name: str, outcome: Outcome, score: float | None, **more: object) -> GoldenRow:
    expected = str(more.pop("expected", ""))
    answers = tuple(
        Answer(text=str(more.pop(key)), passed=False) for key in [*more] if key == "answer"
    )
    result = GoldenResult(golden_id=name, outcome=outcome, score=score, **more)  # type: ignore[arg-type]
    return GoldenRow(result=result, expected=expected, answers=answers)


def test_a_summary_tells_score_gate_effort_and_the_worst() -> None:
    summary = PromptSummary(
        location="prompts/a.prompt.yml",
        model="openai/x",
        goldens=4,
        rows=[
            row("a", Outcome.PASSED, 1.0, input_tokens=1000, latency_seconds=0.5, cost_usd=0.01),
            row("b", Outcome.MISSED, 0.5, expected="yes", answer="no\n", saved=True),
            row("c", Outcome.MISSED, 0.0, answer="maybe", notes=("the answer is empty",)),
            row("d", Outcome.ERROR, None, reason="no answer"),
        ],
        verdict=Verdict(decision=Decision.FAIL, passed=False, score=0.5),
    )
    lines = list(render([summary]))
    assert [line.text for line in lines] == [
        "prompts/a.prompt.yml  0.500  FAIL  1 passed, 2 missed, 1 error",
        "    openai/x, 1,000 tokens, $0.0100, 0.50 s an answer, 1 of 4 from the cache",
        "    the score is over the 3 of 4 that were answered",
        "    95 % interval 0.009 to 0.991, 33 % passed",
        "    1 error: no answer (d)",
        '    worst: c 0.00, got "maybe"',
        '    worst: b 0.50, expected "yes", got "no"',
        "    1 × the answer is empty",
    ]
    assert [line.is_bad for line in lines] == [True] + 7 * [False]


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
