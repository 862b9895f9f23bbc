from collections.abc import Mapping
from pathlib import Path

from pytest_promptopt.history.repository import Repository
from tests.history.commits import PROMPT, History

OTHER = "messages:\n- role: user\n  content: |\n    Translate.\n    {{text}}\n    Into French.\n"


def renamed_since(history: History, commit: str) -> Mapping[str, str]:
    renamed = Repository.containing(history.folder).renamed_since(commit)
    return {_name(history, now): _name(history, then) for now, then in renamed.items()}


def _name(history: History, path: Path) -> str:
    return path.relative_to(history.folder).as_posix()


def test_a_committed_rename_is_found(history: History) -> None:
    base = history.commit("one", a=PROMPT, other=OTHER)
    history.rename("a.prompt.yml", "prompts/b.prompt.yaml")
    history.commit("two")
    assert renamed_since(history, base) == {"prompts/b.prompt.yaml": "a.prompt.yml"}


def test_a_staged_rename_is_found(history: History) -> None:
    base = history.commit("one", a=PROMPT, other=OTHER)
    history.rename("a.prompt.yml", "b.prompt.yml")
    assert renamed_since(history, base) == {"b.prompt.yml": "a.prompt.yml"}


def test_an_untracked_rename_is_found(history: History) -> None:
    base = history.commit("one", a=PROMPT, other=OTHER)
    (history.folder / "a.prompt.yml").rename(history.folder / "b.prompt.yml")
    assert renamed_since(history, base) == {"b.prompt.yml": "a.prompt.yml"}


def test_names_are_taken_as_they_are(history: History) -> None:
    history.write("[a]*.prompt.yml", PROMPT)
    base = history.commit("one", other=OTHER)
    (history.folder / "[a]*.prompt.yml").rename(history.folder / ":(top) ü\n.prompt.yml")
    assert renamed_since(history, base) == {":(top) ü\n.prompt.yml": "[a]*.prompt.yml"}


def test_a_renamed_prompt_may_have_changed(history: History) -> None:
    base = history.commit("one", a=PROMPT, other=OTHER)
    history.rename("a.prompt.yml", "b.prompt.yml")
    history.commit("two", b=PROMPT.replace("one word, such as", "a word:"))
    assert renamed_since(history, base) == {"b.prompt.yml": "a.prompt.yml"}


def test_a_prompt_that_was_rewritten_after_its_rename_is_followed(history: History) -> None:
    base = history.commit("one", a=PROMPT)
    history.rename("a.prompt.yml", "b.prompt.yml")
    history.commit("two")
    history.rename("b.prompt.yml", "c.prompt.yml")
    history.commit("three")
    history.commit("four", c=OTHER)
    assert renamed_since(history, base) == {"c.prompt.yml": "a.prompt.yml"}


def test_renamed_goldens_are_found(history: History) -> None:
    history.write("old.jsonl", '{"q": "one"}\n{"q": "two"}\n')
    base = history.commit("one")
    history.rename("old.jsonl", "new.jsonl")
    assert renamed_since(history, base) == {"new.jsonl": "old.jsonl"}


def test_a_copy_is_no_rename(history: History) -> None:
    base = history.commit("one", a=PROMPT)
    history.commit("two", b=PROMPT)
    assert renamed_since(history, base) == {}


def test_another_prompt_in_place_of_one_is_no_rename(history: History) -> None:
    base = history.commit("one", a=PROMPT)
    (history.folder / "a.prompt.yml").unlink()
    history.commit("two", b=OTHER)
    assert renamed_since(history, base) == {}


def test_an_ignored_file_is_no_rename(history: History) -> None:
    history.write(".gitignore", "b.prompt.yml\n")
    base = history.commit("one", a=PROMPT)
    (history.folder / "a.prompt.yml").rename(history.folder / "b.prompt.yml")
    assert renamed_since(history, base) == {}


def test_a_rename_under_autocrlf_is_found(history: History) -> None:
    history.git("config", "core.autocrlf", "true")
    base = history.commit("one", a=PROMPT, other=OTHER)
    (history.folder / "a.prompt.yml").unlink()
    history.write("b.prompt.yml", PROMPT.replace("\n", "\r\n"))
    assert renamed_since(history, base) == {"b.prompt.yml": "a.prompt.yml"}


def test_a_nested_repository_does_not_hinder(history: History) -> None:
    base = history.commit("one", a=PROMPT)
    History(history.folder / "nested").write("n.prompt.yml")
    (history.folder / "a.prompt.yml").rename(history.folder / "b.prompt.yml")
    assert renamed_since(history, base) == {"b.prompt.yml": "a.prompt.yml"}


def test_a_rename_is_found_without_an_index(history: History) -> None:
    base = history.commit("one", a=PROMPT)
    (history.folder / ".git/index").unlink()
    (history.folder / "a.prompt.yml").rename(history.folder / "b.prompt.yml")
    assert renamed_since(history, base) == {"b.prompt.yml": "a.prompt.yml"}
