"""What all reports say of the chance of false alarms."""

import json
from dataclasses import replace

import pytest

from pytest_promptopt.evaluation.part import Decision, Finding
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.evaluation.verdict import LimitTest, Verdict
from pytest_promptopt.reports.html.page import render_html
from pytest_promptopt.reports.json import render_json
from pytest_promptopt.reports.markdown import render_markdown
from pytest_promptopt.reports.reader import read_report
from pytest_promptopt.reports.terminal import render
from tests.reports.sample_runs import one_failing

TOLD = (
    "6 limits tested with confidence (4 on min and 2 on maxDrop): if every prompt stood exactly "
    "at its limits, the luck of the goldens alone would fail up to 0.3 of them on average"
)


def run_of(on_min: int, on_max_drop: int, adjusted: str = "") -> Run:
    """Prompts of which so many are tested, and one fails."""
    failing = one_failing().prompts[1]
    assert failing.verdict is not None
    kinds = {"min": on_min, "maxDrop": on_max_drop}
    prompts = []
    for number in range(max(kinds.values())):
        tests = tuple(
            LimitTest(limit=limit, error=0.05, adjusted=adjusted)
            for limit, count in kinds.items()
            if number < count
        )
        name, verdict = f"prompts/{number}.prompt.yml", replace(failing.verdict, tests=tests)
        prompts.append(replace(failing, key=name, location=name, verdict=verdict, results=()))
    return Run(exit_code=1, prompts=tuple(prompts))


def test_all_reports_tell_how_many_false_alarms_a_run_expects() -> None:
    run = run_of(4, 2)
    assert TOLD in [line.text for line in render(run.prompts, width=300)]
    assert f"\n{TOLD}\n" in render_markdown(run)
    assert TOLD in render_html(run)
    report = render_json(run)
    assert json.loads(report)["false_alarms"] == {
        "on_min": 4,
        "on_max_drop": 2,
        "expected": 0.3,
        "adjusted": "",
        "chance": 0.3,
    }
    assert f"\n{TOLD}\n" in render_markdown(read_report(report.encode()))


def test_it_is_told_from_one_false_alarm_in_five_such_runs() -> None:
    assert not any("luck" in line.text for line in render(run_of(3, 0).prompts, width=300))
    told = [line.text for line in render(run_of(0, 4).prompts, width=300) if "luck" in line.text]
    assert [text.partition(":")[0] for text in told] == [
        "4 limits tested with confidence (4 on maxDrop)"
    ]


def test_of_gates_that_are_judged_together_it_is_the_chance_of_any_false_alarm() -> None:
    told = [line.text for line in render(run_of(4, 2, "bh").prompts, width=300)]
    assert (
        "6 limits tested with confidence (4 on min and 2 on maxDrop) and judged together (bh): if "
        "every prompt stood exactly at its limits, the luck of the goldens alone would fail any of "
        "them with a chance of at most 10 %"
    ) in told


@pytest.mark.parametrize("verbosity", [0, 1])
def test_a_gate_that_failed_by_itself_says_so_once_where_it_holds_among_many(
    verbosity: int,
) -> None:
    [holding, _] = one_failing().prompts
    was = Finding(decision=Decision.PASS, text="was FAIL by itself", blocks=False)
    verdict = Verdict(
        decision=Decision.PASS,
        passed=True,
        score=0.9,
        remarks=(was.text,),
        tests=(LimitTest(limit="maxDrop", error=0.05, fails=(was,), adjusted="holm"),),
    )
    lines = render([replace(holding, verdict=verdict)], width=300, verbosity=verbosity)
    assert [line.text for line in lines].count("    gate: was FAIL by itself") == 1
