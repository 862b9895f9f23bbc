"""Messages of two versions of a prompt, paired: which became which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pytest_promptopt.messages import Role
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePair:
    """A message that changed; ``old`` or ``new`` is None where it is only on the other side.

    ``number`` counts from 1 and is its place among the new messages, for a removed one that
    among the old.
    """

    number: int
    role: Role
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class _Numbered:
    number: int
    role: Role
    text: str


def changed_messages(old: Prompt, new: Prompt) -> Iterator[MessagePair]:
    """The messages that differ, in order; an edited one is paired with the one most like it."""
    before, after = _numbered(old.messages), _numbered(new.messages)
    matcher = SequenceMatcher(None, _contents(before), _contents(after), autojunk=False)
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind != "equal":
            yield from _paired(before[i1:i2], after[j1:j2])


def _paired(before: Sequence[_Numbered], after: Sequence[_Numbered]) -> Iterator[MessagePair]:
    start = 0
    for old in before:
        likely = [index for index in range(start, len(after)) if after[index].role == old.role]
        if not likely:
            yield MessagePair(number=old.number, role=old.role, old=old.text, new=None)
            continue
        chosen = max(likely, key=lambda index: _likeness(old.text, after[index].text))
        yield from (_added(message) for message in after[start:chosen])
        new = after[chosen]
        yield MessagePair(number=new.number, role=new.role, old=old.text, new=new.text)
        start = chosen + 1
    yield from (_added(message) for message in after[start:])


def _added(message: _Numbered) -> MessagePair:
    return MessagePair(number=message.number, role=message.role, old=None, new=message.text)


def _likeness(text: str, other: str) -> float:
    """The share of words in common (Dice), in [0, 1]."""
    words, others = set(text.split()), set(other.split())
    return 2 * len(words & others) / max(len(words) + len(others), 1)


def _numbered(messages: Sequence[MessageTemplate]) -> list[_Numbered]:
    return [
        _Numbered(number, message.role, message.template.text.replace("\r\n", "\n"))
        for number, message in enumerate(messages, start=1)
    ]


def _contents(messages: Sequence[_Numbered]) -> list[tuple[Role, str]]:
    return [(message.role, message.text) for message in messages]
