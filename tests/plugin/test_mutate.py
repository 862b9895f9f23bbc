"""``--prompt-mutate`` in whole runs, with a model that follows its prompt to the letter."""

from pathlib import Path

import pytest

from pytest_promptopt.errors import ReportError
from pytest_promptopt.proposals.store import ProposalStore
from pytest_promptopt.reports.reader import read_report
from pytest_promptopt.testing.project import Project
from pytest_promptopt.work.saved_runs import RunStore
from tests.mutation.test_examination import PROMPT

CLERK = (
    "from tests.mutation.test_examination import clerk\n\n\n"
    "def answer(request):\n    return clerk(request)\n"
)


def test_mutants_of_each_model_are_asked_under_workers_and_told_in_every_report(
    project: Project,
) -> None:
    project.write("model.py", CLERK)
    project.write("prompts/a.prompt.yml", f"{PROMPT}gate: {{minMutation: 0.9}}\n")
    project.write("prompts/empty.prompt.yml", PROMPT[: PROMPT.index("testData")])
    models = ("--prompt-model=scripted:model:answer", "--prompt-model=scripted:answers.json")
    project.answers({"*": "nonsense"})
    reports = ("--prompt-report=r.md", "--prompt-report=r.json")
    result = project.run("--prompt-mutate", *reports, *models, "-p", "xdist.plugin", "-n", "1")
    assert result.ret == 1
    output = result.stdout.str()
    assert "plan: at most 132 calls" in output
    result.stdout.fnmatch_lines(
        [
            "    gate: mutation score 0.375 is under minMutation 0.9 (8 mutants)",
            "prompts/a.prompt.yml[[]scripted:model:answer] (scripted:model:answer)",
            "    mutation score 0.38 (95 % interval 0.14 to 0.69): goldens noticed 3 of 8 mutants",
            "    untested, line 10: “Greet the customer first.”: * answers change at paid, *",
            "    useless, line 6: “You are a patient clerk of a lamp shop.”: *; delete it",
            "    Shorter, and as good: 1.000, was 1.000, on the 3 goldens that it was found on; *",
            "    unproven; to take it: promptopt apply *",
            "    -      You are a patient clerk of a lamp shop.",
            "prompts/a.prompt.yml[[]scripted:answers.json] (scripted:answers.json)",
            "    mutation score: none; no golden passed twice*",
        ]
    )
    assert "useless, line 6" in Path(project.path / "r.md").read_text(encoding="utf-8")
    content = Path(project.path / "r.json").read_bytes()
    store = RunStore(project.path)
    [name] = store.names()
    saved = {prompt.model: prompt.mutation for prompt in store.read(name).run.prompts}
    mutation = saved["scripted:model:answer"]
    assert mutation is not None
    assert mutation.calls == 41
    assert mutation in [prompt.mutation for prompt in read_report(content).prompts]
    [proposal] = ProposalStore(project.path).ids()
    assert "promptopt apply " + proposal in output
    hostile = content.replace(b'"sentence": 5', b'"sentence": 50')
    with pytest.raises(ReportError, match=r"mutants\[\d+\].sentence: found 50, expected less"):
        read_report(hostile)
