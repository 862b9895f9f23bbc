import re
from pathlib import Path

import pytest

from pytest_promptopt.cli.main import main
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.memory import MemoryFile, Remembered
from pytest_promptopt.optimization.verdict import SearchVerdict
from pytest_promptopt.proposals.flags import flags
from pytest_promptopt.proposals.proposal import Proposal
from pytest_promptopt.proposals.store import ProposalStore
from tests.history.commits import History
from tests.proposals.made import BETTER, FILE, IMPROVED, NAME, SHOWN, UNPROVEN, made

OLD, NEW = b"Say who gets the ticket.", b"Answer billing or shipping."


class Applying:
    """``promptopt apply`` in a repository where the prompt is committed."""

    def __init__(self, history: History, capsys: pytest.CaptureFixture[str]) -> None:
        self.history = history
        self.folder = history.folder
        self.path = self.folder / NAME
        self._capsys = capsys

    def propose(self, candidate: Candidate = BETTER, verdict: SearchVerdict = IMPROVED) -> Proposal:
        proposal = made(self.folder, candidate, verdict=verdict)
        ProposalStore(self.folder).save(proposal)
        return proposal

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        status = main(("apply", *arguments))
        printed = self._capsys.readouterr()
        return status, printed.out, printed.err

    def memory(self) -> tuple[Remembered, ...]:
        return MemoryFile(self.folder / ".promptopt/memory/prompts-a.prompt.yml.jsonl").read()


@pytest.fixture
def apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Applying:
    history = History(tmp_path / "project")
    history.git("config", "user.name", "Grace")
    history.git("config", "user.email", "grace@example.com")
    history.write(NAME, FILE)
    history.commit("Add the prompt")
    monkeypatch.chdir(history.folder)
    return Applying(history, capsys)


def test_a_proposal_edits_only_its_message_and_is_remembered(apply: Applying) -> None:
    proposal = apply.propose()
    apply.path.chmod(0o640)
    status, out, err = apply(proposal.id[:4])
    assert (status, out, err) == (0, f"{NAME}: {proposal.id} applied\n", "")
    assert apply.path.read_bytes() == FILE.replace(OLD, NEW)
    assert apply.path.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in apply.path.parent.iterdir()] == ["a.prompt.yml"]
    assert apply.memory() == (
        Remembered(
            run="0123456789ab",
            event="accepted",
            candidate=BETTER.id,
            origin="reflect",
            note="Labels.",
        ),
    )


def test_a_second_time_there_is_nothing_to_do(apply: Applying) -> None:
    proposal = apply.propose()
    apply(proposal.id)
    status, out, _ = apply(proposal.id)
    assert (status, out) == (0, f"{NAME}: has all of {proposal.id} already\n")
    assert len(apply.memory()) == 1


def test_what_was_edited_elsewhere_since_stays(apply: Applying) -> None:
    proposal = apply.propose()
    edited = FILE.replace(b"# who gets it", b"# by hand")
    apply.path.write_bytes(edited)
    status, out, _ = apply(proposal.id)
    assert (status, out) == (
        0,
        f"{NAME}: {proposal.id} applied; what else was edited since stays\n",
    )
    assert apply.path.read_bytes() == edited.replace(OLD, NEW)


def test_a_message_that_was_edited_too_is_refused_with_both_texts(apply: Applying) -> None:
    proposal = apply.propose()
    edited = FILE.replace(OLD, b"Say who takes it.\\x1b")
    apply.path.write_bytes(edited)
    status, out, err = apply(proposal.id)
    assert (status, err) == (1, "")
    assert out == (
        f"{NAME}: was edited where {proposal.id} would; nothing was written\n"
        "\n"
        "message 1 (system) as it stands now\n"
        "│ Say who takes it.\\x1b\n"
        "as proposed\n"
        "│ Answer billing or shipping.\n"
    )
    assert apply.path.read_bytes() == edited
    assert apply.memory() == ()


def test_a_dry_run_shows_the_edit_and_writes_nothing(apply: Applying) -> None:
    status, out, _ = apply(apply.propose().id, "--dry-run")
    assert status == 0
    assert "-    content: 'Say who gets the ticket.'   # in a hurry\n" in out
    assert "+    content: 'Answer billing or shipping.'   # in a hurry\n" in out
    assert apply.path.read_bytes() == FILE
    assert apply.memory() == ()


def test_a_commit_holds_the_file_alone(apply: Applying) -> None:
    proposal = apply.propose()
    apply.history.write("staged", "x")
    apply.history.git("add", "staged")
    status, out, _ = apply(proposal.id, "--commit")
    assert (status, out) == (
        0,
        f"{NAME}: {proposal.id} applied\ncommitted as {apply.history.head[:8]}\n",
    )
    assert apply.history.git("show", "--name-only", "--format=%s") == f"Improve {NAME}\n\n{NAME}"
    trailers = apply.history.git("log", "-1", "--format=%(trailers:only)").splitlines()
    assert trailers == [
        "Prompt-Score: 0.90 (was 0.50)",
        "Prompt-Gain: +0.400 [+0.200, +0.600] on 40 unseen goldens",
        f"Prompt-Proposal: {proposal.id}",
    ]
    assert "A  staged" in apply.history.git("status", "--short")


def test_a_commit_that_would_take_more_along_is_refused_before_anything(apply: Applying) -> None:
    proposal = apply.propose()
    edited = FILE + b"# more\n"
    apply.path.write_bytes(edited)
    status, out, err = apply(proposal.id, "--commit")
    assert (status, out) == (1, "")
    assert err.startswith(f"promptopt: {NAME} has changes that are not committed")
    assert apply.path.read_bytes() == edited


def test_a_commit_that_git_refuses_is_told_with_what_was_done(apply: Applying) -> None:
    proposal = apply.propose()
    apply.history.git("config", "commit.gpgSign", "true")
    apply.history.git("config", "gpg.program", "false")
    status, _, err = apply(proposal.id, "--commit")
    assert status == 1
    assert err.startswith("promptopt: the edit is in the file, but not committed: ")
    assert apply.path.read_bytes() == FILE.replace(OLD, NEW)


def stands(apply: Applying) -> dict[str, bytes]:
    """Every file, the index and HEAD, but not git's objects and branches."""
    left_out = ("objects", "refs", "logs")
    return {
        str(path): path.read_bytes()
        for path in apply.folder.rglob("*")
        if path.is_file() and not set(left_out) & set(path.relative_to(apply.folder).parts)
    }


def test_a_branch_holds_the_edit_of_head_and_all_else_stays(apply: Applying) -> None:
    proposal = apply.propose()
    apply.path.write_bytes(FILE.replace(OLD, b"By hand."))
    apply.history.write("staged", "x")
    apply.history.git("add", "staged")
    before, head = stands(apply), apply.history.head
    status, out, err = apply(proposal.id, "--branch", "prompts/a")
    commit = apply.history.git("rev-parse", "prompts/a")
    assert (status, err) == (0, "")
    assert out == (
        f"{NAME}: {proposal.id} applied\n"
        f"committed as {commit[:8]} on the new branch prompts/a; the file stays as it is\n"
    )
    assert (stands(apply), apply.history.head) == (before, head)
    assert apply.history.git("rev-parse", f"{commit}^") == head
    assert apply.history.git("diff", "--name-only", head, commit) == NAME
    assert f"{apply.history.git('show', f'{commit}:{NAME}')}\n".encode() == FILE.replace(OLD, NEW)
    assert apply.history.git("log", "-1", "--format=%an %s", commit) == f"Grace Improve {NAME}"
    assert apply.memory() == ()


def test_a_branch_that_is_there_is_refused(apply: Applying) -> None:
    proposal = apply.propose()
    status, out, err = apply(proposal.id, "--branch", "main")
    assert (status, out) == (1, "")
    assert err == "promptopt: there is a branch main already; choose another name\n"


def test_a_branch_is_made_of_a_project_below_the_repository_and_links_within_it(
    apply: Applying, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = apply.folder / "below"
    real = apply.history.write("below/real.prompt.yml", FILE)
    apply.history.write("below/prompts/.keep", "")
    (project / NAME).symlink_to("../real.prompt.yml")
    apply.history.commit("Add a project")
    proposal = made(project)
    ProposalStore(project).save(proposal)
    monkeypatch.chdir(project)
    assert apply(proposal.id, "--branch", "b")[0] == 0
    assert apply.history.git("diff", "--name-only", "HEAD", "b") == "below/real.prompt.yml"
    assert real.read_bytes() == FILE


def test_a_link_that_leads_out_of_the_project_is_not_followed_for_a_branch(
    apply: Applying, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = apply.folder / "below"
    proposal = made(project)
    ProposalStore(project).save(proposal)
    (project / NAME).unlink()
    (project / NAME).symlink_to(f"../../{NAME}")
    apply.history.commit("Add a project")
    monkeypatch.chdir(project)
    status, _, err = apply(proposal.id, "--branch", "b")
    assert (status, err) == (1, f"promptopt: {NAME} is a link that leads out of the project\n")
    assert apply.history.git("branch", "--list", "b") == ""


def test_a_branch_of_what_head_has_already_or_has_edited_is_not_made(apply: Applying) -> None:
    proposal = apply.propose()
    apply.path.write_bytes(FILE.replace(OLD, NEW))
    apply.history.commit("Take it")
    apply.path.write_bytes(FILE)
    status, out, _ = apply(proposal.id, "--branch", "b")
    assert (status, out) == (0, f"{NAME}: has all of {proposal.id} already at HEAD\n")
    apply.path.write_bytes(FILE.replace(OLD, b"By hand."))
    apply.history.commit("Edit it")
    apply.path.write_bytes(FILE)
    status, out, _ = apply(proposal.id, "--branch", "b")
    assert status == 1
    assert out.startswith(f"{NAME}: was edited where {proposal.id} would; nothing was written\n")
    assert apply.history.git("branch", "--list", "b") == ""


def test_a_branch_of_a_file_that_is_not_committed_is_not_made(apply: Applying) -> None:
    proposal = apply.propose()
    apply.history.git("rm", "--quiet", "--cached", NAME)
    head = apply.history.git("commit-tree", "-m", "Without", apply.history.git("write-tree"))
    apply.history.git("update-ref", "HEAD", head)
    status, _, err = apply(proposal.id, "--branch", "b")
    assert status == 1
    assert err == f"promptopt: {NAME}: cannot be read: is not in commit {head[:12]}\n"


@pytest.mark.parametrize("how", [(), ("--dry-run",), ("--branch", "b"), ("--turn-down",)])
def test_what_a_person_must_look_at_is_told_first(apply: Applying, how: tuple[str, ...]) -> None:
    text = "Answer billing or shipping. See https://evil.example/x"
    proposal = apply.propose(Candidate(texts={0: text}, origin="reflect", note="Links."))
    status, _, err = apply(proposal.id, *how)
    [flag] = flags(proposal)
    told = "" if how == ("--turn-down",) else f"promptopt: {NAME}: {flag}\n"
    assert (status, err) == (0, told)


def test_a_proposal_turned_down_is_remembered_and_the_file_stays(apply: Applying) -> None:
    proposal = apply.propose()
    status, out, _ = apply(proposal.id, "--turn-down")
    assert (status, out) == (0, f"{NAME}: {proposal.id} will not be proposed again\n")
    assert [(entry.event, entry.candidate) for entry in apply.memory()] == [
        ("turned down", BETTER.id)
    ]
    assert apply.path.read_bytes() == FILE


def test_an_unproven_proposal_says_so(apply: Applying) -> None:
    _, out, _ = apply(apply.propose(verdict=UNPROVEN).id)
    assert out.endswith("applied\nno gain is proven: look at it before you rely on it\n")


def test_without_an_id_the_proposals_are_listed_from_any_folder_below(
    apply: Applying, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {apply.propose().id, apply.propose(SHOWN).id}
    monkeypatch.chdir("prompts")
    status, out, _ = apply()
    assert status == 0
    assert set(re.findall(r"^(\w+)  prompts/a.prompt.yml  openai/m$", out, re.M)) == ids
    assert out.count("    Improved: +0.400 on 40 test goldens [+0.200, +0.600].\n") == 2


def test_a_broken_proposal_hides_no_other(apply: Applying) -> None:
    proposal = apply.propose()
    (apply.folder / ".promptopt/proposals/zz.json").write_text("{}")
    status, out, err = apply()
    assert status == 1
    assert out.startswith(proposal.id)
    assert err == (
        "promptopt: .promptopt/proposals/zz.json: not a proposal: `version` must be 3; it was "
        "written by another release\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["zz"], "promptopt: no proposal starts with 'zz': there are "),
        (["--commit"], "promptopt: which proposal?"),
        (["--branch", ""], "promptopt: which proposal?"),
    ],
)
def test_what_names_no_proposal_is_a_usage_error(
    apply: Applying, arguments: list[str], message: str
) -> None:
    apply.propose()
    status, _, err = apply(*arguments)
    assert status == 2
    assert err.startswith(message)


def test_without_a_search_there_is_nothing_to_apply(apply: Applying) -> None:
    status, _, err = apply()
    assert (status, err) == (
        2,
        "promptopt: no .promptopt/proposals here or above; run pytest with --prompt-optimize\n",
    )


def test_a_memory_that_cannot_be_read_stops_it_before_the_file_is_edited(apply: Applying) -> None:
    proposal = apply.propose()
    apply.history.write(".promptopt/memory/prompts-a.prompt.yml.jsonl", "<<<<<<< ours\n")
    status, _, err = apply(proposal.id)
    assert status == 2
    assert "prompts-a.prompt.yml.jsonl:1: not a line of a memory" in err
    assert apply.path.read_bytes() == FILE


def test_a_prompt_that_is_gone_is_told(apply: Applying) -> None:
    proposal = apply.propose()
    apply.path.unlink()
    status, _, err = apply(proposal.id)
    assert (status, err) == (
        1,
        f"promptopt: {NAME} is not there any more; nothing to apply to\n",
    )
