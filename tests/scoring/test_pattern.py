from typing import Any

import pytest

from tests.scoring.entries import complaint, flaw, score


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (r"\d{3}-\d{4}", "call 555-1234 now"),
        ({"pattern": "^b", "flags": "im"}, "a\nB"),
        ({"pattern": "a.b", "flags": "gs"}, "a\nb"),
        ({"pattern": "a.b", "flags": "DOTALL | IGNORECASE"}, "A\nB"),
        (r"V_{eff}", "so V_{eff} is"),
        (r"\{e<=1}{2}", "{e<=1}}"),
        (r"\p{Lu}{2}[{]?", "ab CD"),
        ({"pattern": "sorry", "invert": True}, "fine"),
        ({"pattern": "sorry", "negate": True}, "fine"),
        ({"pattern": "sorry", "match": False}, "fine"),
    ],
)
def test_a_pattern_is_searched_for_in_the_answer(options: Any, answer: str) -> None:
    assert score({"regex": options}, answer).value == 1


def test_an_answer_without_the_pattern_says_so() -> None:
    result = score({"regex": r"^\d+$"}, "twelve")
    assert (result.value, result.reason) == (0, r'does not match "^\\d+$", got "twelve"')
    result = score({"regex": {"pattern": "tw", "invert": True}}, "twelve")
    assert (result.value, result.reason) == (0, 'matches "tw", got "twelve"')


def test_what_fills_a_placeholder_in_a_pattern_is_taken_literally() -> None:
    assert score({"regex": "^{{price}}$"}, "$5.00", price="$5.00").value == 1
    assert score({"regex": "^{{price}}$"}, "$5x00", price="$5.00").value == 0


def test_a_pattern_that_is_one_placeholder_is_the_pattern_of_the_golden() -> None:
    assert score({"regex": "{{ expected }}"}, "abbb", expected="^ab+$").value == 1
    result = score({"regex": "{{expected}}"}, "abbb", expected="(")
    assert result.value is None
    assert result.reason == "the pattern cannot be used: missing ) at position 1"


def test_a_catastrophic_pattern_is_not_scored_after_a_second() -> None:
    result = score({"regex": r"(\w+\s?)+$"}, "a" * 5000 + "!")
    if result.value is None:
        assert result.reason == "the pattern cannot be used: it took longer than 1 s to search"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("(", "the pattern cannot be used: missing ) at position 1"),
        (
            "((a{1000}){1000}){1000}",
            "the pattern cannot be used: repeats of repeats add up to more than 100,000",
        ),
        (
            "a{99999999999999999999}",
            "the pattern cannot be used: repeats of repeats add up to more than 100,000",
        ),
        ("(" * 500 + ")" * 500, "the pattern cannot be used: groups nested deeper than 100"),
        ("a" * 5_001, "the pattern cannot be used: longer than 5,000 characters"),
        (
            {"pattern": "a", "flags": "iq"},
            "the pattern cannot be used: unknown flags 'iq' (known: i, m, s, x)",
        ),
        ({"flags": "i"}, "`regex` has no `pattern`"),
        (["a"], "`regex` must be a pattern or a mapping, found a list"),
        ({"pattern": 5}, "`pattern` must be text, found a number"),
        ({"pattern": "a", "invert": "yes"}, "`invert` must be true or false, found text"),
        (
            {"patern": "a"},
            "`patern` is not understood (known: pattern, flags, invert, negate, match); "
            "did you mean `pattern`?",
        ),
    ],
)
def test_a_pattern_that_cannot_be_used_is_a_problem(options: Any, message: str) -> None:
    assert complaint({"regex": options}) == f"evaluator `regex`: {message}"


@pytest.mark.parametrize(
    "pattern", [r"[(]{3}", r"\({2,4}", r"[]a]{2}", r"a{,3}", r"x{y}", r"(?:[^{}]{10}){20}", ")"]
)
def test_counting_repeats_does_not_refuse_what_is_harmless(pattern: str) -> None:
    if pattern == ")":
        assert "unbalanced parenthesis" in complaint({"regex": pattern})
    else:
        assert score({"regex": pattern}, "none").value in (0, 1)


@pytest.mark.parametrize(
    ("pattern", "flags", "answer"),
    [
        ("[" + "".join(map(chr, range(0x400, 0x800))) + "]", "i", "a" * 4_000_000),
        ("x" * 1000, "", "a" * 1_000_000),
    ],
)
def test_an_answer_that_is_too_long_for_a_pattern_is_not_scored(
    pattern: str, flags: str, answer: str
) -> None:
    result = score({"regex": {"pattern": pattern, "flags": flags}}, answer)
    assert result.value is None
    assert "characters is too long to search for it" in result.reason


def test_of_several_patterns_one_is_enough_and_is_named() -> None:
    entry = {"regex": {"pattern": ["^a", "b$"]}}
    assert score(entry, "ab").value == 1
    assert score(entry, "b").value == 1
    assert score(entry, "c").reason == 'matches none of "^a"; "b$", got "c"'
    inverted = {"regex": {"pattern": ["^a", "b$"], "invert": True}}
    assert score(inverted, "b").reason == 'matches "b$", got "b"'
    assert score({"regex": "{{expected}}"}, "xb", expected=["^a", "b$"]).value == 1
    assert flaw({"regex": "{{expected}}"}, expected=[]) == "there is no pattern"
    assert complaint({"regex": {"pattern": []}}).endswith("`regex` has no `pattern`")
    assert "`pattern` must be text, found a number" in complaint({"regex": {"pattern": ["a", 1]}})
