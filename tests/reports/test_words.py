import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.reports.words import Piece, changed_lines, compare_words

SIGNS = {"same": "", "removed": "-", "added": "+"}


def compared(old: str, new: str) -> str:
    """Changed pieces in ``{sign text}``."""
    return "".join(
        f"{{{SIGNS[piece.change]}{piece.text}}}" if piece.change != "same" else piece.text
        for piece in compare_words(old, new)
    )


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ("a b c", "a b c", "a b c"),
        ("a b c", "a x c", "a{- b}{+ x} c"),
        ("the team.", "the teams!", "the{- team.}{+ teams!}"),
        ("billing", "It is billing.", "{+It is }billing{+.}"),
        ("It is billing.", "billing", "{-It is }billing{-.}"),
        ("a\nb", "a\nso b", "a\n{+so }b"),
        ("one two", "three four", "{-one two}{+three four}"),
        ("", "new text", "{+new text}"),
        ("old", "", "{-old}"),
        ("a\nb\nc\n", "a\nc\n", "a\n{-b\n}c\n"),
        ("say yes\n", "say yes", "say yes{-\n}"),
        ("日本語の文です。", "日本語の長い文です。", "日本語の{+長い}文です。"),
    ],
)
def test_words_that_changed_are_marked(old: str, new: str, difference: str) -> None:
    assert compared(old, new) == difference


TEXTS = st.text(max_size=60) | st.text("ab \n.é日", max_size=60)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_pieces(old: str, new: str) -> None:
    pieces = compare_words(old, new)
    assert "".join(piece.text for piece in pieces if piece.change != "added") == old
    assert "".join(piece.text for piece in pieces if piece.change != "removed") == new
    assert all(piece.text for piece in pieces)


def test_lines_far_from_a_change_are_left_out() -> None:
    old = "1\n2\n3\n4\n5\n6\n7\n8\n9"
    lines = list(changed_lines(compare_words(old, old.replace("5", "x")), context=1))
    assert lines == [
        None,
        (Piece("same", "4"),),
        (Piece("removed", "5"), Piece("added", "x")),
        (Piece("same", "6"),),
        None,
    ]


def test_a_line_break_that_changed_can_be_seen() -> None:
    lines = list(changed_lines(compare_words("a", "a\n"), context=1))
    assert lines == [(Piece("same", "a"), Piece("added", "⏎")), ()]


def test_equal_texts_have_no_changed_lines() -> None:
    assert list(changed_lines(compare_words("a\nb", "a\nb"), context=1)) == []


def test_texts_made_to_take_long_do_not() -> None:
    started = time.perf_counter()
    old, new = "the " * 100_000, "the a " * 100_000
    assert compared(old, new) == f"{{-{old}}}{{+{new}}}"
    compared(" " * 1_000_000, " " * 999_999 + "x")
    compared("a\n" * 100_000, "b\n" + "a\n" * 100_000)
    assert time.perf_counter() - started < 5
