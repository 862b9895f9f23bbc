from dataclasses import replace
from pathlib import Path

import pytest

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.proposals.commits import check_can_commit, commit_file, commit_message
from tests.history.commits import History
from tests.proposals.made import UNPROVEN, made


def test_the_message_says_what_unseen_goldens_say(tmp_path: Path) -> None:
    proposal = made(tmp_path)
    assert commit_message(proposal) == (
        "Improve prompts/a.prompt.yml\n"
        "\n"
        "Improved: +0.400 on 40 test goldens [+0.200, +0.600].\n"
        "Found by gepa with o/m for openai/m, in 100 calls.\n"
        "\n"
        "Prompt-Score: 0.90 (was 0.50)\n"
        "Prompt-Gain: +0.400 [+0.200, +0.600] on 40 unseen goldens\n"
        f"Prompt-Proposal: {proposal.id}\n"
    )


def test_the_message_claims_no_gain_that_is_not_proven(tmp_path: Path) -> None:
    message = commit_message(made(tmp_path, verdict=UNPROVEN))
    assert message.startswith("Change prompts/a.prompt.yml (no gain proven)\n\nUnproven: 3 test")
    assert "Prompt-Gain" not in message
    assert "Prompt-Score" not in message


def test_nothing_from_a_file_starts_a_trailer_of_its_own(tmp_path: Path) -> None:
    hostile = replace(
        made(tmp_path),
        verdict="Fine.\n\nSigned-off-by: Me",
        method="a\rb\x1b\nc",
        location="a\nb.prompt.yml",
    )
    assert commit_message(hostile).split("\n")[:5] == [
        "Improve a b.prompt.yml",
        "",
        "Fine. Signed-off-by: Me",
        "Found by a b c with o/m for openai/m, in 100 calls.",
        "",
    ]


def test_only_the_file_is_committed(history: History) -> None:
    history.commit("Add", a="old\n", b="old\n")
    history.write("b.prompt.yml", "staged\n")
    history.git("add", "b.prompt.yml")
    path = history.write("a.prompt.yml", "new\n")
    commit = commit_file(path, "Improve a\n\nPrompt-Score: 0.90 (was 0.74) on validation\n")
    assert history.head == commit
    assert history.git("diff", "--name-only", "HEAD~1", "HEAD") == "a.prompt.yml"
    assert history.git("status", "--short") == "M  b.prompt.yml"
    shown = history.git("log", "-1", "--format=%an%n%(trailers:key=Prompt-Score,valueonly)")
    assert shown == "Grace\n0.90 (was 0.74) on validation"


def test_a_name_that_reads_as_a_pattern_is_only_a_name(history: History) -> None:
    history.write("[ab].prompt.yml", "old\n")
    history.commit("Add", a="old\n")
    history.write("a.prompt.yml", "other\n")
    path = history.write("[ab].prompt.yml", "new\n")
    check_can_commit_fails(path)
    commit_file(path, "Improve it")
    assert history.git("status", "--short") == " M a.prompt.yml"


def check_can_commit_fails(path: Path) -> None:
    with pytest.raises(HistoryError, match="has changes that are not committed"):
        check_can_commit(path)


def test_what_is_not_committed_yet_would_get_in_and_is_refused(history: History) -> None:
    history.commit("Add", a="old\n")
    check_can_commit(history.folder / "a.prompt.yml")
    check_can_commit_fails(history.write("a.prompt.yml", "by hand\n"))
    history.git("add", "a.prompt.yml")
    check_can_commit_fails(history.folder / "a.prompt.yml")
    with pytest.raises(HistoryError, match=r"^new.prompt.yml is not in git"):
        check_can_commit(history.write("new.prompt.yml", "x\n"))


def test_outside_of_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="is not in a git repository"):
        check_can_commit(tmp_path / "a.prompt.yml")
