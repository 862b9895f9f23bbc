import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.optimization.diagnosis.tasks import stated_task
from pytest_promptopt.prompts.golden import Golden
from tests.optimization.world import prompt

WORDS = ("place", "lamp", "orange", "bottle", "river", "cloud", "window", "garden")
NUMBERS = ((3, 8), (20, 5), (7, 7), (90, 4), (12, 30), (1, 44), (63, 9), (5, 16))
TEXTS = (
    "the cat is on the mat",
    "she likes red apples",
    "we saw the old town",
    "that was a good day",
    "he will come back soon",
    "my name is on the door",
    "it can rain all night",
    "they are at the lake",
)
NEGATED = (
    "the cat is not on the mat",
    "she does not like red apples",
    "we didn't see the old town",
    "that was not a good day",
    "he won't come back soon",
    "my name is not on the door",
    "it cannot rain all night",
    "they are not at the lake",
)


def task(given: Sequence[Any], expected: Sequence[Any], user: str = "{{it}}") -> str:
    """What shows in goldens with these values, of ``it`` where they are no mappings."""
    goldens = [
        Golden(
            id=f"g{n}",
            variables=one if isinstance(one, dict) else {"it": one},
            path="g.jsonl",
            line=n,
            expected=wanted,
        )
        for n, (one, wanted) in enumerate(zip(given, expected, strict=True))
    ]
    return stated_task(prompt(user=user), goldens)


def reckoned(of: Any) -> tuple[list[str], list[Any]]:
    return [f"{a} and {b}" for a, b in NUMBERS], [of(a, b) for a, b in NUMBERS]


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (lambda a, b: a - b, "the first number in the input minus the second"),
        (lambda a, b: str(b - a).replace("-", "−"),
         "the second number in the input minus the first"),
        (lambda a, b: a + b, "the sum of the two numbers in the input"),
        (lambda a, b: f"{a * b} km", 'the product of the two numbers in the input, with "km" '
                                     "after it"),
        (lambda a, b: f"${a + b}", 'the sum of the two numbers in the input, with "$" before it'),
        (lambda a, b: f"{a / b:.2f}", "the first number in the input divided by the second, "
                                      "rounded to 2 decimals"),
        (lambda a, b: round(b / a), "the second number in the input divided by the first, "
                                    "rounded to a whole number"),
        (max, "the larger of the two numbers in the input"),
        (lambda a, b: a % b, "the rest of the first number in the input divided by the second"),
        (lambda a, b: a - b if a != 63 else 0, ""),
    ],
)  # fmt: skip
def test_numbers_are_reckoned(of: Any, says: str) -> None:
    assert task(*reckoned(of)) == says


def test_numbers_of_several_values_are_reckoned_and_one_with_what_is_always_the_same() -> None:
    values = [{"a": a, "b": b} for a, b in NUMBERS]
    expected = [a - b for a, b in NUMBERS]
    says = "the first number in the input minus the second"
    assert task(values, expected, "{{a}} from {{b}}") == says
    many = [f"{a}, {b} and {a * b % 7}" for a, b in NUMBERS]
    assert task(many, [a + b + a * b % 7 for a, b in NUMBERS]) == (
        "the sum of the numbers in the input"
    )
    grams = [f"{a + b} kg" for a, b in NUMBERS]
    assert task(grams, [1000 * (a + b) for a, b in NUMBERS]) == (
        "1000 times the number in the input"
    )
    assert task(grams, [a + b - 3 for a, b in NUMBERS]) == "the number in the input plus -3"


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (" ".join, 'the letters of the input, separated by single spaces, as in "p l i m" for '
                   "plim"),
        (lambda word: "-".join(word.upper()),
         'the letters of the input, separated by hyphens, as in "p-l-i-m" for plim, '
         "in upper case"),
        (lambda word: word[::-1], "the letters of the input in reverse order, with nothing "
                                  'between them, as in "milp" for plim'),
        (str.upper, "the input as it stands, in upper case"),
        (lambda word: word[1], "the second letter of the input"),
        (lambda word: word[-1], "the last letter of the input"),
        (lambda word: word[:3], "the first three letters of the input"),
        (lambda word: f"re{word}", 'the input as it stands, with "re" before it'),
        (lambda word: f"{word}ed", 'the input as it stands, with "ed" after it'),
        (lambda word: f"It is: {word[0]}!",
         'the first letter of the input, with "It is: " before it, with "!" after it'),
    ],
)  # fmt: skip
def test_words_are_taken_apart(of: Any, says: str) -> None:
    assert task(WORDS, [of(word) for word in WORDS]) == says


def test_what_stands_around_every_input_is_no_part_of_it() -> None:
    asked = [f"Take this word: {word}, please" for word in WORDS]
    assert task(asked, [word[1] for word in WORDS]) == (
        'the second letter of the input after "Take this word:" before ", please"'
    )
    assert task(asked, [*map(str.upper, WORDS)]) == "the fourth word of the input, in upper case"


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (lambda text: text.split()[0], "the first word of the input"),
        (lambda text: text.split()[2], "the third word of the input"),
        (lambda text: " ".join(text.split()[::-1]),
         "the words of the input in reverse order, separated by single spaces"),
        (lambda text: ", ".join(sorted(text.split())),
         "the words of the input in alphabetical order, separated by a comma and a space"),
        (lambda text: "".join(word[0] for word in text.upper().split()),
         "the first letters of the words of the input, with nothing between them, in upper case"),
        (lambda text: len(text.replace(" ", "")), "the number of letters in the input"),
        (str.title, "the input as it stands, with a capital at the beginning of every word"),
    ],
)  # fmt: skip
def test_sentences_are_rearranged(of: Any, says: str) -> None:
    assert task(TEXTS, [of(text) for text in TEXTS]) == says


@pytest.mark.parametrize(
    ("expected", "says"),
    [
        (NEGATED, 'the negation of the input: the same words with "not" put in where it belongs, '
                  "or taken out, and nothing else changed"),
        ([text.replace(" ", " also ", 1 + n % 2) for n, text in enumerate(TEXTS)],
         "the input with some words put in where needed and nothing else changed"),
        ([text.replace(" ", " now ", 1) for text in TEXTS],
         'the input with "now" put in where needed and nothing else changed'),
        ([f"{text.split(' ', 1)[1]} {text.split()[0]}" for text in TEXTS],
         "the words of the input in another order"),
        ([text.rpartition(" ")[0] + " x" for text in TEXTS],
         'the input with one word replaced by "x" and nothing else changed'),
        ([" ".join(text.split()[n % 3 : 2 + n % 3]) for n, text in enumerate(TEXTS)],
         "words of the input, copied exactly as they stand there"),
        ([text.split()[n % 4] for n, text in enumerate(TEXTS)],
         "one word of the input, copied exactly as it stands there"),
    ],
)  # fmt: skip
def test_sentences_keep_most_words_or_are_copied_from(expected: Sequence[str], says: str) -> None:
    assert task(TEXTS, expected) == says


def test_options_are_chosen() -> None:
    pairs = [*zip(WORDS, WORDS[::-1], strict=True)]
    chosen = [pair[n % 2] for n, pair in enumerate(pairs)]
    option = "one of the options in the input, copied exactly as it stands there"
    for ways in ("{}, {}", "{} or {}?", "Which?\n- {}\n- {}", "A) {}\nB) {}"):
        assert task([ways.format(*pair) for pair in pairs], chosen) == option
    lettered = [f"Which? (A) {a} (B) {b}" for a, b in pairs]
    assert task(lettered, ["(B)", "(A)"] * 4) == (
        'the mark of the right option in the input, written as in "(B)"'
    )
    items = [f"{a}, {b}, {a}s, {b}s" for a, b in pairs]
    selected = [f"{b}, {a}s" if n % 2 else a for n, (a, b) in enumerate(pairs)]
    assert task(items, selected) == (
        "those items of the input that fit, separated by commas, and no others"
    )


def test_fields_are_copied_into_fields() -> None:
    records = [{"who": word, "sum": n * 7} for n, word in enumerate(WORDS)]
    given = [json.dumps(record) for record in records]
    assert task(given, WORDS) == 'the field "who" of the input'
    expected = [{"name": r["who"], "total": f"{r['sum']}", "mood": "?"} for r in records]
    assert task(given, expected) == (
        'a JSON object in which "name" is the field "who" of the input, and "total" is '
        "the number in the input"
    )
    named = [{"a_word": word, "b": word[::-1] * 2} for word in WORDS]
    assert task(named, [w[0] for w in WORDS], "{{a_word}} {{b}}") == (
        "the first letter of the a word"
    )


def test_few_goldens_few_answers_and_one_that_differs_show_nothing() -> None:
    assert task(WORDS[:7], WORDS[:7]) == ""
    assert task(WORDS, ["e", "p"] * 4) == ""
    assert task((*WORDS, "fish"), (*WORDS, "bird")) == ""
    assert task((*WORDS, "fish"), (*WORDS, None)) == "the input as it stands"
    assert task(WORDS, WORDS, user="Nothing is asked.") == ""


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), min_size=8, max_size=12))
def test_no_texts_break_the_rules(pairs: list[tuple[str, str]]) -> None:
    given, expected = zip(*pairs, strict=True)
    assert isinstance(task(given, expected), str)
    assert task(given, given) in {"the input as it stands", ""}


def test_long_texts_and_braces_are_read_in_good_time() -> None:
    texts = [f"{{{{x}}}} {{% if %}} {'-' * n}{'a, 1. ' * 400}" for n in range(80)]
    assert task(texts, [f"{{{{{text}" for text in texts]) == (
        'the input as it stands, with "{{" before it'
    )
    assert task(texts, [text[::2] for text in texts]) == ""
