"""``--prompt-lint``: an item for each prompt file, with or without its goldens' items."""

import pytest

from tests.project import PROMPT, Project

CLEAN = PROMPT.replace("{{q}}", "Spell the number as digits only.\\n\\nNumber: {{q}}")
NEGATED = CLEAN.replace("Spell", "Don't forget to spell")
PLAIN = ("-p", "pytest_promptopt.plugin", "-p", "no:cacheprovider")


def test_a_prompt_is_linted_beside_its_goldens(project: Project) -> None:
    project.write("prompts/a.prompt.yml", NEGATED)
    project.write("prompts/b.prompt.yml", CLEAN)
    project.write("prompts/c.prompt.yml", CLEAN.replace("id: wrong", "id: lint"))
    project.answers({"one": "1", "two": "2"})
    result = project.run("--prompt-lint", "-rA")
    result.assert_outcomes(passed=8, failed=1)
    result.stdout.fnmatch_lines(
        [
            "1 finding: PL104",
            "prompts/a.prompt.yml:3: PL104 “Don't forget to”: the positive is plain: say what is *",
            "    say what to do instead",
            "PASSED prompts/b.prompt.yml::lint",
            "PASSED prompts/c.prompt.yml::lint",
            "PASSED prompts/c.prompt.yml::lint-rules",
            "FAILED prompts/a.prompt.yml::lint - *1 finding: PL104",
        ]
    )


def test_alone_it_asks_nothing_and_collects_no_goldens(project: Project) -> None:
    project.write("prompts/a.prompt.yml", CLEAN)
    project.write("prompts/broken.prompt.yml", "messages: 1\n")
    project.write("test_a.py", "def test_a(): pass\n")
    result = project.pytester.runpytest_inprocess(*PLAIN, "--prompt-lint", "-v")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["prompts/broken.prompt.yml:1: *messages*"])
    assert not (project.path / ".promptopt").exists()
    for arguments, told in {
        ("--prompt-lint", "--prompt-model", "x"): "ERROR: --prompt-model: prompts are scored with*",
        ("--prompt-lint", "test_a.py::test_a"): "*1 passed*",
    }.items():
        result = project.pytester.runpytest_inprocess(*PLAIN, *arguments)
        assert result.ret == (pytest.ExitCode.USAGE_ERROR if "x" in arguments else 0)
        (result.stderr if "x" in arguments else result.stdout).fnmatch_lines([told])
