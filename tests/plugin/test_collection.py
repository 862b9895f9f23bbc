"""Which prompt files are found, and what their items are called."""

import pytest

from tests.project import PROMPT, Project


def collected(result: pytest.RunResult) -> list[str]:
    return sorted(line for line in result.outlines if "::" in line and "warning" not in line)


def test_goldens_are_listed(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT + "gate: {min: 0.5}\n")
    assert collected(project.run("--co", "-q")) == [
        "prompts/a.prompt.yml::gate",
        "prompts/a.prompt.yml::right",
        "prompts/a.prompt.yml::wrong",
    ]


def test_without_paths_the_prompt_folders_are_added_to_whatever_else_there_is(
    project: Project,
) -> None:
    project.write("pytest.ini", "[pytest]\ntestpaths = tests\nnorecursedirs = prompts\n")
    project.write("tests/test_a.py", "def test_a(): pass\n")
    for folder in ("prompts", ".github/prompts"):
        project.write(f"{folder}/a.prompt.yml", PROMPT)
    assert collected(project.run("--co", "-q")) == [
        ".github/prompts/a.prompt.yml::right",
        ".github/prompts/a.prompt.yml::wrong",
        "prompts/a.prompt.yml::right",
        "prompts/a.prompt.yml::wrong",
        "tests/test_a.py::test_a",
    ]


def test_folders_that_norecursedirs_hides_are_opened_and_nothing_beside_them(
    project: Project,
) -> None:
    project.write(".github/prompts/a.prompt.yml", PROMPT)
    project.write(".github/other/b.prompt.yml", PROMPT)
    project.write(".github/c.prompt.yml", PROMPT)
    project.write("d.prompt.yml", PROMPT)
    for arguments in ((), ("-p", "xdist", "-n", "1")):
        result = project.run("-v", *arguments)
        result.assert_outcomes(passed=2, failed=2)
        result.stdout.fnmatch_lines(["*.github/prompts/a.prompt.yml::right*"])


def test_with_paths_every_prompt_under_them_is_found(project: Project) -> None:
    found = ("prompts/build/a", "dist/b", ".github/prompts/c", "prompts/.draft/deep/d")
    for path in (*found, "node_modules/x/e", ".git/f", "env/g"):
        project.write(f"{path}.prompt.yml", PROMPT)
    project.write("env/pyvenv.cfg", "")
    project.write("dist/test_a.py", "def test_a(): pass\n")
    names = collected(project.run("--co", "-q", ".", "-k", "right or test_a"))
    assert names == sorted(f"{path}.prompt.yml::right" for path in found)
    names = collected(project.run("--co", "-q", ".", "-k", "right", "--ignore", "dist"))
    assert "dist/b.prompt.yml::right" not in names


def test_hidden_folders_of_prompts_are_found_without_paths(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\ntestpaths = tests\n")
    project.write("tests/test_a.py", "def test_a(): pass\n")
    project.write("prompts/build/a.prompt.yml", PROMPT)
    for arguments in ((), ("-p", "xdist", "-n", "1")):
        project.run(*arguments).assert_outcomes(passed=2, failed=1)


def test_a_broken_file_is_an_error_and_the_others_are_scored(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.write("prompts/b.prompt.yml", "messages: 1")
    project.write("prompts/c.prompt.yml", "\t")
    for arguments in ((), ("-k", "right"), (".", "-p", "xdist", "-n", "1")):
        result = project.run(*arguments)
        failed = 0 if "-k" in arguments else 1
        result.assert_outcomes(passed=1, failed=failed, errors=2, deselected=1 - failed)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(
            [
                "*ERROR at setup of prompts/b.prompt.yml*",
                "prompts/b.prompt.yml:1: *messages*",
                "*ERROR at setup of prompts/c.prompt.yml*",
            ],
            consecutive=False,
        )


@pytest.mark.parametrize("argument", ["--co", "--prompt-plan", "prompts/b.prompt.yml::right"])
def test_a_broken_file_is_told_where_no_item_would_tell_it(project: Project, argument: str) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.write("prompts/b.prompt.yml", "messages: 1")
    result = project.run(argument)
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*ERROR collecting prompts/b.prompt.yml*", "prompts/b.*:1: *"])


def test_nothing_is_collected_twice(project: Project) -> None:
    for path in ("a", "prompts/b", "prompts/deep/c"):
        project.write(f"{path}.prompt.yaml", PROMPT)
    names = collected(project.run("--co", "-q"))
    assert len(names) == len(set(names)) == 6


def test_prompt_paths_are_the_ini_files(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\ntestpaths = tests\nprompt_paths = texts\n")
    project.write("tests/test_a.py", "")
    project.write("texts/a.prompt.yml", PROMPT)
    project.write("prompts/b.prompt.yml", PROMPT)
    assert {name.partition("::")[0] for name in collected(project.run("--co", "-q"))} == {
        "texts/a.prompt.yml"
    }


def test_a_path_on_the_command_line_is_all_that_is_collected(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.write("other/b.prompt.yml", PROMPT)
    assert collected(project.run("--co", "-q", "other")) == [
        "other/b.prompt.yml::right",
        "other/b.prompt.yml::wrong",
    ]
    assert collected(project.run("--co", "-q", "prompts/a.prompt.yml::right")) == [
        "prompts/a.prompt.yml::right"
    ]


def test_tags_are_keywords_and_goldens_have_a_marker(project: Project) -> None:
    text = PROMPT.replace("id: right,", "id: right, tags: [refund],")
    project.write("prompts/a.prompt.yml", text)
    project.write("prompts/test_a.py", "def test_a(): pass\n")
    selected = collected(project.run("--co", "-q", "--strict-markers", "-k", "refund"))
    assert selected == ["prompts/a.prompt.yml::right"]
    assert collected(project.run("--co", "-q", "-m", "not prompt", "prompts")) == [
        "prompts/test_a.py::test_a"
    ]


def test_without_the_option_nothing_is_collected(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    result = project.pytester.runpytest_inprocess(
        "-p", "pytest_promptopt.plugin", "--co", "-q", "prompts"
    )
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_prompts_outside_of_the_root_are_collected_by_path(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "a.prompt.yml"
    outside.write_text(PROMPT)
    result = project.run("--rootdir", str(project.path), str(outside))
    result.assert_outcomes(passed=1, failed=1)


def test_what_is_not_understood_is_a_warning_with_file_and_line(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT + "colour: red\n")
    project.run().stdout.fnmatch_lines(
        [
            "prompts/a.prompt.yml:7",
            "*PromptWarning: the key `colour` is not understood and has no effect",
        ]
    )


def test_very_many_warnings_of_a_file_are_cut(project: Project) -> None:
    keys = "".join(f"key{number}: 1\n" for number in range(30))
    project.write("prompts/a.prompt.yml", PROMPT + keys)
    project.run().stdout.fnmatch_lines(["*PromptWarning: 10 more like these*"])


def test_the_location_of_a_golden_is_its_own_file_and_line(project: Project) -> None:
    project.write("prompts/g.jsonl", '{"id": "x", "q": "one", "expected": "2"}\n')
    project.write(
        "prompts/a.prompt.yml",
        """\
        model: scripted:answers.json
        messages: [{role: user, content: "{{q}}"}]
        goldens: g.jsonl
        """,
    )
    project.write(
        "conftest.py",
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        "        print(item.nodeid, item.path.name, *item.location[:2], item.path.is_file())\n",
    )
    result = project.run("-vv", "-s")
    result.stdout.fnmatch_lines(
        [
            "*prompts/a.prompt.yml::x g.jsonl prompts/g.jsonl 0 True",
            "prompts/a.prompt.yml::x <- prompts/g.jsonl *FAILED*",
        ]
    )


def test_thousands_of_strange_files_collect_without_a_crash(project: Project) -> None:
    shapes = [
        "messages: []",
        "messages: [{role: user}]",
        "messages: [1]",
        "model: [x]",
        "testData: [1, {}]\nmessages: [{role: user, content: x}]",
        "evaluators: [{}, [], 1, {python: 'len(x)'}]\nmessages: [{role: user, content: x}]",
        "evaluators: {}\nmessages: [{role: user, content: x}]",
        "{% import 'a' %}\nname: x",
        "\tname: x",
        "just text",
        "- a\n- b",
        "",
        "name: 'unterminated",
        "messages: [{role: user, content: {a: 1}}]",
        "messages: [{role: user, content: '{{'}]\ntestData: [{a: 1}]",
        "gate: 5\nmessages: [{role: user, content: x}]",
        "goldens: {a: 1}\nmessages: [{role: user, content: x}]",
    ]
    for number, shape in enumerate(shapes):
        project.write(f"prompts/s{number}.prompt.yml", shape)
    result = project.run("--co", "-q", "-W", "ignore::pytest.PytestWarning")
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    result.stdout.no_fnmatch_line("*site-packages*")
