"""The same words in another layout."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.proposers.layout import Layout
from pytest_promptopt.prompts.prompt import MessageTemplate
from pytest_promptopt.prompts.template import Template
from tests.optimization.world import prompt


def laid_out(user: str, *, editable: tuple[int, ...] = (0, 1), system: str = "Route.") -> list[str]:
    message = MessageTemplate(role="user", template=Template(user), line=4)
    of = prompt(system)
    of = replace(of, messages=(of.messages[0], message))
    context: Any = SimpleNamespace(prompt=of, parent=Candidate(), editable=editable, count=9)
    made = asyncio.run(Layout().propose(context))
    position = max(editable)
    return [candidate.texts[position] for candidate in made]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ticket: {{ticket}}", ["Ticket:\n<ticket>\n{{ticket}}\n</ticket>"]),
        (
            "Which team?\n\n{{a.b}}",
            ["Which team?\n\n<a_b>\n{{a.b}}\n</a_b>", "{{a.b}}\n\nWhich team?"],
        ),
        (
            "{{a}}\n\nWhich team?\n\nOne word.",
            [
                "<a>\n{{a}}\n</a>\n\nWhich team?\n\nOne word.",
                "Which team?\n\nOne word.\n\n{{a}}",
            ],
        ),
        (
            "Be brief.\n\n{{a}} and {{b}}, compared\n\nWhich?",
            [
                "{{a}} and {{b}}, compared\n\nBe brief.\n\nWhich?",
                "Be brief.\n\nWhich?\n\n{{a}} and {{b}}, compared",
            ],
        ),
        ("Translate {{word}} into French.", []),
        ('The word is "{{word}}"', []),
        ("<ticket>{{ticket}}</ticket>", []),
        ("Answer.", []),
    ],
)
def test_inputs_are_marked_off_or_change_sides(text: str, expected: list[str]) -> None:
    assert laid_out(text) == expected


def test_only_messages_that_may_change_are_laid_out_anew() -> None:
    assert laid_out("Ticket: {{ticket}}", editable=(0,)) == []
