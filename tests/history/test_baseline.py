from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.baseline import BasePrompt, default_ref, find_baseline
from pytest_promptopt.prompts.reader import read_prompt
from tests.history.commits import PROMPT, History

CHANGED = PROMPT.replace("one word", "a word").replace("answers.json", "others.json")
WITH_FILE = PROMPT.partition("testData")[0] + "goldens: goldens/*.jsonl\n"


def at_base(history: History, name: str, *, root: str = ".", ref: str = "main") -> BasePrompt:
    folder = history.folder / root
    head = read_prompt(history.folder / name, root=folder)
    return find_baseline(ref, root=folder).prompt(head, root=folder)


def text(base: BasePrompt) -> str:
    assert base.prompt is not None, base.problem
    return base.prompt.messages[0].template.text


def test_text_and_model_are_those_of_the_merge_base(history: History) -> None:
    history.commit("one", a=PROMPT)
    history.branch("feature")
    history.commit("two", a=CHANGED)
    history.switch("main")
    history.commit("later", a=PROMPT.replace("one word", "no word"))
    history.switch("feature")
    base = at_base(history, "a.prompt.yml")
    assert "in one word" in text(base)
    assert base.prompt is not None
    assert base.prompt.model == "scripted:answers.json"
    assert base.path == base.prompt.path == history.folder / "a.prompt.yml"


def test_uncommitted_changes_are_compared_with_head(history: History) -> None:
    history.commit("one", a=PROMPT)
    history.write("a.prompt.yml", CHANGED)
    assert "in one word" in text(at_base(history, "a.prompt.yml", ref="HEAD"))


def test_a_renamed_prompt_is_found_under_its_old_name(history: History) -> None:
    history.commit("one", a=PROMPT)
    history.branch("feature")
    history.rename("a.prompt.yml", "prompts/b.prompt.yml")
    history.commit("two")
    base = at_base(history, "prompts/b.prompt.yml")
    assert "in one word" in text(base)
    assert base.path == history.folder / "a.prompt.yml"


def test_a_prompt_whose_project_was_moved_is_found(history: History) -> None:
    history.write("app/a.prompt.yml", WITH_FILE)
    history.write("app/goldens/one.jsonl", '{"q": "?"}\n')
    history.commit("one")
    history.branch("feature")
    history.rename("app", "services/app")
    history.commit("two")
    base = at_base(history, "services/app/a.prompt.yml", root="services/app")
    assert base.path == history.folder / "app/a.prompt.yml"
    assert base.prompt is not None
    assert base.prompt.goldens[0].path == "app/goldens/one.jsonl"


def test_a_new_prompt_has_no_base_and_no_problem(history: History) -> None:
    history.commit("one")
    history.write("a.prompt.yml", PROMPT)
    assert at_base(history, "a.prompt.yml") == BasePrompt()


def test_goldens_at_the_base_are_those_of_the_commit(history: History) -> None:
    history.write("goldens/one.jsonl", '{"q": "one"}\n')
    history.write("goldens/two.jsonl", '{"q": "two"}\n')
    history.commit("one", a=WITH_FILE)
    (history.folder / "goldens/one.jsonl").unlink()
    history.write("goldens/two.jsonl", '{"q": "another"}\n')
    base = at_base(history, "a.prompt.yml")
    assert base.prompt is not None
    assert [golden.variables["q"] for golden in base.prompt.goldens] == ["one", "two"]


def test_a_project_in_a_subfolder_has_its_own_locations(history: History) -> None:
    history.write("app/prompts/a.prompt.yml", PROMPT)
    history.commit("one")
    base = at_base(history, "app/prompts/a.prompt.yml", root="app")
    assert base.prompt is not None
    assert base.prompt.location == "prompts/a.prompt.yml"


def test_line_ends_on_disk_do_not_count(history: History) -> None:
    history.git("config", "core.autocrlf", "true")
    history.commit("one", a=PROMPT)
    history.write("a.prompt.yml", PROMPT.replace("\n", "\r\n"))
    head = read_prompt(history.folder / "a.prompt.yml", root=history.folder)
    base = at_base(history, "a.prompt.yml").prompt
    assert base == head


def test_a_prompt_that_is_invalid_at_the_base_says_where(history: History) -> None:
    commit = history.commit("one", a="model: x\nmessages: none\n")
    history.commit("two", a=PROMPT)
    base = at_base(history, "a.prompt.yml", ref=commit)
    assert base.prompt is None
    assert base.path == history.folder / "a.prompt.yml"
    assert base.problem.startswith(
        f"not usable at the base, commit {commit[:12]}: a.prompt.yml:2: `messages` must be "
    )


def test_goldens_outside_of_the_repository_are_a_problem(history: History) -> None:
    goldens = history.folder.parent / "goldens.jsonl"
    goldens.write_text('{"q": "?"}\n')
    commit = history.commit("one", a=WITH_FILE.replace("goldens/*.jsonl", "../goldens.jsonl"))
    root = history.folder.parent
    head = read_prompt(history.folder / "a.prompt.yml", root=root)
    base = find_baseline("HEAD", root=history.folder).prompt(head, root=root)
    assert base.problem == (
        f"not usable at the base, commit {commit[:12]}: goldens.jsonl:1: cannot be read: "
        f"lies outside of the repository {history.folder}, which cannot know what it was"
    )


def test_a_prompt_in_a_submodule_is_a_problem(history: History, tmp_path: Path) -> None:
    shared = History(tmp_path / "shared")
    shared.commit("theirs", a=PROMPT)
    history.git("submodule", "--quiet", "add", str(shared.folder), "shared")
    commit = history.commit("one")
    assert at_base(history, "shared/a.prompt.yml").problem == (
        f"not usable at the base, commit {commit[:12]}: shared/a.prompt.yml: lies in a "
        f"submodule, whose files are not those of {history.folder}"
    )


def test_a_prompt_outside_of_the_repository_is_a_problem(history: History, tmp_path: Path) -> None:
    history.commit("one")
    path = tmp_path / "a.prompt.yml"
    path.write_text(PROMPT)
    head = read_prompt(path, root=tmp_path)
    assert find_baseline("main", root=history.folder).prompt(head, root=tmp_path).problem == (
        f"a.prompt.yml lies outside of the repository {history.folder}, which has no base for it"
    )


def test_a_folder_without_a_repository_has_no_baseline(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="is not in a git repository"):
        find_baseline("main", root=tmp_path)


@pytest.mark.parametrize(
    ("environ", "ref"),
    [
        ({}, None),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_EVENT_NAME": "pull_request",
                "GITHUB_BASE_REF": "release/1",
            },
            "origin/release/1",
        ),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_EVENT_NAME": "pull_request_target",
                "GITHUB_BASE_REF": "main",
            },
            "origin/main",
        ),
        ({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_BASE_REF": ""}, None),
        (
            {
                "GITLAB_CI": "true",
                "CI_MERGE_REQUEST_DIFF_BASE_SHA": "0" * 40,
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            },
            "0" * 40,
        ),
        ({"GITLAB_CI": "true", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}, "origin/main"),
        ({"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "main"}, None),
        ({"GITHUB_BASE_REF": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "0" * 40}, None),
    ],
)
def test_the_default_base_is_that_of_the_request(
    environ: Mapping[str, str], ref: str | None
) -> None:
    assert default_ref(environ) == ref
