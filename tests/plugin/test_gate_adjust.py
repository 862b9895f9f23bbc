"""The gates of a run judged together, with and without worker processes."""

import json

import pytest

from pytest_promptopt.config import OPTIONS
from pytest_promptopt.errors import UsageError
from pytest_promptopt.work.settings import read_settings
from tests.project import Project


def prompt(name: str, missed: int, inconclusive: str) -> str:
    goldens = "".join(
        f'  - {{id: g{n}, q: q{n}, expected: "{"other" if n < missed else "yes"}"}}\n'
        for n in range(40)
    )
    return (
        f"name: {name}\nmodel: scripted:answers.json\n"
        'messages: [{role: user, content: "{{q}}"}]\n'
        f"gate: {{min: 0.85, confidence: 0.95, inconclusive: {inconclusive}}}\n"
        f"testData:\n{goldens}"
    )


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")])
def test_gates_are_told_as_they_are_among_all_of_the_run(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.pytester.makeini("[pytest]\nprompt_gate_adjust = holm\n")
    project.answers({"*": "yes"})
    project.write("prompts/bad.prompt.yml", prompt("bad", 20, "pass"))
    project.write("prompts/let.prompt.yml", prompt("let", 12, "pass"))
    project.write("prompts/not.prompt.yml", prompt("not", 12, "fail"))
    for number in range(17):
        project.write(f"prompts/ok{number}.prompt.yml", prompt("ok", 1, "pass"))
    result = project.run(
        "-v", "--junitxml=j.xml", "--prompt-report", "r.json", "-k", "gate", *workers
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=18, failed=2, deselected=0 if workers else 800)
    result.stdout.fnmatch_lines(
        [
            "inconclusive, was FAIL by itself: score 0.700 < min 0.85, 12 missed: g0, *",
            "prompts/not.prompt.yml does not hold its gate:",
            "*; with 20 limits on min judged together (holm) that takes 99.7368 % confidence",
            "FAILED prompts/bad.prompt.yml::gate*",
            "FAILED prompts/not.prompt.yml::gate*",
        ]
    )
    rows = json.loads((project.path / "r.json").read_text())
    found = {row["key"][8:11]: row["verdict"]["decision"] for row in rows["prompts"]}
    assert [found[name] for name in ("bad", "let", "not")] == ["FAIL", *["INCONCLUSIVE"] * 2]
    assert rows["false_alarms"] == {
        "on_min": 20,
        "on_max_drop": 0,
        "expected": 1.0,
        "adjusted": "holm",
        "chance": 0.05,
    }
    suite = (project.path / "j.xml").read_text()
    assert suite.count('name="gate"') == 20
    assert suite.count("<failure") == 2
    assert suite.count('name="promptopt.verdict" value="INCONCLUSIVE"') == 2


def test_an_unknown_way_to_adjust_is_told_with_the_known_ones() -> None:
    ini = {option.ini: option.default for option in OPTIONS}
    ini["prompt_gate_adjust"] = "bonferroni"
    told = "ini prompt_gate_adjust: 'bonferroni' is not one of none, holm, bh"
    with pytest.raises(UsageError, match=told):
        read_settings(lambda _: None, ini.get)
