"""``--prompt-base`` and ``--prompt-changed`` in a repository."""

import pytest

from tests.history.commits import History
from tests.project import Project

PROMPT = """\
model: scripted:answers.json
messages:
  - {role: user, content: "{{q}}"}
testData:
  - {id: right, q: one, expected: "1"}
  - {id: wrong, q: two, expected: "2"}
gate: {maxDrop: 0.02}
"""
WORSE = PROMPT.replace('"{{q}}"', '"Shout {{q}}"')


@pytest.fixture
def history(project: Project, monkeypatch: pytest.MonkeyPatch) -> History:
    """The project as a repository, with the prompt and its answers on main and a branch off it."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.path.parent))
    made = History(project.path)
    project.write(".gitignore", ".promptopt\n__pycache__\n")
    project.answers({"one": "1", "two": "2", "Shout one": "1", "Shout two": "TWO"})
    made.write("prompts/a.prompt.yml", PROMPT)
    made.commit("first")
    made.branch("topic")
    return made


def many(prompt: str, count: int) -> str:
    goldens = "".join(f'  - {{id: g{n}, q: "q{n}", expected: "x"}}\n' for n in range(count))
    start, _, rest = prompt.partition("testData:\n")
    return f"{start}testData:\n{goldens}{rest[rest.index('gate:') :]}"


def test_the_base_is_scored_on_the_same_goldens(project: Project, history: History) -> None:
    history.write("prompts/a.prompt.yml", WORSE)
    result = project.run("--prompt-base", "main", "-v")
    result.stdout.fnmatch_lines(
        [
            "prompts/a.prompt.yml     PASS  0.500  *  -0.500       1       1*",
            "    gate: no drop of more than maxDrop 0.02 is shown on 2 goldens; up to *",
            "    against main (*): 1.000 → 0.500, -0.500 (95 % interval -* to +*, p = 1), "
            "0 fixed, 1 broken of 2",
            "    broken: wrong",
        ]
    )
    result.assert_outcomes(passed=2)


def test_a_shown_drop_fails_and_names_the_goldens_that_broke(
    project: Project, history: History
) -> None:
    project.answers({**{f"Shout q{n}": "?" for n in range(20)}, "*": "x"})
    history.write("prompts/a.prompt.yml", many(PROMPT, 20))
    history.switch("main")
    history.commit("twenty goldens")
    history.branch("worse")
    history.write("prompts/a.prompt.yml", many(WORSE, 20))
    history.commit("shout")
    result = project.run("--prompt-base", "main", "-v")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "  a drop of more than maxDrop 0.02 is shown: 1.000 at main (*), now 0.000 on "
            "20 goldens, 0 fixed, 20 broken (g0, g1, *",
        ]
    )


def test_what_main_did_since_the_branch_left_it_does_not_count(
    project: Project, history: History
) -> None:
    history.write("prompts/a.prompt.yml", PROMPT + "# a remark\n")
    history.commit("remark")
    history.switch("main")
    history.write("prompts/a.prompt.yml", WORSE)
    history.commit("worse, on main")
    history.switch("topic")
    result = project.run("--prompt-base", "main", "-v")
    result.stdout.fnmatch_lines(["    against main (*): it sends the same"])
    result.stdout.fnmatch_lines(["    gate: maxDrop holds: the same prompt as at main (*)"])


def test_a_renamed_prompt_is_followed(project: Project, history: History) -> None:
    history.rename("prompts/a.prompt.yml", "prompts/b.prompt.yml")
    result = project.run("--prompt-base", "main", "-v")
    result.stdout.fnmatch_lines(["    against main (*): it sends the same"])


def test_a_new_prompt_and_one_that_was_invalid_are_told_apart(
    project: Project, history: History
) -> None:
    history.switch("main")
    history.write("prompts/broken.prompt.yml", "messages: 1\n")
    history.commit("broken")
    history.branch("mended")
    history.write("prompts/broken.prompt.yml", PROMPT)
    history.write("prompts/new.prompt.yml", PROMPT.replace("user", "system"))
    result = project.run("--prompt-base", "main", "-v")
    result.stdout.fnmatch_lines(
        [
            "    gate: maxDrop was not applied: *not usable*",
            "    against main (*): *not usable*prompts/broken.prompt.yml:1: `messages` must*",
            "    gate: maxDrop was not applied: the prompt is new since main (*)",
            "    against main (*): the prompt is new since main (*)",
        ]
    )
    result.assert_outcomes(passed=9)


def test_goldens_that_only_one_side_can_fill_are_listed(project: Project, history: History) -> None:
    now = PROMPT.replace("{{q}}", "{{text}}").replace("q: one", "text: one")
    history.write("prompts/a.prompt.yml", now.replace("q: two", "q: two, text: two"))
    result = project.run("--prompt-base", "main", "-v")
    result.stdout.fnmatch_lines(["    scored on one side only: right"])


def test_a_loosened_gate_is_told(project: Project, history: History) -> None:
    history.write("prompts/a.prompt.yml", PROMPT.replace("maxDrop: 0.02", "maxDrop: 0.2"))
    result = project.run("--prompt-base", "main", "-v")
    result.stdout.fnmatch_lines(["    since main (*): gate.maxDrop went from 0.02 to 0.2"])


def test_a_golden_that_vanishes_fails_where_the_base_forbids_it(
    project: Project, history: History
) -> None:
    history.write("prompts/a.prompt.yml", PROMPT.replace("gate: {", "gate: {onLoosened: fail, "))
    history.git("commit", "-qam", "Forbid it", "--allow-empty")
    history.git("branch", "-f", "main")
    history.write("prompts/a.prompt.yml", PROMPT.partition("gate:")[0])
    result = project.run("--prompt-base", "main")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*::gate*asks for less than at main*"])


def test_a_plan_counts_the_base_too(project: Project, history: History) -> None:
    history.write("prompts/a.prompt.yml", WORSE)
    result = project.run("--prompt-base", "main", "--prompt-plan")
    result.stdout.fnmatch_lines(
        ["prompts/a.prompt.yml (*", "prompts/a.prompt.yml@base (*", "in all 4 calls to send, *"]
    )


def test_workers_compare_with_the_base_too(project: Project, history: History) -> None:
    history.write("prompts/a.prompt.yml", WORSE)
    result = project.run("-v", "--prompt-base", "main", "-p", "xdist.plugin", "-n", "1")
    result.stdout.fnmatch_lines(["    against main (*): 1.000 → 0.500, *", "    broken: wrong"])
    result.assert_outcomes(passed=2)


def test_a_pull_request_on_github_names_its_own_base(
    project: Project, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.git("update-ref", "refs/remotes/origin/main", "main")
    history.write("prompts/a.prompt.yml", WORSE)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    result = project.run("-v")
    result.stdout.fnmatch_lines(["    against origin/main (*): 1.000 → 0.500, *"])


@pytest.mark.parametrize("ref", ["mian", "--all", "prompts/a.prompt.yml"])
def test_a_base_that_is_not_there_is_a_usage_error(
    project: Project, history: History, ref: str
) -> None:
    result = project.run(f"--prompt-base={ref}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *{ref}*"])


def test_a_folder_without_git_has_no_base(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.path.parent))
    project.write("prompts/a.prompt.yml", PROMPT)
    result = project.run("--prompt-base", "main", "-v")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *git repository*"])


def test_the_working_tree_and_the_index_stay_as_they_are(
    project: Project, history: History
) -> None:
    history.write("prompts/a.prompt.yml", WORSE)
    index = (project.path / ".git/index").read_bytes()
    project.run("--prompt-base", "main", "--prompt-changed")
    assert (project.path / ".git/index").read_bytes() == index
    assert (project.path / "prompts/a.prompt.yml").read_text() == WORSE
    assert history.git("status", "--porcelain") == " M prompts/a.prompt.yml"


def test_only_changed_prompts_are_selected_and_the_others_named(
    project: Project, history: History
) -> None:
    other = PROMPT.replace("{{q}}", "say {{q}}")
    history.switch("main")
    history.write("prompts/reformatted.prompt.yml", other)
    history.write("prompts/golden.prompt.yml", other)
    history.commit("more")
    history.branch("changes")
    history.write("prompts/reformatted.prompt.yml", "# new\n\n" + other.replace("{id", "{ id"))
    history.write("prompts/golden.prompt.yml", other.replace('"2"', '"3"'))
    history.rename("prompts/a.prompt.yml", "prompts/moved.prompt.yml")
    result = project.run("--prompt-base", "main", "--prompt-changed", "--prompt-lint", "-v")
    result.stdout.fnmatch_lines(
        [
            "prompts/golden.prompt.yml::right *",
            "prompts/golden.prompt.yml::lint *",
            "the same content as at main (*):",
            "    prompts/moved.prompt.yml",
            "    prompts/reformatted.prompt.yml",
        ]
    )
    result.assert_outcomes(passed=2, failed=1, deselected=8)


def test_a_change_of_shared_evaluators_selects_their_prompts_and_is_told_where_looser(
    project: Project, history: History
) -> None:
    sharing = f"{PROMPT}evaluators: [../shared/tone.yml]\n"
    history.write("prompts/a.prompt.yml", sharing)
    history.write("prompts/b.prompt.yml", sharing)
    history.write("prompts/c.prompt.yml", PROMPT)
    history.write("shared/tone.yml", "- {name: loud, contains: '!'}\n- {name: tone, equals: '1'}\n")
    history.switch("main")
    history.commit("shared")
    history.write("shared/tone.yml", "- {name: tone, equals: '1', optional: true}\n- {equals: x}\n")
    result = project.run("--prompt-base", "main", "--prompt-changed")
    result.stdout.fnmatch_lines(
        [
            "    since main (*): the evaluator `loud` was taken away",
            "    since main (*): the evaluator `tone` became optional",
            "    prompts/c.prompt.yml",
        ]
    )
    result.stdout.fnmatch_lines(["*2 passed, 3 deselected, 4 missed*"])


def test_a_change_of_a_scorers_code_selects_its_prompt(project: Project, history: History) -> None:
    history.switch("main")
    project.write("own_scorers.py", "def right(answer, variables): return True\n")
    scored = PROMPT + "evaluators:\n  - {name: own, python: 'own_scorers:right'}\n"
    history.write("prompts/a.prompt.yml", scored)
    history.commit("own scorer")
    history.branch("stricter")
    project.write("own_scorers.py", "def right(answer, variables): return False\n")
    result = project.run("--prompt-base", "main", "--prompt-changed")
    result.assert_outcomes(passed=1)
    assert "left out" not in result.stdout.str()


@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n", "1")])
def test_answers_are_compared_with_those_of_the_base(
    project: Project, history: History, workers: tuple[str, ...]
) -> None:
    judged = '{"verdicts": [{"reason": "clearer", "verdict": "%s"}]}'
    project.answers(
        {
            **{"one": "1", "two": "2", "Shout one": "ONE", "Shout two": "2"},
            **{"<first>\nONE": judged % "first", "<second>\nONE": judged % "second"},
        }
    )
    history.write("prompts/a.prompt.yml", WORSE + "evaluators: [{better: base}]\n")
    result = project.run("--prompt-base", "main", "-v", *workers)
    result.stdout.fnmatch_lines(["    against main (*): 0.500 → 0.750, +0.250 (*"])
    assert "not scored" not in result.stdout.str()


def test_without_a_base_a_comparison_is_not_scored_and_says_what_to_do(
    project: Project, history: History
) -> None:
    history.write("prompts/a.prompt.yml", PROMPT + "evaluators: [{better: base}]\n")
    result = project.run("-rs")
    result.stdout.fnmatch_lines(
        ["*better: nothing to compare with: there is no base; name one by*"]
    )


@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n", "1")])
def test_a_run_in_which_nothing_has_changed_succeeds_and_says_so(
    project: Project, history: History, workers: tuple[str, ...]
) -> None:
    result = project.run("--prompt-base", "main", "--prompt-changed", *workers)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["the same content as at main (*):", "    prompts/a.prompt.yml"])


def test_changed_without_a_base_is_a_usage_error(project: Project, history: History) -> None:
    result = project.run("--prompt-changed")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --prompt-changed: changed since when?*"])
