"""Judges that are prompt files: scored like any prompt, and part of what judges others."""

import json

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


def test_a_gate_asks_judges_for_their_labels_and_is_held_against_the_corrected_score(
    project: Project,
) -> None:
    count = 24
    project.answers({f"t{n}": f"Answer {n}." for n in range(count)})
    bad = {f"Polite? Answer {n}.": "bad" for n in range(0, count, 3)}
    project.write("judge.json", json.dumps({**bad, "*": "good"}))
    goldens = "".join(f"  - {{id: g{n}, q: t{n}}}\n" for n in range(count))
    gate = "gate: {min: 0.6, judges: {minAgreement: 0.8}}\n"
    start = 'model: scripted:answers.json\nmessages: [{role: user, content: "{{q}}"}]\ntestData:\n'
    uses = "evaluators: [{uses: judges/tone.prompt.yml}]\n"
    project.write("prompts/a.prompt.yml", f"{start}{goldens}{uses}{gate}")
    project.write("prompts/judges/tone.prompt.yml", JUDGE)
    labels = [
        {"input": {"q": f"t{n}"}, "answer": f"Answer {n}.", "choice": "good" if n % 3 else "bad"}
        for n in range(20)
    ]
    labels.append({"input": {"q": "t1"}, "answer": "An older one.", "choice": "bad"})
    lines = "".join(f"{json.dumps(label)}\n" for label in labels)
    project.write("prompts/a.labels.jsonl", lines)
    shown = project.run("prompts/a.prompt.yml", "-v")
    shown.stdout.fnmatch_lines(
        [
            "prompts/a.prompt.yml * INCONCLUSIVE  0.667 *",
            "    gate: the judge `tone` (prompts/judges/tone.prompt.yml) agrees with 21 of 23 "
            "labels, at least 0.751 with 95 % confidence, and minAgreement is 0.8; about * more *",
            "    corrected by 20 labelled goldens: 0.667 (95 % interval *, exact); "
            "uncorrected 0.667",
            "    1 label of answers that are no longer given: kept, and not used",
        ]
    )
