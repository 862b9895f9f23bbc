"""Hostile text: every test shows what a model may answer, and what becomes of it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pytest_promptopt.text.markdown import (
    command_data,
    command_property,
    in_fence,
    in_log,
    inline,
)

VISIBLE = """\
@ # 1 a gh- GH- www. https:// ` ``` ~~~ < <!-- --> :: ##[ | [ ]( ) ![ * _ \\ $ &lt; </details>
- 1. + = > é"""
HIDDEN = (" ", "\t", "\n", "\r", "\x1b", "\u202e", "\u200b", "\u200d")
HOSTILE = st.lists(st.sampled_from([*VISIBLE.split(), *HIDDEN])).map("".join)


def test_a_mention_notifies_nobody() -> None:
    assert inline("ask @octocat and @org/team") == ("ask @&#8203;octocat and @&#8203;org/team")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see #12", r"see \#&#8203;12"),
        ("see octo/repo#12", r"see octo/repo\#&#8203;12"),
        ("see GH-12 and gh-3", "see GH-&#8203;12 and gh-&#8203;3"),
        ("octo/repo@0123456789", "octo/repo@&#8203;012345&#8203;6789"),
        ("fe" * 20, "&#8203;".join(["fefefe"] * 6 + ["fefe"])),
        ("0abcdef in 123456", "0abcde&#8203;f in 123456"),
    ],
)
def test_a_reference_links_nothing(text: str, shown: str) -> None:
    assert inline(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Fixes #1", r"Fixes \#&#8203;1"),
        ("closes: octo/repo#1", r"closes: octo/repo\#&#8203;1"),
        ("Resolves GH-1", "Resolves GH-&#8203;1"),
        (
            "Closes https://github.com/octo/repo/issues/1",
            "Closes https:&#8203;//github.com/octo/repo/issues/1",
        ),
    ],
)
def test_a_closing_keyword_has_nothing_to_close(text: str, shown: str) -> None:
    assert inline(text) == shown


def test_an_image_is_not_loaded() -> None:
    assert inline("![x](https://evil.example/p.png)") == (
        r"!\[x\](https:&#8203;//evil.example/p.png)"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[click](javascript:alert(1))", r"\[click\](javascript:alert(1))"),
        ("[a]: http://evil.example", r"\[a\]: http:&#8203;//evil.example"),
        ("<https://evil.example>", "&lt;https:&#8203;//evil.example&gt;"),
        ("http://evil.example", "http:&#8203;//evil.example"),
        ("WWW.evil.example", "WWW&#8203;.evil.example"),
        ("mailto:a@evil.example", "mailto:a@&#8203;evil.example"),
    ],
)
def test_no_text_becomes_a_link(text: str, shown: str) -> None:
    assert inline(text) == shown


def test_html_is_text() -> None:
    assert inline('</td><img src=x onerror="y">&amp;') == (
        '&lt;/td&gt;&lt;img src=x onerror="y"&gt;&amp;amp;'
    )


def test_a_comment_marker_cannot_be_imitated() -> None:
    assert inline("<!-- promptopt -->") == "&lt;!-- promptopt --&gt;"


def test_a_word_between_colons_is_no_emoji() -> None:
    assert inline("pass :tada: at 12:30") == "pass :&#8203;tada: at 12:30"


def test_markup_is_text() -> None:
    assert inline("**a** _b_ ~~c~~ `d` $x$ \\") == (
        r"\*\*a\*\* \_b\_ \~\~c\~\~ \`d\` &#36;x&#36; \\"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# heading", r"\#&#8203; heading"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("> quote", "&gt; quote"),
        ("===", r"\==="),
        ("    code", "code"),
    ],
)
def test_no_text_becomes_a_block(text: str, shown: str) -> None:
    assert inline(text) == shown


def test_a_cell_of_a_table_stays_one_cell() -> None:
    assert inline("a | b\n|---|") == r"a \| b \|---\|"


def test_a_fence_is_longer_than_any_inside() -> None:
    assert in_fence("a\n````\n@octocat closes #1", "diff") == (
        "`````diff\na\n````\n@octocat closes #1\n`````"
    )
    assert in_fence("~~~\nplain\n") == "```\n~~~\nplain\n```"


def test_text_that_reads_backwards_or_hides_is_written_out() -> None:
    assert inline("a\u202eb\u200bc") == r"a\\u202eb\\u200bc"
    assert in_fence("a\u2066b\ufeffc") == "```\na\\u2066b\\ufeffc\n```"


def test_a_joiner_is_left_to_emoji_alone() -> None:
    family = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
    assert inline(family) == family
    assert in_log("pass\u200dword\u200d") == r"pass\u200dword\u200d"


def test_control_characters_are_written_out() -> None:
    assert inline("a\x1b[2Jb\x00") == r"a\\x1b\[2Jb\\x00"
    assert in_fence("a\x1b[2J") == "```\na\\x1b[2J\n```"


@pytest.mark.parametrize("make", [in_log, in_fence, inline])
def test_no_line_is_a_workflow_command(make: object) -> None:
    assert callable(make)
    shown = make("ok\n::error file=a::b\n  ::set-output name=x::y\n##[group]z\n##vso[task.x]")
    assert not re.search(r"^\s*::|##\[|##vso\[", shown, re.MULTILINE)


def test_many_empty_lines_take_no_long_time() -> None:
    assert in_log("\n" * 100_000 + "::error::x") == "\n" * 100_000 + ": :error::x"


def test_commands_in_a_log_are_still_readable() -> None:
    assert in_log("::error::x\n  ::debug::y\n##[group]z") == (
        ": :error::x\n  : :debug::y\n# #[group]z"
    )


def test_the_parts_of_a_workflow_command_stay_parts() -> None:
    assert command_data("50 %\r\n::error::x") == "50 %25%0A: :error::x"
    assert command_property("a,line=3::b\n") == "a%2Cline=3%3A%3Ab%0A"


def test_long_text_is_cut() -> None:
    assert inline("x" * 12, limit=10) == "xxxxxxxxx…"


@given(st.one_of(HOSTILE, st.text()))
def test_inline_text_stays_text(text: str) -> None:
    shown = inline(text)
    assert "\n" not in shown
    assert not re.search(
        r"[<>]|@(?!&#8203;)|#(?!&#8203;|\d+;)|(?i:\bgh-\d|www\.)|:[/:]|:\w+:", shown
    )
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(shown)
    kinds = {t.type for t in tokens} | {c.type for t in tokens for c in t.children or ()}
    assert kinds <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}


@given(st.one_of(HOSTILE, st.text()))
def test_a_fence_holds_all_of_its_text(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(in_fence(text))
    assert [token.type for token in tokens] == ["fence"]
    assert not re.search(r"^\s*::", tokens[0].content, re.MULTILINE)
