from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.optimization.diagnosis.misses import (
    Miss,
    MissKind,
    looks_like_refusal,
    miss_of,
)
from pytest_promptopt.optimization.diagnosis.profile import profile_of
from pytest_promptopt.providers.request import FinishReason
from tests.optimization.answers import LABELS, golden, goldens, missed, tickets

INVOICE = {"vendor": "Kessler", "total": 12.5}
DATES = ("2001-01-02", "2002-03-04", "2003-05-06", "none", "none", "none")


def miss(
    expected: Any,
    answer: str,
    all_expected: tuple[Any, ...],
    finish_reason: FinishReason = FinishReason.STOP,
) -> Miss:
    profile = profile_of(goldens(*all_expected))
    return miss_of(missed(golden("g", expected), answer, finish_reason), profile)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("", MissKind.EMPTY),
        (" \n", MissKind.EMPTY),
        ("I'm sorry, but I can't help with that billing question.", MissKind.REFUSAL),
        ("```\nbilling\n```", MissKind.CODE_FENCE),
        ("Billing.", MissKind.FORM),
        ('"billing"', MissKind.FORM),
        ("**BILLING**", MissKind.FORM),
        ("The team is billing, as it is about money.", MissKind.LABEL_WITHIN),
        ("billing or shipping", MissKind.SEVERAL_LABELS),
        ("shipping or returns", MissKind.SEVERAL_LABELS),
        ("payments", MissKind.NO_LABEL),
        ("shipping", MissKind.WRONG_LABEL),
        ("It is for shipping.", MissKind.WRONG_LABEL),
        ("billing", MissKind.OTHER),
    ],
)
def test_an_answer_misses_a_label(answer: str, kind: MissKind) -> None:
    assert miss("billing", answer, LABELS * 3).kind is kind


def test_null_is_a_label_like_others_and_no_answer_is_none() -> None:
    null = golden("g", None, expects_null=True)
    labels = [*goldens(*("yes", "no") * 3), null, replace(null, id="h"), golden("silent")]
    profile = profile_of(labels)
    assert (profile.labels["null"], profile.silent) == (2, 1)
    assert miss_of(missed(null, "It is null."), profile).kind is MissKind.LABEL_WITHIN
    assert miss_of(missed(null, "yes"), profile).expected_label == "null"
    assert miss_of(missed(golden("silent"), "yes"), profile).kind is MissKind.OTHER


def test_a_wrong_label_is_named() -> None:
    assert miss("billing", "Shipping", LABELS * 3) == Miss(
        kind=MissKind.WRONG_LABEL,
        golden_id="g",
        expected_label="billing",
        answered_label="shipping",
    )


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ('```json\n{"vendor": "Kessler", "total": 12.5}\n```', MissKind.CODE_FENCE),
        ('Here it is: {"vendor": "Kessler", "total": 12.50}', MissKind.EXPLAINED),
        ('{"vendor": "Kessler", "total": "12.5"}', MissKind.WRONG_VALUE),
        ('So: {"vendor": "Kessel", "total": 12.5}', MissKind.WRONG_VALUE),
        ('{"vendor": "Kessler"}', MissKind.WRONG_KEYS),
        ('["Kessler", 12.5]', MissKind.WRONG_KEYS),
        ("vendor: Kessler", MissKind.NOT_JSON),
        ('{"vendor": "Kess', MissKind.NOT_JSON),
    ],
)
@pytest.mark.parametrize("expected", [INVOICE, '{"vendor": "Kessler", "total": 12.5}'])
def test_an_answer_misses_an_object(answer: str, kind: MissKind, expected: Any) -> None:
    assert miss(expected, answer, (INVOICE,)).kind is kind


def test_wrong_keys_are_named() -> None:
    found = miss(INVOICE, '{"vendor": "Kessler", "amount": 12.5, "note": ""}', (INVOICE,))
    assert (found.missing_keys, found.extra_keys) == (("total",), ("amount", "note"))


@pytest.mark.parametrize(
    ("expected", "answer", "kind"),
    [
        (1250, "1,250", MissKind.NUMBER_FORM),
        (1250, "$1250.00", MissKind.NUMBER_FORM),
        (1250, "1250 pieces", MissKind.NUMBER_FORM),
        (1250, "That makes 1250 in all: 1,250", MissKind.EXPLAINED),
        (1250, "1251", MissKind.WRONG_VALUE),
        (1250, "about a thousand", MissKind.OTHER),
        ("1250", "1.250,00", MissKind.NUMBER_FORM),
        (1250, "-1250", MissKind.OTHER_SIGN),
        (-7, "So it is 7.", MissKind.OTHER_SIGN),
        (1250, "12.5", MissKind.OTHER_POWER),
        (1250, "125000", MissKind.OTHER_POWER),
        (1250, "1249.8", MissKind.OTHER_ROUNDING),
        (12.346, "12.35", MissKind.OTHER_ROUNDING),
        (12.346, "12.36", MissKind.WRONG_VALUE),
    ],
)
def test_an_answer_misses_a_number(expected: Any, answer: str, kind: MissKind) -> None:
    assert miss(expected, answer, (1250, 8, 9, 10)).kind is kind


@pytest.mark.parametrize(
    ("expected", "answer", "kind"),
    [
        ("2001-01-02", "The date is 2001-01-02.", MissKind.EXPLAINED),
        ("2001-01-02", "January 2nd, 2001", MissKind.OTHER_FORM),
        ("2001-01-02", "2001-02-01", MissKind.WRONG_VALUE),
        ("2001-01-02", "none", MissKind.WRONG_VALUE),
        ("none", "None.", MissKind.FORM),
    ],
)
def test_an_answer_misses_a_form(expected: str, answer: str, kind: MissKind) -> None:
    assert miss(expected, answer, DATES).kind is kind


def test_an_answer_is_longer_than_what_is_expected() -> None:
    words = ("cold", "dark", "small", "slow")
    assert miss("cold", "warm", words).kind is MissKind.OTHER
    assert miss("cold", "The opposite of hot is warm", words).kind is MissKind.OTHER_FORM


@pytest.mark.parametrize(
    ("expected", "answer", "kind"),
    [
        ("The cat is not here", "the cat  is here", MissKind.UNCHANGED),
        ("The cat is not here", "not here is the cat", MissKind.OTHER_ORDER),
        ("The cat is not here", "The cat is there", MissKind.SOME_PARTS),
        ("The cat is not here", "A dog", MissKind.OTHER),
        (["a", 1, "b"], '["b", "a", 1]', MissKind.OTHER_ORDER),
        (["a", 1, "b"], '["a", 1]', MissKind.SOME_PARTS),
        (["a", 1, "b"], '["x"]', MissKind.WRONG_VALUE),
        (["a", 1, "b"], '{"a": 1}', MissKind.OTHER),
    ],
)
def test_an_answer_misses_some_of_the_words_or_items(
    expected: Any, answer: str, kind: MissKind
) -> None:
    asked = golden("g", expected, variables={"it": "The cat is here", "n": 3})
    assert miss_of(missed(asked, answer), profile_of([asked])).kind is kind


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("", MissKind.CUT_OFF),
        ("The ticket should go to the team", MissKind.CUT_OFF),
        ("The ticket should go to shipping, not", MissKind.CUT_OFF),
        ("The ticket is for billing because", MissKind.LABEL_WITHIN),
    ],
)
def test_right_content_comes_before_a_cut_and_that_before_wrong_content(
    answer: str, kind: MissKind
) -> None:
    assert miss("billing", answer, LABELS * 3, FinishReason.LENGTH).kind is kind


def test_the_provider_may_say_that_it_is_a_refusal() -> None:
    assert miss("billing", "No.", LABELS * 3, FinishReason.REFUSAL).kind is MissKind.REFUSAL


def test_without_expected_only_the_obvious_is_told() -> None:
    for answer, kind in (("", MissKind.EMPTY), ("Something", MissKind.OTHER)):
        assert miss(None, answer, (None,)).kind is kind
    assert miss(None, "Somethi", (None,), FinishReason.LENGTH).kind is MissKind.CUT_OFF


@pytest.mark.parametrize(
    ("text", "refuses"),
    [
        ("I cannot help with this.", True),
        ("Sorry, that is not possible.", True),
        ("As an AI language model, I", True),
        ("Unfortunately, I am unable to say.", True),
        ("I can tell you that", False),
        ("The customer says: I'm sorry", False),
        ("As an airline, you", False),
    ],
)
def test_a_refusal_is_known_by_how_it_begins(text: str, refuses: bool) -> None:
    assert looks_like_refusal(text) is refuses


@given(st.text(max_size=60), st.sampled_from(LABELS), st.sampled_from(list(FinishReason)))
def test_every_answer_has_one_kind(answer: str, expected: str, reason: FinishReason) -> None:
    found = miss_of(missed(golden("g", expected), answer, reason), profile_of(tickets()))
    assert found.kind in MissKind
    assert bool(found.answered_label) is (found.kind is MissKind.WRONG_LABEL)


@given(st.text(alphabet='{}[]",:1e `\n~truefalsn', max_size=60))
def test_no_mix_of_signs_breaks_the_reading_of_json(answer: str) -> None:
    found = miss(INVOICE, answer, (INVOICE,)).kind
    assert found in {
        MissKind.EMPTY,
        MissKind.NOT_JSON,
        MissKind.WRONG_KEYS,
        MissKind.WRONG_VALUE,
    }
