"""``--prompt-until-decided``: goldens in a random order, until the gate is decided."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_promptopt.errors import UsageError
from pytest_promptopt.work.evaluate import evaluate
from pytest_promptopt.work.saved_runs import RunStore
from tests.history.commits import History
from tests.plugin.test_base import history
from tests.project import Project

__all__ = ["history"]

SURE = "gate: {min: 0.8, confidence: 0.95}\n"
COUNTING = """
asked = []

def answer(request):
    with open("asked.txt", "a") as file:
        file.write(request.messages[-1].content + "\\n")
    return "yes"
"""


def prompt(count: int, missed: int, gate: str = SURE, **keys: str) -> str:
    """A prompt whose first ``missed`` goldens miss; ``keys`` are more of each, by its id."""
    goldens = "".join(
        f'  - {{id: g{n}, q: q{n}, expected: "{"other" if n < missed else "yes"}"'
        f"{keys.get(f'g{n}', '')}}}\n"
        for n in range(count)
    )
    return (
        'model: scripted:counting:answer\nmessages: [{role: user, content: "{{q}}"}]\n'
        f"{gate}testData:\n{goldens}"
    )


@pytest.fixture(autouse=True)
def _counting(project: Project) -> None:
    project.write("counting.py", COUNTING)


def asked(project: Project) -> list[str]:
    file = project.path / "asked.txt"
    return file.read_text().splitlines() if file.exists() else []


def reported(project: Project) -> Mapping[str, Any]:
    [found] = json.loads((project.path / "r.json").read_text())["prompts"]
    counts = Counter(result["outcome"] for result in found["results"])
    return {**found, "counts": dict(counts)}


def test_the_rest_is_not_needed_and_skipped_and_told_in_every_report(project: Project) -> None:
    project.write("prompts/a.prompt.yml", prompt(200, 0))
    reports = ("--prompt-report=r.json", "--prompt-report=r.md", "--prompt-report=r.html")
    result = project.run("--prompt-until-decided", "--junitxml=j.xml", *reports)
    result.assert_outcomes(passed=31, skipped=170)
    result.stdout.fnmatch_lines(
        [
            "prompt * passed  not needed *",
            "prompts/a.prompt.yml     PASS  1.000 * 30         170 *",
            "    170 not needed: the verdict was decided by 30 of 200 goldens, in a random*",
        ]
    )
    assert len(asked(project)) == 30
    assert asked(project) != sorted(asked(project), key=lambda text: int(text[1:]))
    found = reported(project)
    assert found["counts"] == {"passed": 30, "not needed": 170}
    assert found["interval"] == pytest.approx([0.785, 1.0], abs=1e-3)
    assert found["verdict"]["remarks"] == [
        "score 1.000 reaches min 0.8 with 95 % confidence: at least 0.806 "
        "(30 goldens scored, 170 not needed)"
    ]
    assert [(cause["outcome"], cause["count"]) for cause in found["causes"]] == [
        ("not needed", 170)
    ]
    assert "170 not needed: the verdict was decided" in (project.path / "r.md").read_text()
    assert "170 not needed" in (project.path / "r.html").read_text()
    assert (project.path / "j.xml").read_text().count("<skipped") == 170
    [name] = RunStore(project.path).names()
    [record] = RunStore(project.path).read(name).run.prompts
    assert not record.is_whole_of(record.evaluation)


@pytest.mark.parametrize("extra", [("-p", "xdist", "-n", "2"), ("--prompt-concurrency=1",)])
def test_what_is_asked_and_said_is_the_same_under_workers_and_any_concurrency(
    project: Project, extra: tuple[str, ...]
) -> None:
    project.write("prompts/a.prompt.yml", prompt(120, 60))
    found = []
    for options in ((), extra):
        (project.path / "asked.txt").unlink(missing_ok=True)
        project.run(
            "--prompt-until-decided", "--prompt-report=r.json", "--prompt-no-cache", *options
        )
        outcomes = {r["id"]: r["outcome"] for r in reported(project)["results"]}
        found.append((sorted(asked(project)), outcomes, reported(project)["verdict"]))
    assert found[0] == found[1]
    assert found[0][2]["decision"] == "FAIL"
    assert len(found[0][0]) < 120


def test_another_run_asks_nothing_anew_and_one_without_the_option_only_the_rest(
    project: Project,
) -> None:
    project.write("prompts/a.prompt.yml", prompt(100, 0))
    project.run("--prompt-until-decided")
    first = asked(project)
    project.run("--prompt-until-decided", "--lf")
    assert asked(project) == first
    project.run()
    assert len(asked(project)) == 100


def test_a_required_golden_is_asked_before_the_gate_holds(project: Project) -> None:
    required = {f"g{n}": ", required: true" for n in range(100)}
    project.write("prompts/a.prompt.yml", prompt(100, 0, **required))
    project.run("--prompt-until-decided").assert_outcomes(passed=101)
    assert len(asked(project)) == 100


def test_prompts_that_nothing_decides_early_are_asked_in_full_and_it_is_said(
    project: Project,
) -> None:
    project.write("prompts/drop.prompt.yml", prompt(30, 0, "gate: {maxDrop: 0.02}\n"))
    project.write("prompts/none.prompt.yml", prompt(30, 0, ""))
    result = project.run("--prompt-until-decided", "-v")
    result.assert_outcomes(passed=61)
    result.stdout.fnmatch_lines(
        [
            "    gate: all goldens were asked: the gate has no `min`, and no `maxDrop`*",
            "all goldens that ran were asked, as no gate was to decide: prompts/none.prompt.yml",
        ]
    )


def test_goldens_that_are_run_without_their_gate_are_asked(project: Project) -> None:
    project.write("prompts/a.prompt.yml", prompt(60, 0))
    project.run("--prompt-until-decided", "-k", "g5").assert_outcomes(passed=11, deselected=50)
    only_gate = project.run("--prompt-until-decided", "prompts/a.prompt.yml::gate")
    only_gate.assert_outcomes(passed=1)
    assert len({*asked(project)}) < 60


def test_an_error_decides_and_the_next_run_goes_on_where_it_stopped(project: Project) -> None:
    failing = COUNTING + "\n\ndef failing(request):\n    raise RuntimeError('down')\n"
    project.write("counting.py", failing)
    project.write("prompts/a.prompt.yml", prompt(100, 0).replace(":answer", ":failing"))
    result = project.run("--prompt-until-decided", "--prompt-max-retries=0")
    result.assert_outcomes(errors=10, failed=1, skipped=90)
    result.stdout.fnmatch_lines(["  10 of 100 goldens ended in an error: *"])


def test_a_budget_that_is_gone_stops_it_and_fails_the_gate(project: Project) -> None:
    project.write("prompts/a.prompt.yml", prompt(100, 0))
    result = project.run("--prompt-until-decided", "--prompt-budget=15 calls")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["  5 of 100 goldens not run (the budget): *"])
    assert len(asked(project)) == 15


def test_a_scorer_that_raises_shows_where_also_for_a_golden_that_was_asked_ahead(
    project: Project,
) -> None:
    project.write("acme.py", "def score(golden, answer):\n    raise KeyError(golden['q'])\n")
    evaluators = "evaluators: [{name: own, python: 'acme:score'}]\n"
    project.write("prompts/a.prompt.yml", prompt(40, 0, f"{SURE}{evaluators}"))
    result = project.run("--prompt-until-decided")
    result.assert_outcomes(failed=11, skipped=30)
    result.stdout.fnmatch_lines(["*acme.py:2: in score*", "*raise KeyError(*"])


def test_both_sides_stop_together_where_a_drop_is_shown(project: Project, history: History) -> None:
    base = prompt(200, 0, "gate: {maxDrop: 0.02}\n")
    worse = "def answer(request):\n    text = request.messages[-1].content\n"
    worse += "    with open('asked.txt', 'a') as file:\n        file.write(text + '\\n')\n"
    worse += "    return 'no' if 'Shout' in text and text[-1] in '0123' else 'yes'\n"
    project.write("counting.py", worse)
    history.switch("main")
    history.write("prompts/a.prompt.yml", base)
    history.commit("two hundred goldens")
    history.branch("edit")
    history.write("prompts/a.prompt.yml", base.replace('"{{q}}"', '"Shout {{q}}"'))
    result = project.run("--prompt-until-decided", "--prompt-base", "main")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["  a drop of more than maxDrop 0.02 is shown: 1.000 at main *; at least 0.* confidence"]
    )
    shouted = sum("Shout" in text for text in asked(project))
    assert 2 * shouted == len(asked(project))
    assert shouted < 100


def test_clusters_are_asked_as_a_whole_and_count_as_one(project: Project) -> None:
    clusters = {f"g{n}": f", cluster: c{n % 40}" for n in range(200)}
    gate = "gate: {min: 0.6, confidence: 0.95}\n"
    project.write("prompts/a.prompt.yml", prompt(200, 0, gate, **clusters))
    project.run("--prompt-until-decided", "--prompt-report=r.json").assert_outcomes(
        passed=71, skipped=130
    )
    sizes = Counter(int(text[1:]) % 40 for text in asked(project))
    assert {*sizes.values()} == {5}
    [remark] = reported(project)["verdict"]["remarks"]
    assert remark.endswith("(70 goldens in 14 clusters scored, 130 not needed)")


def test_samples_make_grades_and_stop_too(project: Project) -> None:
    gate = "samples: 2\ngate: {min: 0.8, confidence: 0.95}\n"
    project.write("prompts/a.prompt.yml", prompt(100, 100, gate))
    result = project.run("--prompt-until-decided")
    result.assert_outcomes(failed=1, skipped=90)
    assert len(asked(project)) == 20


def test_models_are_compared_on_the_goldens_that_both_were_asked(project: Project) -> None:
    project.write("prompts/a.prompt.yml", prompt(100, 0))
    project.answers({"*": "no"})
    result = project.run(
        "--prompt-until-decided",
        "--prompt-model=scripted:counting:answer",
        "--prompt-model=scripted:answers.json",
    )
    result.stdout.fnmatch_lines(["*1.000 → 0.000, *p = *, 0 fixed, 10 broken of 10"])


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--prompt-mutate", "--prompt-mutate takes the answers to all goldens"),
        ("--prompt-save-scores", "--prompt-save-scores takes the answers to all goldens"),
        ("--prompt-responses=record", "--prompt-responses record takes the answers to all"),
    ],
)
def test_what_takes_all_answers_does_not_go_with_it(
    project: Project, option: str, told: str
) -> None:
    project.write("prompts/a.prompt.yml", prompt(20, 0))
    result = project.run("--prompt-until-decided", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {told}*leaves some out: give one of them"])


def test_the_plan_says_that_it_is_the_most(project: Project) -> None:
    project.write("prompts/a.prompt.yml", prompt(20, 0))
    result = project.run("--prompt-until-decided", "--prompt-plan")
    result.stdout.fnmatch_lines(["at most: goldens are asked only until a gate is decided"])


def test_python_can_ask_for_it_too(project: Project) -> None:
    project.write("prompts/a.prompt.yml", prompt(100, 0))
    run = evaluate("prompts", until_decided=True)
    [record] = run.prompts
    assert record.counts == {"passed": 30, "not needed": 70}
    assert run.exit_code == 0
    with pytest.raises(UsageError, match="takes the answers to all goldens"):
        evaluate("prompts", until_decided=True, responses="record")
