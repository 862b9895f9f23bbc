import pytest

from pytest_promptopt.proposals.invisible import invisible_in


def test_each_character_that_hides_is_given_in_order() -> None:
    text = "a\u200bb\u202e\x1b\u200b\ue000\u2028\U000e0041\u3164\ufe01\xa0\u2003\u202f\u3000"
    assert [*invisible_in(text)] == [char for char in text if char not in "ab"]


@pytest.mark.parametrize(
    "text", ["", "a\tb\r\n", "Straße 東京 ❤️ 東\u3000京", "\N{MAN}\u200d\N{GIRL}", "می‌خواهم"]
)
def test_what_is_seen_or_joins_what_is_seen_is_none(text: str) -> None:
    assert [*invisible_in(text)] == []


@pytest.mark.parametrize("text", ["a\u200db", "\u200d", "東\u200c", "東\u200ca"])
def test_a_joiner_of_nothing_hides(text: str) -> None:
    assert len([*invisible_in(text)]) == 1
