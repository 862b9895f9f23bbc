import shutil
from dataclasses import replace

import pytest

from pytest_promptopt.history.prompt_history import PromptHistory
from pytest_promptopt.history.scores import ScoreFile
from pytest_promptopt.project.folder import SCORES
from tests.cli.conftest import NAME, Promptopt, saved


def test_versions_come_newest_first_with_what_changed_and_what_they_scored(
    promptopt: Promptopt,
) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.save("HEAD", {"refund": 1, "late": 0})
    promptopt.edit("one team", "exactly one team")
    promptopt.edit("openai/m", "openai/n")
    promptopt.history.commit("Be exact")
    promptopt.save("HEAD", {"refund": 1, "late": 1}, "openai/n")
    promptopt.save("HEAD", {"refund": 0, "late": 0}, "local/small")
    assert (
        promptopt("log", NAME).out
        == """\
[1]  (1)  2026-01-01  Ada  Be exact
              text, model openai/m → openai/n
              openai/n  1.000 [0.250, 0.750]  2 goldens
              local/small  0.000 [0.250, 0.750]  2 goldens
[2]  (2)  2026-01-01  Ada  Add the prompt
              first version
              openai/m  0.500 [0.250, 0.750]  2 goldens
"""
    )


def test_goldens_in_their_own_file_make_versions(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    lines = promptopt.goldens.read_text().splitlines()
    promptopt.history.write(
        "prompts/route.jsonl",
        lines[0].replace("money", "cash")
        + '\n{"id": "a", "ticket": "x"}\n{"id": "b", "ticket": "y"}',
    )
    promptopt.history.commit("Better goldens")
    promptopt.edit("one team", "a team")
    promptopt.history.commit("Better words")
    assert (
        promptopt("log", NAME).out
        == """\
[1]  (1)  2026-01-01  Ada  Better words
              text
[2]  (2)  2026-01-01  Ada  Better goldens
              goldens +2 −1 ~1
[2]  (3)  2026-01-01  Ada  Add the prompt
              first version
"""
    )


def test_goldens_that_were_named_only_earlier_make_versions_too(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.history.write("prompts/route.jsonl", '{"id": "refund", "ticket": "x"}\n')
    promptopt.history.commit("Fewer goldens")
    promptopt.history.write("prompts/other.jsonl", '{"id": "refund", "ticket": "x"}\n')
    promptopt.edit("route.jsonl", "other.jsonl")
    promptopt.edit("one team", "a team")
    promptopt.goldens.unlink()
    promptopt.history.commit("Another file")
    assert [line.strip() for line in promptopt("log", NAME).out.splitlines()[1::2]] == [
        "text",
        "goldens −1 ~1",
        "first version",
    ]


def test_code_of_evaluators_makes_versions(promptopt: Promptopt) -> None:
    promptopt.history.write("checks/route.py", "def right(answer, variables): return True\n")
    promptopt.edit('equals: "{{expected}}"', '"python": "checks.route:right"')
    promptopt.history.commit("Add the prompt")
    promptopt.history.write("checks/route.py", "def right(answer, variables): return False\n")
    promptopt.history.commit("Be strict")
    assert (
        promptopt("log", NAME).out
        == """\
[1]  (1)  2026-01-01  Ada  Be strict
              code of evaluators
[1]  (2)  2026-01-01  Ada  Add the prompt
              first version
"""
    )


def test_commits_that_say_nothing_else_are_no_versions_but_renames_are_told(
    promptopt: Promptopt,
) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.edit("model: openai/m", "# ours\nmodel: 'openai/m'")
    promptopt.history.commit("Comment")
    promptopt.history.rename(NAME, "prompts/triage.prompt.yml")
    promptopt.history.commit("Rename")
    promptopt.history.write("README.md", "unrelated")
    promptopt.history.commit("Unrelated")
    assert (
        promptopt("log", "prompts/triage.prompt.yml").out
        == """\
              (1)  2026-01-01  Ada  Rename
              renamed from prompts/route.prompt.yml
[1]  (2)  2026-01-01  Ada  Add the prompt
              first version
"""
    )


def test_branches_are_told_by_what_they_changed_and_a_merge_of_both_by_what_it_brought(
    promptopt: Promptopt,
) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.history.branch("goldens")
    promptopt.goldens.write_text(promptopt.goldens.read_text() + '{"id": "a", "ticket": "x"}\n')
    promptopt.history.commit("One more golden")
    promptopt.history.switch("main")
    promptopt.edit("one team", "a team")
    promptopt.history.commit("Any team")
    promptopt.history.merge("goldens")
    promptopt.history.write("README.md", "unrelated")
    promptopt.history.branch("readme", "HEAD~1")
    promptopt.history.commit("Unrelated")
    promptopt.history.switch("main")
    promptopt.history.merge("readme")
    lines = promptopt("log", NAME).out.splitlines()
    subjects = [line.split("  ")[-1] for line in lines[::2]]
    assert (subjects[0], subjects[-1]) == ("merge goldens", "Add the prompt")
    assert dict(zip(subjects, (line.strip() for line in lines[1::2]), strict=True)) == {
        "merge goldens": "goldens +1",
        "One more golden": "goldens +1",
        "Any team": "text",
        "Add the prompt": "first version",
    }


def test_a_version_that_cannot_be_read_says_so_and_the_others_are_told(
    promptopt: Promptopt,
) -> None:
    promptopt.history.commit("Add the prompt")
    good = promptopt.path.read_text()
    promptopt.path.write_text("messages: [\n")
    promptopt.history.commit("Break it")
    promptopt.path.write_text(good.replace("one team", "a team"))
    promptopt.history.commit("Mend it")
    printed = promptopt("log", NAME)
    assert printed.status == 0
    broken = "broken YAML: did not find expected node content: (end of file)"
    assert (
        printed.out
        == f"""\
[1]  (1)  2026-01-01  Ada  Mend it
              text
------------  (2)  2026-01-01  Ada  Break it
              prompts/route.prompt.yml:2: {broken}
[2]  (3)  2026-01-01  Ada  Add the prompt
              first version
"""
    )


def test_uncommitted_changes_come_first(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    renamed = promptopt.history.folder / "prompts/triage.prompt.yml"
    promptopt.edit("one team", "a team")
    promptopt.path = promptopt.path.rename(renamed)
    promptopt.save(None, {"refund": 1, "late": 1})
    assert (
        promptopt("log", "prompts/triage.prompt.yml").out
        == """\
[1]  uncommitted changes
              renamed from prompts/route.prompt.yml
              text
              openai/m  1.000 [0.250, 0.750]  2 goldens
[2]  (1)  2026-01-01  Ada  Add the prompt
              first version
"""
    )


def test_a_rename_alone_that_is_not_committed_is_told(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.history.rename(NAME, "prompts/triage.prompt.yml")
    assert promptopt("log", "prompts/triage.prompt.yml").out.splitlines()[:2] == [
        "              uncommitted changes",
        "              renamed from prompts/route.prompt.yml",
    ]


def test_more_samples_than_one_are_told(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    snapshot = PromptHistory(promptopt.path).present()
    score = replace(saved(snapshot, {"refund": 1, "late": 1}, "openai/m"), samples=5)
    ScoreFile(promptopt.history.folder / SCORES).add([score])
    assert promptopt("log", NAME).out.endswith("2 goldens × 5 samples\n")


def test_a_ref_is_not_for_the_log(promptopt: Promptopt) -> None:
    printed = promptopt("log", f"{NAME}@main")
    assert printed.status == 2
    assert printed.err == "promptopt: `log` shows every version; leave out @main\n"


def test_a_mended_prompt_that_is_not_committed_is_told(promptopt: Promptopt) -> None:
    good = promptopt.path.read_text()
    promptopt.path.write_text("messages: [\n")
    promptopt.history.commit("Broken from the start")
    promptopt.path.write_text(good)
    lines = promptopt("log", NAME).out.splitlines()
    assert lines[0] == "[1]  uncommitted changes"
    assert lines[1].endswith("Broken from the start")


def test_a_working_tree_that_cannot_be_read_does_not_hide_the_versions(
    promptopt: Promptopt,
) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.path.write_text("messages: [\n")
    out = promptopt("log", NAME).out
    assert out.splitlines()[0] == "working tree"
    assert "Add the prompt" in out


def test_a_prompt_that_was_never_committed_is_told(promptopt: Promptopt) -> None:
    promptopt.history.commits(1)
    assert promptopt("log", NAME).out == "[1]  not committed\n"


def test_a_prompt_that_was_deleted_still_has_its_versions(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    shutil.rmtree(promptopt.path.parent)
    promptopt.history.commit("Delete it")
    lines = promptopt("log", NAME).out.splitlines()
    assert lines[0] == "not in the working tree any more"
    assert lines[1] == "------------  (1)  2026-01-01  Ada  Delete it"
    assert lines[3] == "[2]  (2)  2026-01-01  Ada  Add the prompt"


def test_at_most_so_many_versions_are_shown(promptopt: Promptopt) -> None:
    for number in range(3):
        promptopt.edit("Ticket: ", f"Ticket {number}: ") if number == 0 else promptopt.edit(
            f"Ticket {number - 1}: ", f"Ticket {number}: "
        )
        promptopt.history.commit(f"Version {number}")
    out = promptopt("log", NAME, "-n", "2").out
    assert "Version 2" in out
    assert "Version 1" in out
    assert "Version 0" not in out


@pytest.mark.parametrize("count", ["0", "-1", "x"])
def test_a_number_of_versions_must_be_one(promptopt: Promptopt, count: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        promptopt("log", NAME, "-n", count)


def work_with_scores(promptopt: Promptopt) -> None:
    """Two commits on the branch `work`, and the scores of the last in a third."""
    promptopt.history.commit("Add the prompt")
    promptopt.history.branch("work")
    promptopt.edit("one team", "some team")
    promptopt.history.commit("Try")
    promptopt.edit("some team", "exactly one team")
    promptopt.history.commit("Try again")
    promptopt.save("HEAD", {"refund": 1, "late": 1})
    promptopt.history.commit("Save scores")
    promptopt.history.switch("main")
    promptopt.history.write("README.md", "unrelated")
    promptopt.history.commit("Unrelated")


def test_squash_keeps_scores(promptopt: Promptopt) -> None:
    work_with_scores(promptopt)
    promptopt.history.squash("work")
    promptopt.history.git("branch", "--delete", "--force", "work")
    assert (
        promptopt("log", NAME, "-n", "1").out
        == """\
[1]  (1)  2026-01-01  Ada  squash work
              text
              openai/m  1.000 [0.250, 0.750]  2 goldens
"""
    )


def test_rebase_keeps_scores(promptopt: Promptopt) -> None:
    work_with_scores(promptopt)
    promptopt.history.switch("work")
    before = promptopt("log", NAME).out
    promptopt.history.git("rebase", "--quiet", "main")
    assert promptopt("log", NAME).out == before
    assert "openai/m  1.000" in before


def test_scores_of_two_branches_are_merged_by_git(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.save("HEAD", {"refund": 0, "late": 0})
    promptopt.history.commit("Save scores")
    promptopt.history.branch("other")
    promptopt.save("HEAD", {"refund": 0, "late": 1}, "openai/other")
    promptopt.history.commit("Save theirs")
    promptopt.history.switch("main")
    promptopt.save("HEAD", {"refund": 1, "late": 1}, "openai/ours")
    promptopt.save("HEAD", {"refund": 1, "late": 0})
    promptopt.history.commit("Save ours")
    promptopt.history.merge("other")
    printed = promptopt("log", NAME)
    assert printed.err == ""
    assert sorted(line.split("[0")[0].strip() for line in printed.out.splitlines()[2:]) == [
        "openai/m  0.500",
        "openai/other  0.500",
        "openai/ours  1.000",
    ]


def test_lines_of_scores_that_cannot_be_read_are_warnings(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.save("HEAD", {"refund": 1, "late": 1})
    with promptopt.history.folder.joinpath(".promptopt/scores.jsonl").open("a") as file:
        file.write('=======\n{"model": "\\u001b[2J')
    printed = promptopt("log", NAME)
    assert "openai/m  1.000" in printed.out
    assert printed.err == (
        "promptopt: .promptopt/scores.jsonl:2: a mark of a merge conflict: keep the lines of both "
        "sides, delete the mark\n"
        "promptopt: .promptopt/scores.jsonl:3: not a saved score (not JSON), so it is left out; "
        "delete the line\n"
    )


def test_scores_beside_a_project_in_a_subfolder_are_found(promptopt: Promptopt) -> None:
    shutil.copytree(promptopt.path.parent, promptopt.history.folder / "app/prompts")
    promptopt.history.commit("Add the prompts")
    promptopt.save("HEAD", {"refund": 1, "late": 1})
    promptopt.history.folder.joinpath(".promptopt").rename(
        promptopt.history.folder / "app/.promptopt"
    )
    assert "1.000" in promptopt("log", f"app/{NAME}").out
    assert "1.000" not in promptopt("log", NAME).out


def test_what_commits_say_never_reaches_the_terminal_raw(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add \x1b[2J the prompt")
    assert "Add \\x1b[2J the prompt" in promptopt("log", NAME).out


def test_a_folder_without_a_repository_is_one_message(
    promptopt: Promptopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(promptopt.history.folder / ".git")
    printed = promptopt("log", NAME)
    assert printed.status == 1
    assert "is not in a git repository" in printed.err
    assert printed.err.startswith("promptopt: ")
