from dataclasses import replace
from typing import Any

import pytest

from pytest_promptopt.optimization.diagnosis.contract import contract_sentences
from pytest_promptopt.optimization.diagnosis.diagnosis import Diagnosis, diagnose
from pytest_promptopt.optimization.diagnosis.misses import MissKind
from pytest_promptopt.optimization.diagnosis.tolerance import asks_for_explanation, asks_for_json
from pytest_promptopt.prompts.answer_place import read_place
from pytest_promptopt.prompts.template import Template
from tests.optimization.answers import LABELS, goldens, missed, scored_by

SPAM = goldens(*({"spam": n % 2 == 0} for n in range(6)))
ASKS = 'Is it spam? Answer with JSON: {"spam": …, "confidence": …, "reason": …}'
READS_SPAM = {"fields": {"spam": "{{expected.spam}}"}}


def seen(
    system: str, kind: str, options: Any, *answers: str, asked: Any = SPAM, place: Any = "whole"
) -> Diagnosis:
    """The diagnosis of these answers, all missed, to a prompt that says so."""
    subject = scored_by(kind, options, asked, answer=place)
    message = replace(subject.prompt.messages[0], template=Template(system))
    prompt = replace(subject.prompt, messages=(message, *subject.prompt.messages[1:]))
    cases = [missed(golden, answer) for golden, answer in zip(asked, answers, strict=False)]
    return diagnose(cases, asked, replace(subject, prompt=prompt))


WRONG = ('{"spam": false, "confidence": 0.9, "reason": "x"}', '{"spam": true, "confidence": 0.1}')


@pytest.mark.parametrize(
    ("system", "options"),
    [(ASKS, READS_SPAM), ("Is it spam? Say so as JSON.", READS_SPAM),
     (ASKS, {"equals": "{{expected}}"})],
    ids=["both", "the evaluator accepts them", "the prompt asks for them"],
)  # fmt: skip
def test_other_keys_that_are_let_through_are_no_miss_of_form(system: str, options: Any) -> None:
    found = seen(system, "json", options, *WRONG)
    assert [(group.kind, group.count) for group in found.misses] == [(MissKind.WRONG_VALUE, 2)]
    assert (found.missed_by_form, contract_sentences(found)) == (0, None)


def test_the_contract_names_the_keys_and_forbids_no_others_that_are_let_through() -> None:
    found = seen(ASKS, "json", READS_SPAM, *WRONG, "It is spam.")
    assert contract_sentences(found) == (
        "Answer with one JSON object with the keys spam (true or false). "
        "Give the object only: no code fence and no text around it."
    )
    strict = seen("Is it spam?", "json", {"equals": "{{expected}}"}, *WRONG)
    assert strict.extra_keys == {"confidence": 2, "reason": 1}
    assert "no other keys" in (contract_sentences(strict) or "")


def test_keys_that_no_evaluator_reads_are_not_missing() -> None:
    asked = goldens(*({"spam": n % 2 == 0, "note": f"n{n}"} for n in range(6)))
    found = seen("Is it spam?", "json", READS_SPAM, '{"spam": false}', asked=asked)
    assert [group.kind for group in found.misses] == [MissKind.WRONG_VALUE]


@pytest.mark.parametrize(
    ("system", "kind", "options", "answer", "of_form"),
    [
        ("Which team?", "equals", "{{expected}}", "It is billing.", 1),
        ("Which team? Explain your choice.", "equals", "{{expected}}", "It is billing.", 0),
        ("Which team? Do not explain your choice.", "equals", "{{expected}}", "It is billing.", 1),
        ("Which team? Answer in JSON.", "equals", "{{expected}}", '{"team": "billing"}', 0),
        ("Which team?", "contains", "{{expected}}", "It is billing.", 0),
        ("Which team?", "choice", {"labels": [*LABELS]}, "It is billing.", 0),
        ("Which team?", "equals", {"to": "{{expected}}", "ignoreCase": True,
                                   "ignorePunctuation": True}, '"Billing".', 0),
        ("Which team?", "equals", "{{expected}}", '"Billing".', 1),
    ],
)  # fmt: skip
def test_words_around_the_answer_are_a_miss_of_form_where_nobody_wants_them(
    system: str, kind: str, options: Any, answer: str, of_form: int
) -> None:
    found = seen(system, kind, options, answer, asked=goldens(*LABELS * 3))
    assert found.missed_by_form == of_form


def test_the_contract_forbids_no_words_that_the_prompt_or_the_evaluators_want() -> None:
    asked = goldens(*LABELS * 3)
    for system, kind in (("Explain your choice.", "equals"), ("Choose.", "contains")):
        found = seen(system, kind, "{{expected}}", "payments", asked=asked)
        assert contract_sentences(found) == (
            "Answer with exactly one of: billing, shipping, returns. Write the label in lower case."
        )
    numbers = goldens(*range(20, 40))
    found = seen("Show your reasoning.", "equals", "{{expected}}", "20 pieces", asked=numbers)
    assert contract_sentences(found) == (
        "Answer with a whole number in digits only: no unit and no separators between thousands."
    )


@pytest.mark.parametrize(
    ("place", "lead"),
    [
        ({"after": "Answer:"}, 'After "Answer:" write'),
        ({"tag": "team"}, "Between <team> and </team> write"),
        ({"line": "last"}, "On the last line write"),
        ({"json": "team"}, 'In the field "team" write'),
    ],
)
def test_the_contract_speaks_of_the_place_of_the_answer(place: Any, lead: str) -> None:
    asked = goldens(*LABELS * 3)
    found = seen("Explain your choice.", "equals", "{{expected}}", "It is billing.", asked=asked,
                 place=place)  # fmt: skip
    assert contract_sentences(found, read_place(place)) == (
        f"{lead} exactly one of: billing, shipping, returns. "
        "Give the label only there, in lower case, with no other words."
    )


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Think step by step, then answer.", True),
        ("Give the label and a short reason.", True),
        ("Justify your answer.", True),
        ("Answer without any explanation.", False),
        ("Don't give an explanation.", False),
        ("State the reason for the return: damaged, late or other.", False),
        ("Is the reasoning below right? Answer yes or no.", False),
        ("Name the team, then write your reasoning in one sentence.", True),
        ("Answer with an explanation.", True),
        ("Explain the mood of this sentence.", False),
        ("Route the ticket.", False),
    ],
)
def test_what_asks_for_an_explanation(text: str, asks: bool) -> None:
    assert asks_for_explanation(text) is asks


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Answer as a JSON object.", True),
        ("Return valid JSON only.", True),
        ("The result must be JSON.", True),
        ('Give the team in JSON: {"team": …}', True),
        ("Answer in words, not in JSON.", False),
        ("Is this JSON valid? Answer yes or no.", False),
        ("Return whether the JSON has errors.", False),
        ("Find what is wrong in this JSON.", False),
    ],
)
def test_what_asks_for_json(text: str, asks: bool) -> None:
    assert asks_for_json(text) is asks
