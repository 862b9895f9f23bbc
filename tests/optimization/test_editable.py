from dataclasses import replace

import pytest

from pytest_promptopt.errors import UsageError
from pytest_promptopt.messages import Role
from pytest_promptopt.optimization.editable import editable_positions, targets
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.template import Template
from tests.optimization.world import prompt


def of(*messages: tuple[Role, str]) -> Prompt:
    templates = (
        MessageTemplate(role=role, template=Template(text), line=1) for role, text in messages
    )
    return replace(prompt(), messages=tuple(templates))


EXAMPLES = of(
    ("system", "Route it."),
    ("user", "A long ticket about lamps and cables."),
    ("assistant", "billing"),
    ("user", "Ticket: {{ticket}}"),
)


def test_system_and_user_messages_with_words_may_change_and_examples_stay() -> None:
    assert editable_positions(EXAMPLES, None) == (0, 3)
    assert editable_positions(of(("system", "{{a}} 1"), ("user", "{{b}}")), None) == ()


def test_what_is_named_narrows_it() -> None:
    assert editable_positions(EXAMPLES, (3,)) == (3,)


def test_a_message_that_is_not_there_or_an_answer_is_refused() -> None:
    with pytest.raises(UsageError, match="names message 4, but there are 4, counted from 0"):
        editable_positions(EXAMPLES, (4,))
    with pytest.raises(UsageError, match="names message 2, which is an answer"):
        editable_positions(EXAMPLES, (2,))


def test_the_instructions_are_rewritten_or_what_was_named_in_turn() -> None:
    assert targets(EXAMPLES, (0, 3), is_narrowed=False) == (0,)
    assert targets(EXAMPLES, (0, 3), is_narrowed=True) == (0, 3)
    only_user = of(("user", "Hi."), ("user", "Longer: {{x}}"))
    assert targets(only_user, (0, 1), is_narrowed=False) == (1,)
