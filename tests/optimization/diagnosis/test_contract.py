from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.messages import Role
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.diagnosis.contract import (
    contract_candidates,
    contract_sentences,
    with_contract,
)
from pytest_promptopt.optimization.diagnosis.diagnosis import diagnose
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.template import Template
from tests.optimization.answers import LABELS, goldens, missed, passed, tickets

LABEL_CONTRACT = (
    "Answer with exactly one of: billing, shipping, returns. "
    "Give the label only, in lower case, with no other words."
)


def contract(*expected: Any) -> str | None:
    return contract_sentences(diagnose([], goldens(*expected)))


def prompt(*messages: tuple[Role, str]) -> Prompt:
    return Prompt(
        path=Path("/a.prompt.yml"),
        location="a.prompt.yml",
        name="a",
        messages=tuple(
            MessageTemplate(role=role, template=Template(text), line=1) for role, text in messages
        ),
    )


@pytest.mark.parametrize(
    ("expected", "sentences"),
    [
        (LABELS * 3, LABEL_CONTRACT),
        (
            ("Yes", "No") * 2,
            "Answer with exactly one of: Yes, No. "
            "Give the label only, spelled as here, with no other words.",
        ),
        (
            (10, 9, 10, 9),
            "Answer with exactly one of: 9, 10. Give the number only, with no other words.",
        ),
        (
            ({"vendor": "A", "due": "2024-05-31"}, {"vendor": "B", "due": "2024-06-01"},
             {"vendor": "C", "due": "2024-06-02", "note": "late"}),
            "Answer with one JSON object with the keys vendor (text), due (text as YYYY-MM-DD), "
            "and note (text) only where it applies. "
            "Give the object only: no other keys, no code fence and no text around it.",
        ),
        (
            ({}, {}),
            "Answer with one JSON object and nothing else: "
            "no code fence and no text around it.",
        ),
        (
            (["a"], ["b", 1]),
            "Answer with one JSON list of text or number and nothing else: "
            "no code fence and no text around it.",
        ),
        (
            (1, 2, 3),
            "Answer with a whole number in digits only: "
            "no unit, no separators between thousands and no other words.",
        ),
        (
            (1.5, 2, 3),
            "Answer with a number with a decimal point in digits only: "
            "no unit, no separators between thousands and no other words.",
        ),
        (
            ("2001-01-02", "2002-03-04", "2003-05-06", "none", "none", "none"),
            'Give the answer only, as YYYY-MM-DD or "none" where that applies, '
            "with no explanation.",
        ),
        (("p l a c e", "l a m p", "r i v e r"),
         "Give the answer only, as single letters separated by spaces, in lower case, "
         "with no explanation."),
        (("A-B", "C-D-E", "F-G-H-I"),
         "Give the answer only, as single letters separated by hyphens, in upper case, "
         "with no explanation."),
        (("red, dark blue", "red", "green, white, grey"),
         "Give the answer only, as items separated by a comma and a space, in lower case, "
         "with no explanation."),
        (("cold", "dark", "slow"), "Give the answer only, in one word, in lower case, "
                                   "with no explanation."),
        (
            ("Fix: the footer", "Fix: a typo there", "Fix: it"),
            "Give the answer only, at most 5 words on one line, with no explanation. "
            'Begin with "Fix: ".',
        ),
    ],
)  # fmt: skip
def test_the_contract_says_how_to_answer(expected: tuple[Any, ...], sentences: str) -> None:
    assert contract(*expected) == sentences


@pytest.mark.parametrize(
    "expected",
    [(None, None), ("word " * 26, "b", "c"), ("two\nlines", "b", "c")],
    ids=["nothing expected", "long", "lines"],
)
def test_there_is_no_contract_to_be_seen(expected: tuple[Any, ...]) -> None:
    assert contract(*expected) is None


def test_odd_labels_are_quoted_and_never_become_placeholders() -> None:
    stated = contract(*("a, b", "{{ticket}}") * 3)
    assert stated == (
        'Answer with exactly one of: "a, b", "{{{{ticket}}". '
        "Give the label only, in lower case, with no other words."
    )
    assert Template(stated).placeholders == ()


def test_answers_that_miss_by_content_alone_need_no_contract() -> None:
    asked = tickets()
    wrong = [missed(asked[0], "shipping"), passed(asked[1])]
    assert contract_sentences(diagnose(wrong, asked)) is None
    longer = [*wrong, missed(asked[2], "It is a case of returns")]
    assert contract_sentences(diagnose(longer, asked)) == LABEL_CONTRACT


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Route the ticket.", "Route the ticket. Say it."),
        ("Route the ticket.\nBe quick.\n", "Route the ticket.\nBe quick.\nSay it.\n"),
        ("Ticket: {{ticket}}", "Ticket: {{ticket}}\n\nSay it."),
        ("Review: {{review}}\nStars:", "Review: {{review}}\nSay it.\nStars:"),
        ("Translate {{word}}:", "Say it.\nTranslate {{word}}:"),
        ("<t>{{ticket}}</t>", "<t>{{ticket}}</t>\n\nSay it."),
        ("", "Say it."),
    ],
)
def test_the_contract_comes_last_but_for_a_cue(text: str, result: str) -> None:
    assert with_contract(text, "Say it.") == result


@given(st.text(alphabet="ab:=>→\n {}x.", max_size=30))
def test_a_text_keeps_its_own_words_and_takes_the_contract_once(text: str) -> None:
    once = with_contract(text, "Say it.")
    assert once is not None
    assert once.replace("Say it.", "").split() == text.split()
    assert Template(once).placeholders == Template(text).placeholders
    assert with_contract(once, "say  it.") is None


def test_the_last_editable_system_message_takes_it_or_the_message_that_asks() -> None:
    given = prompt(("system", "One."), ("system", "Two."), ("user", "{{ticket}}"))
    diagnosis = diagnose([], tickets())
    note = "Says how to answer, as the goldens show it."
    origin = Candidate().id
    assert contract_candidates(given, [0, 1, 2], diagnosis) == (
        Candidate(texts={1: f"Two. {LABEL_CONTRACT}"}, origin="contract", parent=origin, note=note),
        Candidate(
            texts={2: f"{{{{ticket}}}}\n\n{LABEL_CONTRACT}"},
            origin="contract",
            parent=origin,
            note=note,
        ),
    )
    assert [list(c.texts) for c in contract_candidates(given, [0, 2], diagnosis)] == [[0], [2]]


def test_without_a_system_message_it_goes_where_the_task_is_put() -> None:
    given = prompt(("user", "Hello"), ("assistant", "Hi"), ("user", "{{ticket}}"))
    diagnosis = diagnose([], tickets())

    def places(*editable: int) -> list[list[int]]:
        return [list(c.texts) for c in contract_candidates(given, editable, diagnosis)]

    assert places(0, 1, 2) == [[2]]
    assert places(0, 1) == [[0]]
    assert places(1) == []


def test_nothing_is_proposed_where_nothing_is_to_be_said() -> None:
    given = prompt(("system", f"Route it. {LABEL_CONTRACT}"))
    assert contract_candidates(given, [0], diagnose([], tickets())) == ()
    assert contract_candidates(given, [0], diagnose([], goldens(None))) == ()


def test_the_note_says_how_many_misses_are_of_form() -> None:
    asked = tickets()
    cases = [missed(asked[0], "It is billing"), missed(asked[1], "returns")]
    [found] = contract_candidates(prompt(("system", "Route it.")), [0], diagnose(cases, asked))
    assert found.note == "Says how to answer, as the goldens show it: 1 of 2 misses are of form."
