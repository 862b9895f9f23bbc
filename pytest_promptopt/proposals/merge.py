"""A proposal on the file as it stands now, which others may have edited meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_promptopt.messages import Message, Role
from pytest_promptopt.prompts.document import decoded, parse_document
from pytest_promptopt.prompts.edits import Replacement, edit_texts
from pytest_promptopt.prompts.insertion import insert_messages, write_key
from pytest_promptopt.prompts.parser import parse_prompt
from pytest_promptopt.proposals.proposal import (
    KeyChange,
    Proposal,
    ProposalError,
    ShownExamples,
    TextChange,
    blob_id,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A message that is no longer what the proposal was made for.

    ``present`` is the text in its place, None where no message of its role is there;
    ``proposed`` is what the proposal would have there. ``position`` counts from 0.
    """

    position: int
    role: Role
    present: str | None
    proposed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The file with the proposal in it, or unchanged with the ``conflicts`` that are in the way.

    ``is_as_made`` tells whether the file is still the one that the proposal was made for.
    """

    content: bytes
    is_as_made: bool
    conflicts: tuple[Conflict, ...] = ()


def merge(proposal: Proposal, content: bytes) -> Merged:
    """The proposal applied to a file that may have changed since it was made.

    A message that still has its text is edited wherever it stands now, whatever else changed;
    what is there already is left alone. Only the spans of these messages change. Raises
    :class:`~pytest_promptopt.errors.PromptFileError` where the file cannot be read or edited.
    """
    is_as_made = blob_id(content) == proposal.blob
    messages = _messages(content, proposal.location)
    replacements, conflicts = _replacements(proposal.texts, messages)
    shown = proposal.demonstrations
    at = None if shown is None else _place_of(shown, proposal.texts, messages)
    if shown is not None and at is None and not conflicts:
        conflicts.append(_conflict(shown.position, "user", shown.question, messages))
    if conflicts:
        return Merged(content=content, is_as_made=is_as_made, conflicts=tuple(conflicts))
    edited = edit_texts(content, replacements, location=proposal.location)
    for change in proposal.keys:
        edited = _with_key(edited, change, proposal.location)
    if shown is not None and at is not None and not _are_there(shown, at, messages):
        added = [(message.role, message.content) for message in shown.messages]
        edited = insert_messages(edited, at, added, location=proposal.location)
    return Merged(content=edited, is_as_made=is_as_made)


def _with_key(content: bytes, change: KeyChange, location: str) -> bytes:
    """The file with the change; raises :class:`ProposalError` where it says something else now."""
    present = parse_document(decoded(content, location), location).data.get(change.key)
    if present not in (change.before, change.after):
        raise ProposalError(
            f"{location}: `{change.key}` is {present!r} now, and the proposal was made for "
            f"{change.before!r}; run the search again"
        )
    return write_key(content, change.key, change.after, location=location)


def file_of(proposal: Proposal, project: Path) -> Path:
    """The file that the proposal is for, links followed.

    Raises :class:`ProposalError` unless it is there, within the project.
    """
    path = project / proposal.location
    if not path.is_file():
        raise ProposalError(f"{proposal.location} is not there any more; nothing to apply to")
    file = path.resolve()
    if not file.is_relative_to(project.resolve()):
        raise ProposalError(f"{proposal.location} is a link that leads out of the project")
    return file


def _messages(content: bytes, location: str) -> Sequence[Message]:
    document = parse_document(decoded(content, location), location)
    return [
        Message(role=message.role, content=message.template.text)
        for message in parse_prompt(document, Path(location)).messages
    ]


def _replacements(
    changes: Sequence[TextChange], messages: Sequence[Message]
) -> tuple[list[Replacement], list[Conflict]]:
    found: dict[int, Replacement] = {}
    conflicts = []
    for change in changes:
        at = _place(messages, change.role, change.before, change.position)
        if at is not None and at not in found:
            found[at] = Replacement(path=("messages", at, "content"), text=change.after)
        elif Message(role=change.role, content=change.after) not in messages:
            conflicts.append(_conflict(change.position, change.role, change.after, messages))
    return list(found.values()), conflicts


def _place(messages: Sequence[Message], role: Role, text: str, position: int) -> int | None:
    """Where the message stands: in its old place, else in the only other one that has it."""
    wanted = Message(role=role, content=text)
    found = [number for number, message in enumerate(messages) if message == wanted]
    if position in found:
        return position
    return found[0] if len(found) == 1 else None


def _place_of(
    shown: ShownExamples, changes: Sequence[TextChange], messages: Sequence[Message]
) -> int | None:
    """Where the question stands, with its old text or with the one that is proposed."""
    texts = [shown.question, *(c.after for c in changes if c.position == shown.position)]
    places = (_place(messages, "user", text, shown.position) for text in texts)
    return next((place for place in places if place is not None), None)


def _are_there(shown: ShownExamples, at: int, messages: Sequence[Message]) -> bool:
    start = at - len(shown.messages)
    return start >= 0 and tuple(messages[start:at]) == shown.messages


def _conflict(position: int, role: Role, proposed: str, messages: Sequence[Message]) -> Conflict:
    there = [message for message in messages[position : position + 1] if message.role == role]
    return Conflict(
        position=position,
        role=role,
        present=there[0].content if there else None,
        proposed=proposed,
    )
