"""``--prompt-model``, once and several times."""

import pytest

from tests.project import PROMPT, Project

TWO = ("--prompt-model", "scripted:a.json", "--prompt-model", "scripted:b.json")


def two_models(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT + "gate: {min: 0.75}\n")
    project.write("a.json", '{"one": "1", "two": "2"}')
    project.write("b.json", '{"one": "1", "two": "1"}')


def test_several_models_get_items_and_gates_of_their_own(project: Project) -> None:
    two_models(project)
    result = project.run(*TWO, "-v")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        [
            "prompts/a.prompt.yml::right[[]scripted:a.json] PASSED*",
            "prompts/a.prompt.yml::wrong[[]scripted:a.json] PASSED*",
            "prompts/a.prompt.yml::gate[[]scripted:a.json] PASSED*",
            "prompts/a.prompt.yml::right[[]scripted:b.json] PASSED*",
            "prompts/a.prompt.yml::wrong[[]scripted:b.json] MISSED*",
            "prompts/a.prompt.yml::gate[[]scripted:b.json] FAILED*",
        ]
    )


def test_several_models_are_compared_on_the_same_goldens(project: Project) -> None:
    two_models(project)
    lines = project.run(*TWO).stdout.lines
    start = lines.index("prompts/a.prompt.yml: 2 models on the same goldens")
    assert lines[start + 1 : start + 3] == [
        "    scripted:b.json against scripted:a.json: 1.000 → 0.500, -0.500 (95 % interval -0.987 "
        "to +0.726, p = 1), 0 fixed, 1 broken of 2",
        "    broken: wrong",
    ]


def test_a_model_can_be_selected_by_its_name(project: Project) -> None:
    two_models(project)
    result = project.run(*TWO, "-k", "b.json and right")
    result.assert_outcomes(passed=1, deselected=5)


def test_workers_ask_each_model_too(project: Project) -> None:
    two_models(project)
    result = project.run(*TWO, "-p", "xdist.plugin", "-n", "1")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["prompts/a.prompt.yml: 2 models on the same goldens"])


def test_the_same_model_twice_is_one(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    twice = ("--prompt-model", "scripted:answers.json") * 2
    result = project.run(*twice, "-v")
    result.stdout.fnmatch_lines(["prompts/a.prompt.yml::right PASSED*"])


def test_a_model_that_has_ended_is_told_once_with_where_that_stands(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    project.write("prompts/a.prompt.yml", PROMPT.replace("scripted:answers.json", "openai/gpt-4"))
    result = project.run()
    told = [line for line in result.outlines if "was retired" in line]
    assert len(told) == 1
    assert told[0].startswith("    model: openai/gpt-4 was retired on 2026-10-23 (source:")
    assert "`promptopt migrate` moves a prompt to another model" in " ".join(
        line.strip() for line in result.outlines
    )
