"""``evaluate``: what a run of pytest finds out, without pytest's session."""

import subprocess
import sys
from typing import Any

import pytest

from pytest_promptopt.errors import PromptNotFoundError, UsageError
from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.reports.reader import read_report
from pytest_promptopt.work.evaluate import evaluate
from tests.project import PROMPT, Project

GATED = PROMPT + "gate: {min: 0.9}\n"


@pytest.fixture(autouse=True)
def _answers(project: Project) -> None:
    project.answers({"one": "1", "two": "3"})


def test_it_finds_out_what_pytest_finds_out(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.write("prompts/sub/b.prompt.yml", GATED)
    project.run("prompts", "--prompt-report", "run.json")
    reported = read_report((project.path / "run.json").read_bytes())
    run = evaluate("prompts")
    assert [(p.key, p.counts, p.verdict and p.verdict.reasons) for p in run.prompts] == [
        (p.key, p.counts, p.verdict and p.verdict.reasons) for p in reported.prompts
    ]
    assert [p.evaluation.scored for p in run.prompts] == [
        p.evaluation.scored for p in reported.prompts
    ]
    assert run.exit_code == reported.exit_code == 1


def test_goldens_and_gates_are_told_as_they_are_done(project: Project) -> None:
    project.write("b.prompt.yml", GATED)
    events: list[PromptRecord] = []
    [prompt] = evaluate("b.prompt.yml", on_event=events.append).prompts
    assert [[r.outcome for r in event.results] for event in events] == [
        [Outcome.PASSED],
        [Outcome.MISSED],
        [],
    ]
    assert events[-1].verdict is not None
    assert events[-1].verdict.decision is Decision.FAIL
    wrong = prompt.results[1]
    assert (wrong.input, wrong.expected, wrong.answers[0].text) == ("q: two", "2", "3")


def test_the_ini_file_and_the_root_are_those_of_pytest(project: Project) -> None:
    project.write(
        "pyproject.toml",
        '[tool.pytest.ini_options]\nprompt_models = ["mine = scripted:answers.json"]\n',
    )
    (project.path / "tox.ini").unlink()
    path = project.write("deep/er/a.prompt.yml", PROMPT)
    [prompt] = evaluate(path, model="mine").prompts
    assert (prompt.location, prompt.model) == ("deep/er/a.prompt.yml", "scripted:answers.json")
    assert prompt.counts[Outcome.PASSED] == 1


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_scored(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.write("prompts/b.prompt.yml", "messages: 5\n")
    project.write("prompts/c.prompt.yml", PROMPT + "colour: red\n")
    remarks: list[str] = []
    run = evaluate("prompts", on_remark=remarks.append)
    assert [remark.partition(": ")[0] for remark in remarks] == ["prompts/c.prompt.yml:7"]
    assert [prompt.key for prompt in run.prompts] == [
        "prompts/a.prompt.yml",
        "prompts/c.prompt.yml",
    ]
    [failure] = run.failures
    assert failure.location == "prompts/b.prompt.yml"
    assert "b.prompt.yml:1" in failure.reason
    assert run.exit_code == 1


def test_wrong_input_is_named(project: Project) -> None:
    with pytest.raises(PromptNotFoundError, match="no prompt file in nowhere"):
        evaluate("nowhere")
    project.write("a.prompt.yml", PROMPT)
    with pytest.raises(UsageError, match=r"no option `modle` .* did you mean `model`\?"):
        evaluate("a.prompt.yml", modle="x")
    with pytest.raises(UsageError, match="not one of live, record, replay"):
        evaluate("a.prompt.yml", responses="reply")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"model": 3}, "--prompt-model: expected text or a list of texts, found 3"),
        (
            {"model": ["m", 3]},
            r"--prompt-model: expected text or a list of texts, found \['m', 3\]",
        ),
        ({"budget": 5}, "--prompt-budget: expected text, found 5"),
        ({"base": True}, "--prompt-base: expected text, found True"),
        ({"samples": 2.5}, "--prompt-samples: expected a whole number of at least 1, found 2.5"),
        ({"samples": [2]}, r"--prompt-samples: expected a whole number .* found \[2\]"),
        ({"no_cache": "false"}, "--prompt-no-cache: expected true or false, found 'false'"),
        ({"plugins": [pytest, pytest]}, "plugins: Plugin name already registered: pytest"),
        ({"timeout": object}, "--prompt-timeout: expected a number of seconds above 0, found <cl"),
    ],
)
def test_an_option_of_another_type_is_named(
    project: Project, options: dict[str, Any], told: str
) -> None:
    project.write("a.prompt.yml", PROMPT)
    with pytest.raises(UsageError, match=told):
        evaluate("a.prompt.yml", **options)


@pytest.mark.parametrize("path", [None, [], 3, ["a.prompt.yml", None]])
def test_what_is_no_path_is_named(path: Any) -> None:
    with pytest.raises(UsageError, match="expected a path or several, found"):
        evaluate(path)


def test_a_model_that_would_end_the_process_is_an_error_of_its_goldens(project: Project) -> None:
    project.write("a.prompt.yml", PROMPT)
    project.write("ending.py", "import sys\ndef answer(request):\n    sys.exit('enough')\n")
    [prompt] = evaluate("a.prompt.yml", model="scripted:ending:answer").prompts
    assert prompt.counts[Outcome.ERROR] == 2
    assert "raised SystemExit: enough" in prompt.results[0].reason
    assert "ending.py:3" in prompt.results[0].reason


def test_a_run_in_python_alone_has_no_session(project: Project) -> None:
    project.write("a.prompt.yml", PROMPT)
    code = (
        "import sys\n"
        "from pytest_promptopt.work.evaluate import evaluate\n"
        "run = evaluate('a.prompt.yml')\n"
        "print(run.prompts[0].evaluation.score)\n"
        "assert not [name for name in sys.modules if name.startswith('pytest_promptopt.session')]\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=project.path, capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr) == ("0.5\n", "")
