from pathlib import Path
from typing import get_args

from pytest_promptopt.cli.messages import changed_messages
from pytest_promptopt.messages import Role
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.template import Template


def prompt(*messages: str) -> Prompt:
    """A prompt of messages ``role: text``."""
    made = []
    for message in messages:
        name, _, text = message.partition(": ")
        role = next(role for role in get_args(Role) if role == name)
        made.append(MessageTemplate(role=role, template=Template(text), line=1))
    return Prompt(path=Path("/p"), location="p", name="p", messages=tuple(made))


def changes(old: Prompt, new: Prompt) -> list[tuple[int, str | None, str | None]]:
    return [(pair.number, pair.old, pair.new) for pair in changed_messages(old, new)]


def test_an_edited_message_is_a_pair() -> None:
    assert changes(prompt("system: a", "user: b"), prompt("system: x", "user: b")) == [
        (1, "a", "x")
    ]


def test_line_ends_are_no_change() -> None:
    assert changes(prompt("system: a\r\nb"), prompt("system: a\nb")) == []


def test_an_edit_behind_new_examples_is_still_found() -> None:
    old = prompt("system: s", "user: Ticket: {{ticket}}")
    new = prompt("system: s", "user: My lamp broke", "assistant: returns", "user: The {{ticket}}")
    old_text = "Ticket: {{ticket}}"
    assert changes(old, new) == [
        (2, None, "My lamp broke"),
        (3, None, "returns"),
        (4, old_text, "The {{ticket}}"),
    ]


def test_a_message_of_another_role_is_no_edit() -> None:
    assert changes(prompt("user: a"), prompt("assistant: a")) == [(1, "a", None), (1, None, "a")]


def test_a_removed_message_has_its_old_number() -> None:
    assert changes(prompt("user: a", "assistant: b", "user: c"), prompt("user: a", "user: c")) == [
        (2, "b", None)
    ]
