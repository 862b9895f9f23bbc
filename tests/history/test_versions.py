from datetime import timedelta
from pathlib import Path

import pytest

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.repository import Repository, Version
from tests.history.commits import FIRST_COMMIT, PROMPT, History

CHANGED = PROMPT.replace("one word", "a word")


def versions(history: History, name: str) -> list[Version]:
    return list(Repository.containing(history.folder).versions(history.folder / name))


def subjects(history: History, name: str) -> list[str]:
    return [version.subject for version in versions(history, name)]


def test_versions_come_newest_first_under_the_names_of_their_time(history: History) -> None:
    first = history.commit("one", a=PROMPT)
    history.commit("unrelated", other="x")
    history.rename("a.prompt.yml", "prompts/b.prompt.yml")
    history.write("prompts/b.prompt.yml", CHANGED)
    second = history.commit("two\nlines\n\nbody")
    assert versions(history, "prompts/b.prompt.yml") == [
        Version(
            commit=second,
            path=history.folder / "prompts/b.prompt.yml",
            date=FIRST_COMMIT + timedelta(hours=2),
            author="Ada",
            subject="two lines",
        ),
        Version(
            commit=first,
            path=history.folder / "a.prompt.yml",
            date=FIRST_COMMIT,
            author="Ada",
            subject="one",
        ),
    ]


def test_a_squashed_branch_is_one_version(history: History) -> None:
    history.commit("one", a=PROMPT)
    history.branch("feature")
    history.commit("two", a=CHANGED)
    history.commit("three", a=CHANGED + "# more\n")
    history.switch("main")
    history.squash("feature")
    assert subjects(history, "a.prompt.yml") == ["squash feature", "one"]


def test_a_merge_is_shown_by_the_commits_that_it_brought(history: History) -> None:
    history.commit("one", a=PROMPT)
    history.branch("feature")
    history.commit("two", a=CHANGED)
    history.switch("main")
    history.commit("unrelated", other="x")
    history.merge("feature")
    assert subjects(history, "a.prompt.yml") == ["two", "one"]


def test_settings_of_the_repository_do_not_change_what_is_told(history: History) -> None:
    history.git("config", "log.showRoot", "false")
    history.git("config", "log.diffMerges", "separate")
    history.git("config", "diff.renames", "false")
    history.git("config", "format.pretty", "oneline")
    history.git("config", "color.ui", "always")
    history.commit("one", a=PROMPT)
    history.rename("a.prompt.yml", "b.prompt.yml")
    history.commit("two")
    assert subjects(history, "b.prompt.yml") == ["two", "one"]


@pytest.mark.parametrize("is_staged", [True, False])
def test_a_rename_that_is_not_committed_is_followed(history: History, is_staged: bool) -> None:
    history.commit("one", a=PROMPT)
    if is_staged:
        history.rename("a.prompt.yml", "b.prompt.yml")
    else:
        (history.folder / "a.prompt.yml").rename(history.folder / "b.prompt.yml")
    assert subjects(history, "b.prompt.yml") == ["one"]


def test_a_new_file_has_no_versions(history: History) -> None:
    history.commit("one", a=PROMPT)
    history.write("b.prompt.yml")
    assert versions(history, "b.prompt.yml") == []


def test_a_deleted_file_keeps_its_versions(history: History) -> None:
    history.commit("one", a=PROMPT)
    (history.folder / "a.prompt.yml").unlink()
    history.commit("two")
    assert subjects(history, "a.prompt.yml") == ["two", "one"]


def test_names_and_subjects_are_taken_as_they_are(history: History) -> None:
    history.write("*.prompt.yml", PROMPT)
    history.commit("\x1b[31mred — %H", a=PROMPT + "#\n")
    history.write("-n.prompt.yml", "messages: []\n")
    history.commit("option")
    assert subjects(history, "*.prompt.yml") == ["\x1b[31mred — %H"]
    assert subjects(history, "-n.prompt.yml") == ["option"]


def test_a_subject_that_is_not_utf8_is_shown(history: History) -> None:
    history.commit("caf?", a=PROMPT)
    content = history.git("cat-file", "commit", "HEAD").encode().replace(b"caf?", b"caf\xe9")
    path = history.write(".git/commit", content)
    history.git("update-ref", "HEAD", history.git("hash-object", "-t", "commit", "-w", str(path)))
    assert subjects(history, "a.prompt.yml") == ["caf\ufffd"]


def test_a_repository_without_commits_has_no_versions_to_tell(history: History) -> None:
    history.write("a.prompt.yml")
    with pytest.raises(HistoryError, match="has no commits yet"):
        versions(history, "a.prompt.yml")


def test_a_file_outside_is_refused(history: History, tmp_path: Path) -> None:
    history.commit("one")
    with pytest.raises(HistoryError, match="lies outside of the repository"):
        versions(history, str(tmp_path / "a.prompt.yml"))
