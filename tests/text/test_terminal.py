import pytest

from pytest_promptopt.text.terminal import PrintablePieces, joined_pairs, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred\x1b]0;title\x07", "a\\x1b[31mred\\x1b]0;title\\x07"),
        ("one\r\ntwo\rthree\r", "one\ntwo\\x0dthree\\x0d"),
        ("##[group]x\n##vso[task]y ##", "# #[group]x\n# #vso[task]y ##"),
        ("a\u202eb\u2028c\x9bd", "a\\u202eb\\u2028c\\x9bd"),
        (
            "\U0001f469\u200d\U0001f4bb \ud83d\ude00 \ud83d",
            "\U0001f469\u200d\U0001f4bb \U0001f600 \\ud83d",
        ),
    ],
)
def test_pieces_are_as_inert_as_the_whole_wherever_they_are_cut(text: str, shown: str) -> None:
    assert printable(joined_pairs(text)) == shown
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            pieces = PrintablePieces()
            told = [*map(pieces.next, (text[:first], text[first:second], text[second:]))]
            assert "".join([*told, pieces.last()]) == shown
