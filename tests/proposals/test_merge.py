from dataclasses import replace
from pathlib import Path

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.prompts.answer_place import AnswerPlace
from pytest_promptopt.proposals.merge import Conflict, Merged, file_of, merge
from pytest_promptopt.proposals.proposal import ProposalError
from tests.proposals.made import BETTER, FILE, NAME, SHOWN, made, made_with_edit

NEW = b"Answer billing or shipping."
OLD = b"Say who gets the ticket."


@pytest.mark.parametrize("candidate", [BETTER, SHOWN], ids=["texts", "demonstrations"])
@pytest.mark.parametrize(
    "content",
    [FILE, FILE.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + FILE],
    ids=["lf", "crlf", "bom"],
)
def test_the_file_it_was_made_for_becomes_what_the_search_found(
    tmp_path: Path, candidate: Candidate, content: bytes
) -> None:
    proposal, edit = made_with_edit(tmp_path, candidate, content=content)
    assert edit.after != content
    assert merge(proposal, content) == Merged(content=edit.after, is_as_made=True)


def test_the_place_of_the_answer_is_written_too(tmp_path: Path) -> None:
    place = AnswerPlace(mark="after", value="Answer:")
    proposal, edit = made_with_edit(tmp_path, replace(BETTER, answer=place))
    assert b'answer: {"after": "Answer:"}' in edit.after
    assert merge(proposal, FILE).content == edit.after
    assert merge(proposal, edit.after).content == edit.after
    with pytest.raises(ProposalError, match="`answer` is 'whole' now, and the proposal was made"):
        merge(proposal, b"answer: whole\n" + FILE)


def test_only_the_span_of_the_message_changes(tmp_path: Path) -> None:
    assert merge(made(tmp_path), FILE).content == FILE.replace(OLD, NEW)


def test_what_else_was_edited_since_stays(tmp_path: Path) -> None:
    proposal = made(tmp_path)
    edited = FILE.replace(b"# who gets it", b"# by hand").replace(b"Ticket: {{", b"T: {{")
    assert merge(proposal, edited) == Merged(content=edited.replace(OLD, NEW), is_as_made=False)


def test_a_message_that_moved_is_found_by_its_text(tmp_path: Path) -> None:
    proposal = made(tmp_path)
    added = b"messages:\n  - {role: system, content: Be kind.}\n"
    edited = FILE.replace(b"messages:\n", added)
    assert merge(proposal, edited).content == edited.replace(OLD, NEW)


def test_a_text_that_changed_too_is_shown_beside_the_proposed_one(tmp_path: Path) -> None:
    proposal = made(tmp_path)
    edited = FILE.replace(OLD, b"Say who takes it.")
    assert merge(proposal, edited) == Merged(
        content=edited,
        is_as_made=False,
        conflicts=(
            Conflict(
                position=0,
                role="system",
                present="Say who takes it.",
                proposed="Answer billing or shipping.",
            ),
        ),
    )


def test_of_several_changes_none_is_made_where_one_cannot_be(tmp_path: Path) -> None:
    candidate = Candidate(texts={0: "Answer with a team.", 1: "T: {{ticket}}"})
    edited = FILE.replace(OLD, b"Say who takes it.")
    merged = merge(made(tmp_path, candidate), edited)
    assert merged.content == edited
    assert [conflict.position for conflict in merged.conflicts] == [0]


def test_a_message_that_is_gone_is_a_conflict(tmp_path: Path) -> None:
    proposal = made(tmp_path)
    edited = FILE.replace(
        b"  - role: system\n    content: 'Say who gets the ticket.'   # in a hurry\n", b""
    )
    [conflict] = merge(proposal, edited).conflicts
    assert conflict.present is None


def test_a_text_that_now_stands_twice_elsewhere_is_a_conflict(tmp_path: Path) -> None:
    proposal = made(tmp_path)
    twice = b"  - {role: system, content: Say who gets the ticket.}\n" * 2
    edited = FILE.replace(b"messages:\n", b"messages:\n  - {role: user, content: Hi}\n" + twice)
    edited = edited.replace(b"'Say who gets the ticket.'", b"other")
    [conflict] = merge(proposal, edited).conflicts
    assert conflict.role == "system"


@pytest.mark.parametrize("candidate", [BETTER, SHOWN], ids=["texts", "demonstrations"])
def test_applying_twice_changes_nothing_more(tmp_path: Path, candidate: Candidate) -> None:
    proposal = made(tmp_path, candidate)
    once = merge(proposal, FILE).content
    assert merge(proposal, once) == Merged(content=once, is_as_made=False)


def test_demonstrations_go_before_their_question_wherever_it_is(tmp_path: Path) -> None:
    proposal = made(tmp_path, SHOWN)
    added = b"messages:\n  - {role: system, content: Be kind.}\n"
    edited = FILE.replace(b"messages:\n", added)
    question = b"""  - {role: user, content: "Ticket: {{ticket}}"}\n"""
    examples = b"""\
  - role: user
    content: 'The ticket: My money back!'
  - role: assistant
    content: 'billing'
  - {role: user, content: "The ticket: {{ticket}}"}
"""
    assert question in edited
    assert merge(proposal, edited).content == edited.replace(question, examples)


def test_demonstrations_without_their_question_are_a_conflict(tmp_path: Path) -> None:
    proposal = made(tmp_path, Candidate(demonstrations=("refund",)))
    edited = FILE.replace(b"Ticket: {{", b"T: {{")
    assert merge(proposal, edited).conflicts == (
        Conflict(position=1, role="user", present="T: {{ticket}}", proposed="Ticket: {{ticket}}"),
    )


@pytest.mark.parametrize("content", [b"", b"\xff", b"messages: [", b"messages: 1\n"])
def test_a_file_that_is_no_prompt_any_more_is_an_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(PromptFileError, match=rf"^{NAME}:[12]: "):
        merge(made(tmp_path), content)


def test_a_text_that_an_alias_shares_is_an_error_that_says_so(tmp_path: Path) -> None:
    edited = FILE.replace(b"'Say", b"&say 'Say") + b"description: *say\n"
    with pytest.raises(PromptFileError, match=r"is also used on line 8, as \*say"):
        merge(made(tmp_path), edited)


def test_a_file_that_is_gone_or_leads_out_of_the_project_is_an_error(tmp_path: Path) -> None:
    project = tmp_path / "project"
    proposal = made(project)
    path = project / NAME
    assert file_of(proposal, project) == path.resolve()
    outside = tmp_path / "outside.prompt.yml"
    path.rename(outside)
    with pytest.raises(ProposalError, match="is not there any more"):
        file_of(proposal, project)
    path.symlink_to(outside)
    with pytest.raises(ProposalError, match="leads out of the project"):
        file_of(proposal, project)
