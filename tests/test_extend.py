"""The packages and hooks of the page "Extend it", installed and run as they stand there."""

import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_promptopt import hookspecs
from pytest_promptopt.api import UsageError, evaluate
from pytest_promptopt.registry import Registry
from pytest_promptopt.work.single_answer import ask_once
from tests.plugin.test_optimize import weak
from tests.project import PROMPT, Project

PAGE = (Path(__file__).parents[1] / "docs" / "extend.md").read_text("utf-8")


def file_of(name: str) -> str:
    """The block that stands under the name of the file."""
    found = re.search(rf"`{re.escape(name)}`[^\n]*:\n\n```\w+\n(.*?)```", PAGE, flags=re.DOTALL)
    assert found is not None, name
    return found[1]


@pytest.fixture
def installed(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in whose environment all packages of the page are installed."""
    site = project.path / "site"
    for name in re.findall(r"`(\w+)/pyproject.toml`", PAGE):
        about = tomllib.loads(file_of(f"{name}/pyproject.toml"))["project"]
        information = site / f"{name}-1.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n"
        )
        groups = [
            "\n".join([f"[{group}]", *(f"{key} = {value}" for key, value in points.items())])
            for group, points in about["entry-points"].items()
        ]
        (information / "entry_points.txt").write_text("\n\n".join(groups))
        for file in re.findall(rf"`{name}/({name}[/.][\w/.]+)`", PAGE):
            (site / file).parent.mkdir(exist_ok=True)
            (site / file).write_text(file_of(f"{name}/{file}"))
    monkeypatch.syspath_prepend(site)
    # Scanned anew: earlier tests have scanned without, later ones must not find it.
    scan = vars(Registry)["_contributed"].func
    monkeypatch.setattr(Registry, "_contributed", property(scan))
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)
    return project


def run(project: Project, *arguments: str) -> pytest.RunResult:
    """Pytest as it runs where the packages are installed."""
    return project.pytester.runpytest_inprocess("--prompt-eval", "-W", "default", *arguments)


def test_a_kind_a_provider_and_a_report_of_other_packages_work(installed: Project) -> None:
    installed.write(
        "a.prompt.yml",
        """\
        model: acme/m1
        messages:
          - {role: user, content: "{{q}}"}
        testData:
          - {id: short, q: one}
        evaluators:
          - {name: brief, shorterThan: 2}
          - {name: mute, shorterThan: 1}
        """,
    )
    result = run(installed, "a.prompt.yml", "--prompt-report", "run.csv")
    result.stdout.fnmatch_lines(["mute 0.00: 1 words", "acme/m1, 4 tokens, $0.00*"])
    assert (installed.path / "run.csv").read_text() == "a.prompt.yml,short,missed,0.5\n"
    installed.write(
        "b.prompt.yml", (installed.path / "a.prompt.yml").read_text("utf-8").replace("2}", "x}")
    )
    result = run(installed, "b.prompt.yml")
    result.stdout.fnmatch_lines(["*`shorterThan` must be a number of words*"])


def test_a_provider_of_another_package_is_watched(installed: Project) -> None:
    shown: list[tuple[str, bool]] = []
    path = installed.write("a.prompt.yml", PROMPT.replace("scripted:answers.json", "acme/m1"))
    answered = ask_once(
        path, variables={"q": "x"}, on_piece=lambda *piece: shown.append(piece), no_cache=True
    )
    assert shown == [("easy: 6 times 7", False), ("4", True), ("2", True)]
    assert answered.trial.answer.text == "42"


REWRITING = """\
def answer(request):
    asked = "in a stern tone" in request.messages[-1].content
    return "<prompt>Answer with one of billing, returns, shipping.</prompt>" if asked else "no"
"""


def test_a_proposer_of_another_package_searches_with_its_requests_and_settings(
    installed: Project,
) -> None:
    weak(installed)
    installed.write("rewriting.py", REWRITING)
    path = installed.path / "prompts/a.prompt.yml"
    polite = "proposers: {polite: 2}, polite.tone: stern, diagnosis: false, method: opro"
    path.write_text(path.read_text().replace("method: opro", polite))
    arguments = ("--prompt-optimize", "--prompt-optimizer-model", "scripted:rewriting:answer")
    result = run(installed, *arguments)
    result.stdout.fnmatch_lines(
        [
            "    plan: besides, a round may take: 2 to ask again where replies cannot be read*",
            "    verdict: Improved: *",
            "    +*Answer with one of billing*",
        ]
    )
    result = run(installed, *arguments, "--prompt-optimize-set", "polite.tune=loud")
    result.stderr.fnmatch_lines(["*--prompt-optimize-set: `polite.tune` is not a setting*`tone`?*"])
    path.write_text(path.read_text().replace("polite.tone", "polite.tune"))
    result = run(installed, "--prompt-optimize")
    result.stdout.fnmatch_lines(["*`polite.tune` is not a setting*did you mean `tone`?*"])


def test_every_hook_is_called(installed: Project) -> None:
    weak(installed)
    installed.write("conftest.py", file_of("conftest.py"))
    result = run(installed, "--prompt-optimize", "-s")
    result.stdout.fnmatch_lines(
        [
            "*golden train-0: missed",
            "*verdict on prompts/a.prompt.yml: FAIL",
            "*search for prompts/a.prompt.yml: *",
            "run of 1 prompts, * requests sent",
            "    not proposed: on Fridays we change nothing",
        ]
    )
    assert "run of 1 prompts, 0 requests" not in result.stdout.str()
    assert not (installed.path / ".promptopt/proposals").exists()
    in_page = set(re.findall(r"def (pytest_promptopt_\w+)", PAGE))
    assert in_page == {name for name in vars(hookspecs) if name.startswith("pytest_promptopt_")}


def test_plugins_take_part_in_python_too(project: Project) -> None:
    class Plugin:
        told: tuple[object, ...] = ()

        def pytest_promptopt_golden(self, result: object) -> None:
            self.told += (result,)

        @pytest.hookimpl
        def pytest_promptopt_run(self, run: object) -> None:
            self.told += (run,)

    project.answers({"one": "1", "two": "3"})
    project.write("a.prompt.yml", PROMPT)
    plugin = Plugin()
    run = evaluate("a.prompt.yml", plugins=[plugin])
    assert plugin.told == (*run.prompts[0].results, run)


def test_a_plugin_with_a_hook_that_there_is_not_is_named_in_python_too(project: Project) -> None:
    project.write("a.prompt.yml", PROMPT)
    unknown = SimpleNamespace(pytest_promptopt_goldn=lambda: None)
    with pytest.raises(UsageError, match="plugins: unknown hook 'pytest_promptopt_goldn'"):
        evaluate("a.prompt.yml", plugins=[unknown])
    misread = SimpleNamespace(pytest_promptopt_run=lambda ran: None)
    with pytest.raises(UsageError, match=r"(?s)plugins: .*'ran'.* can not be found"):
        evaluate("a.prompt.yml", plugins=[misread])


def test_a_wrapper_that_gives_no_provider_is_named(project: Project) -> None:
    project.write("a.prompt.yml", PROMPT)
    project.write("conftest.py", "def pytest_promptopt_wrapper(): return lambda provider: None\n")
    result = project.run("a.prompt.yml")
    result.stderr.fnmatch_lines(["*pytest_promptopt_wrapper: expected a provider, found NoneType"])


@pytest.mark.parametrize("name", ["model", "wrapper", "reports"])
def test_a_hook_that_gives_something_else_is_named(project: Project, name: str) -> None:
    project.answers({"one": "1", "two": "3"})
    project.write("a.prompt.yml", PROMPT)
    arguments = "name" if name == "model" else ""
    project.write("conftest.py", f"def pytest_promptopt_{name}({arguments}): return 7\n")
    result = project.run("a.prompt.yml")
    told = result.stdout.str() + result.stderr.str()
    assert f"pytest_promptopt_{name}: expected a " in told
    assert "Traceback" not in told
    assert result.ret != pytest.ExitCode.OK
