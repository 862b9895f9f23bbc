"""Judges that are prompt files: scored like any prompt, and part of what judges others."""

import pytest

from tests.history.commits import History
from tests.project import Project

USER = """\
model: scripted:answers.json
messages: [{role: user, content: "{{q}}"}]
testData: [{id: lamp, q: lamp}, {id: late, q: late}]
evaluators: [{uses: judges/tone.prompt.yml}]
gate: {maxDrop: 0.02}
"""
OTHER = USER.replace("evaluators: [{uses: judges/tone.prompt.yml}]", "evaluators: [{equals: x}]")
JUDGE = """\
model: scripted:judge.json
messages: [{role: user, content: "Polite? {{answer}}"}]
choices: [{choice: good, score: 1}, {choice: bad, score: 0}]
testData:
  - {id: sorry, answer: Sorry!, label: good}
  - {id: away, answer: Go away!, label: bad}
  - {id: who, answer: Who?, label: bad}
"""


@pytest.fixture
def history(project: Project, monkeypatch: pytest.MonkeyPatch) -> History:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.path.parent))
    made = History(project.path)
    project.write(".gitignore", ".promptopt\n__pycache__\n")
    project.answers({"lamp": "Sorry!", "late": "Go away!"})
    project.write(
        "judge.json", '{"Polite? Go away!": "bad", "Polite? Who?": "none", "*": "It is good."}'
    )
    made.write("prompts/a.prompt.yml", USER)
    made.write("prompts/b.prompt.yml", OTHER)
    made.write("prompts/judges/tone.prompt.yml", JUDGE)
    made.commit("first")
    made.branch("topic")
    return made


def test_a_judge_is_scored_and_its_change_is_one_of_what_it_judges(
    project: Project, history: History
) -> None:
    history.write("prompts/judges/tone.prompt.yml", JUDGE.replace("Polite?", "Polite, really?"))
    result = project.run("--prompt-base", "main", "--prompt-changed", "-v")
    result.stdout.fnmatch_lines(
        [
            'label 0.00: the label is "bad", the judge chose "good": "It is good."',
            "prompts/judges/tone.prompt.yml * failed  0.333 *",
            "    broken: away",
            "prompts/a.prompt.yml * PASS  1.000 *",
            "    since main (*): the evaluator `tone` was changed",
            "    prompts/b.prompt.yml",
        ]
    )
