import pytest

from tests.scoring.entries import complaint, evaluator, flaw, score


@pytest.mark.parametrize(
    ("expected", "answer", "value"),
    [("kitten", "sitting", 4 / 7), ("a", " a\n", 1), ("abc", "", 0), ("", "", 1), ("ab", "a", 0.5)],
)
def test_similarity_is_levenshteins(expected: str, answer: str, value: float) -> None:
    entry = {"similarity": {"to": "{{expected}}"}, "threshold": 0.5}
    assert score(entry, answer, expected=expected).value == pytest.approx(value)


def test_similarity_says_how_close_it_came() -> None:
    result = score({"similarity": {"to": "ab"}, "threshold": 0.9}, "a")
    assert result.reason == '0.50 similar: expected "ab", got "a"'


def test_similarity_passes_at_its_threshold() -> None:
    built = evaluator({"similarity": "{{expected}}", "threshold": 0.5})
    assert [built.passes(value) for value in (0.49, 0.5)] == [False, True]
    assert score({"similarity": None, "threshold": 0.5}, "a", expected="a").value == 1


def test_two_texts_that_are_too_long_are_not_scored() -> None:
    entry = {"similarity": {"to": "{{expected}}"}, "threshold": 0.5}
    result = score(entry, "b" * 1_000_000, expected="a" * 1_000_000)
    assert result.value is None
    assert result.reason == "too long to compare: 1,000,000 and 1,000,000 characters"
    assert score(entry, "a" * 1_000_000, expected="a" * 1_000_000).value == 1


def test_a_similarity_must_name_a_threshold() -> None:
    assert complaint({"similarity": {"to": "a"}}) == (
        "evaluator `similarity`: `similarity` needs a `threshold`, such as `threshold: 0.8`"
    )
    assert complaint({"similarity": ["a"], "threshold": 0.5}) == (
        "evaluator `similarity`: `similarity` must be a mapping with `to`, found a list"
    )


def test_of_several_references_the_nearest_counts_and_is_named() -> None:
    found = score({"similarity": {"to": ["abcde", "vwxyz"]}, "threshold": 0.5}, "vwxyA")
    assert found.value == pytest.approx(0.8)
    assert found.reason == ('0.80 similar to the nearest of 2: expected "vwxyz", got "vwxyA"')
    listed = {"similarity": {"to": "{{expected}}"}, "threshold": 0.5}
    assert score(listed, "b", expected=["a", "b"]).value == 1
    assert flaw(listed, expected=[]) == "`to` holds no reference"
