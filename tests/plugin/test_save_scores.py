"""``--prompt-save-scores``."""

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.cli.main import main
from tests.history.commits import History
from tests.project import PROMPT, Project


def saved(project: Project) -> list[dict[str, Any]]:
    text = (project.path / ".promptopt" / "scores.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n", "1")])
def test_the_scores_of_whole_prompts_are_saved(project: Project, workers: tuple[str, ...]) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    result = project.run("--prompt-save-scores", *workers)
    result.stdout.fnmatch_lines(["1 score of whole prompts, 1 new: .promptopt/scores.jsonl"])
    [score] = saved(project)
    assert (score["location"], score["model"]) == ("prompts/a.prompt.yml", "scripted:answers.json")
    assert (score["score"], score["samples"]) == (0.5, 1)
    assert score["goldens"] == {"right": [1.0, True], "wrong": [0.0, False]}
    assert score["interval"] == [pytest.approx(0.0945, abs=1e-4), pytest.approx(0.9055, abs=1e-4)]


def test_what_is_no_score_in_the_file_is_told(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.write(".promptopt/scores.jsonl", '{"score": 2}\n')
    project.run("--prompt-save-scores").stdout.fnmatch_lines(
        [
            ".promptopt/scores.jsonl:1: not a saved score *, so it is left out; delete the line",
            "1 score of whole prompts, 1 new: .promptopt/scores.jsonl",
        ]
    )


def test_the_same_score_is_saved_once_and_each_model_gets_its_own(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.write("other.json", '{"*": "1"}')
    both = ("--prompt-model", "scripted:answers.json", "--prompt-model", "scripted:other.json")
    project.run("--prompt-save-scores")
    project.run("--prompt-save-scores", *both)
    assert [score["model"] for score in saved(project)] == [
        "scripted:answers.json",
        "scripted:other.json",
    ]


def test_the_base_is_saved_too_so_that_a_diff_knows_both_sides(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.path.parent))
    history = History(project.path)
    history.write("prompts/a.prompt.yml", PROMPT)
    history.commit("first")
    project.answers({"one": "1", "two": "3", "Say two": "2"})
    history.write("prompts/a.prompt.yml", PROMPT.replace("{{q}}", "Say {{q}}"))
    project.run("--prompt-save-scores", "--prompt-base", "HEAD")
    before, after = sorted(saved(project), key=lambda score: str(score["goldens"]), reverse=True)
    assert before["content"]["version"] != after["content"]["version"]
    monkeypatch.chdir(project.path)
    main(["diff", "prompts/a.prompt.yml", "HEAD"])
    assert "0.500 [0.095, 0.905] → 1.000 [0.342, 1.000]  2 goldens" in capsys.readouterr().out


def test_a_part_of_a_prompt_or_one_with_errors_is_not_saved(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.run("--prompt-save-scores", "-k", "right")
    project.write("prompts/a.prompt.yml", PROMPT.replace("q: one", "r: one"))
    project.run("--prompt-save-scores")
    assert not (project.path / ".promptopt" / "scores.jsonl").exists()


def test_without_the_option_nothing_is_saved(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.run()
    assert not Path(project.path / ".promptopt" / "scores.jsonl").exists()
