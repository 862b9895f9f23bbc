"""A run that scores no prompt file says so, and what was nearly one."""

import pytest

from tests.project import PROMPT, Project


def test_a_run_that_finds_no_prompt_file_is_an_error_with_a_remedy(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\ntestpaths = tests\nprompt_paths = promts texts\n")
    project.write("tests/test_a.py", "def test_a(): pass\n")
    project.write("prompts/a.prompt.yml", PROMPT)
    for name in ("tone.yml", "b.prompts.yml", "c.prompt.json", "d.prompt.YML", "e.md"):
        project.write(f"texts/{name}", PROMPT)
    for arguments in ((), ("-p", "xdist", "-n", "1")):
        result = project.run(*arguments)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert result.stderr.lines == [
            "ERROR: --prompt-eval found no prompt file (*.prompt.yml, *.prompt.yaml) in texts, "
            "tests",
            "  texts/b.prompts.yml: not taken for a prompt file; to have it scored, call it "
            "b.prompt.yml",
            "  texts/c.prompt.json: not taken for a prompt file; to have it scored, call it "
            "c.prompt.yml",
            "  texts/d.prompt.YML: not taken for a prompt file; to have it scored, call it "
            "d.prompt.yml",
            "  texts/tone.yml: not taken for a prompt file; to have it scored, call it "
            "tone.prompt.yml",
            "  ini prompt_paths: there is no `promts`; did you mean `prompts`?",
            "  prompts/a.prompt.yml is in none of these: name it on the command line, or its "
            "folder in the ini `prompt_paths`",
            "",
        ]


@pytest.mark.parametrize("path", [".", "prompts", "prompts/tone.yml", "empty"])
def test_named_paths_without_a_prompt_are_an_error(project: Project, path: str) -> None:
    project.write("tests/test_a.py", "def test_a(): pass\n")
    project.write("prompts/tone.yml", PROMPT)
    (project.path / "empty").mkdir()
    result = project.run(path)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --prompt-eval found no prompt file*in {path}"])


@pytest.mark.parametrize("path", ["tests", "tests/test_a.py", "tests/test_a.py::test_a"])
def test_named_paths_of_other_tests_are_none(project: Project, path: str) -> None:
    project.write("tests/test_a.py", "def test_a(): pass\n")
    project.run(path).assert_outcomes(passed=1)


def test_a_link_to_a_prompt_that_is_not_there_is_an_error(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    (project.path / "prompts/b.prompt.yml").symlink_to("gone.prompt.yml")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*prompts/b.prompt.yml is no file, or a link to one that is not*"])


def test_near_misses_beside_prompts_are_warnings(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\nprompt_paths = prompts more\n")
    project.write("prompts/a.prompt.yml", PROMPT)
    project.write("prompts/deep/tone.yaml", PROMPT)
    project.write("prompts/goldens.yml", "- {id: x, q: one}\n")
    result = project.run()
    result.stdout.fnmatch_lines(
        [
            "*prompts/deep/tone.yaml:1: PromptWarning: not taken for a prompt file; to have it "
            "scored, call it tone.prompt.yaml",
            "*pytest.ini:1: PromptWarning: ini prompt_paths: there is no `more`",
        ],
    )
    result.assert_outcomes(passed=1, failed=1, warnings=2)


def test_a_near_miss_can_be_made_an_error(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.write("prompts/b.prompts.yml", PROMPT)
    result = project.run("-W", "error::pytest_promptopt.PromptWarning")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
