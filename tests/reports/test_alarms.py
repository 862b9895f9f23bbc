"""What all reports say of the chance of false alarms."""

import json
from dataclasses import replace

from pytest_promptopt.evaluation.gate import LimitTest
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.reports.html.page import render_html
from pytest_promptopt.reports.json import render_json
from pytest_promptopt.reports.markdown import render_markdown
from pytest_promptopt.reports.reader import read_report
from pytest_promptopt.reports.terminal import render
from tests.reports.sample_runs import one_failing

TOLD = (
    "20 limits tested with confidence (16 on min and 4 on maxDrop): if every prompt stood exactly "
    "at its limits, the luck of the goldens alone would fail up to 1.0 of them on average"
)


def run_of(on_min: int, on_max_drop: int) -> Run:
    """Prompts of which so many are tested, and one fails."""
    failing = one_failing().prompts[1]
    assert failing.verdict is not None
    on = [LimitTest(limit="min", error=0.05)] * on_min
    on += [LimitTest(limit="maxDrop", error=0.05)] * on_max_drop
    verdicts = [replace(failing.verdict, tests=(test,)) for test in on]
    names = [f"prompts/{number}.prompt.yml" for number in range(len(on))]
    return Run(
        exit_code=1,
        prompts=tuple(
            replace(failing, key=name, location=name, verdict=verdict)
            for name, verdict in zip(names, verdicts, strict=True)
        ),
    )


def test_all_reports_tell_how_many_false_alarms_a_run_expects() -> None:
    run = run_of(16, 4)
    assert TOLD in [line.text for line in render(run.prompts, width=300)]
    assert f"\n{TOLD}\n" in render_markdown(run)
    assert TOLD in render_html(run)
    report = render_json(run)
    assert json.loads(report)["false_alarms"] == {
        "on_min": 16,
        "on_max_drop": 4,
        "expected": 1.0,
    }
    assert f"\n{TOLD}\n" in render_markdown(read_report(report.encode()))


def test_it_is_told_from_one_false_alarm_in_five_such_runs() -> None:
    assert not any("luck" in line.text for line in render(run_of(3, 0).prompts, width=300))
    told = [line.text for line in render(run_of(0, 4).prompts, width=300) if "luck" in line.text]
    assert [text.partition(":")[0] for text in told] == [
        "4 limits tested with confidence (4 on maxDrop)"
    ]
