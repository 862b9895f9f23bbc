from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.text.blocks import block, excerpt
from pytest_promptopt.text.terminal import printable


def test_plain_text_stays_as_it_is() -> None:
    assert printable("Straße, 東京\n\tfin") == "Straße, 東京\n\tfin"


def test_control_and_invisible_characters_are_written_out() -> None:
    assert printable("a\x1b[2Jb\r\u202ec\u200bd\ud800") == r"a\x1b[2Jb\x0d\u202ec\u200bd\ud800"


def test_marks_of_ci_commands_are_broken() -> None:
    assert (
        printable("##[error]x ##vso[task.x] ## heading") == "# #[error]x # #vso[task.x] ## heading"
    )


def test_every_line_of_a_block_is_barred() -> None:
    assert block("::error::x\n\n::set-output") == "│ ::error::x\n│ \n│ ::set-output"


def test_blocks_are_cut_and_say_so() -> None:
    assert block("x" * 12, limit=10) == "│ xxxxxxxxxx… (2 characters more)"


def test_excerpts_are_one_line() -> None:
    assert excerpt("a\nb   c") == '"a b c"'
    assert excerpt("x" * 100, limit=5) == '"xxxx…"'


@given(st.text())
def test_no_line_of_a_block_starts_without_a_bar(text: str) -> None:
    assert all(line.startswith("│") for line in block(text).splitlines())
