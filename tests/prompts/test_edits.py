from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.answer_place import WHOLE, AnswerPlace
from pytest_promptopt.prompts.document import parse_document
from pytest_promptopt.prompts.edits import Replacement, Span, edit_texts, text_span
from pytest_promptopt.prompts.insertion import insert_messages, write_key
from pytest_promptopt.prompts.places import KeyPath

CONTENT: KeyPath = ("messages", 0, "content")
FILE = """\
# About this prompt
name: routing
messages:
  - role: system
    content: {written}
  - role: user  # the ticket
    content: "{{{{ticket}}}}"

model: openai/gpt-5-mini
"""
OTHER_TYPES = ("no", "12:30", "1", "2026-11-21", "~", "", "<<", "=")
INDICATED = ("a: b", "a:", "a #b", "- a", "? a", "[a", "&a", "*a", "!a", "%a", "@a", "`a`", "> a")


def edited(content: str, text: str, path: KeyPath = CONTENT) -> str:
    replacement = Replacement(path=path, text=text)
    return edit_texts(content.encode(), [replacement], location="a.yml").decode()


def refusal(content: str, text: str = "new", path: KeyPath = CONTENT) -> str:
    with pytest.raises(PromptFileError) as caught:
        edited(content, text, path)
    return str(caught.value)


def data_of(content: bytes) -> Any:
    return parse_document(content.decode("utf-8-sig"), "a.yml").data


def test_nothing_outside_of_the_token_changes() -> None:
    before = FILE.format(written="|\n      Route the ticket.\n      Be brief.")
    assert edited(before, "Name the team.\n") == FILE.format(written="|\n      Name the team.")


@pytest.mark.parametrize(
    ("written", "text", "expected"),
    [
        ("Be brief.", "Be kind.", "Be kind."),
        ("'Be brief.'", "It's fine.", "'It''s fine.'"),
        ('"Be brief."', 'Say "hi" \\ bye', '"Say \\"hi\\" \\\\ bye"'),
        ("'Be\n      brief.'", "Be kind.", "'Be kind.'"),
        ("Be\n\n      brief.", "Be kind.", "Be kind."),
        ("|\n      Be\n      brief.", "one\n\ntwo\n", "|\n      one\n\n      two"),
        (">\n      Be\n      brief.", "one\ntwo\n", ">\n      one\n\n      two"),
        (">\n      Be brief.", "one\n  two\nthree\n", ">\n      one\n        two\n      three"),
        ("|\n          Be brief.", "a\nb\n", "|\n          a\n          b"),
    ],
)
def test_the_style_is_kept_where_it_can_hold_the_text(
    written: str, text: str, expected: str
) -> None:
    assert edited(FILE.format(written=written), text) == FILE.format(written=expected)


@pytest.mark.parametrize(
    "text",
    [*OTHER_TYPES, *INDICATED],
)
def test_plain_text_that_would_not_stay_text_becomes_double_quoted(text: str) -> None:
    before = FILE.format(written="Be brief.")
    assert edited(before, text) == FILE.format(written=f'"{text}"')


def test_text_that_no_other_style_can_hold_becomes_double_quoted() -> None:
    text = "NEL \x85 line \u2028 bell \x07 mark \ufeff null \0 return \r\nend \U0001f600 é"
    expected = (
        '"NEL \\x85 line \\u2028 bell \\x07 mark \\ufeff null \\0 return \\r\\nend \U0001f600 é"'
    )
    for written in ("Be brief.", "'Be brief.'", '"Be brief."', "|\n      Be brief."):
        assert edited(FILE.format(written=written), text) == FILE.format(written=expected)


def test_a_comment_in_the_header_and_blank_lines_survive_another_style() -> None:
    before = "messages:\n- content: |-  # rules\n    a\n  \n\n# end\nx: 1\n"
    after = 'messages:\n- content: "\\x07"  # rules\n  \n\n# end\nx: 1\n'
    assert edited(before, "\x07") == after


@pytest.mark.parametrize("written", ["Be brief.", "'Be brief.'", '"Be\n      brief."'])
def test_several_lines_in_a_block_mapping_become_a_literal(written: str) -> None:
    after = FILE.format(written="|-\n      Be kind.\n      {{ticket}}")
    assert edited(FILE.format(written=written), "Be kind.\n{{ticket}}") == after


def test_several_lines_elsewhere_become_double_quoted() -> None:
    assert edited("a: {b: 'x', c: 1}\n", "x\ny", ("a", "b")) == 'a: {b: "x\\ny", c: 1}\n'
    assert edited("a:\n- x\n- y\n", "x\ny", ("a", 0)) == 'a:\n- "x\\ny"\n- y\n'
    assert edited("a: x # c\n", "x\ny", ("a",)) == 'a: "x\\ny" # c\n'


def test_plain_text_follows_the_rules_of_flow_collections() -> None:
    assert edited("a: [x, y]\n", "z w", ("a", 0)) == "a: [z w, y]\n"
    assert edited("a: [x, y]\n", "z, w", ("a", 0)) == 'a: ["z, w", y]\n'
    assert edited("a: {b: x}\n", "why?", ("a", "b")) == 'a: {b: "why?"}\n'


@pytest.mark.parametrize(
    ("header", "text", "expected"),
    [
        ("|  # rules", "b\n", "|  # rules\n    b\n"),
        ("|  # rules", "b", "|-  # rules\n    b\n"),
        ("|-", "b\n", "|\n    b\n"),
        ("|", "b\n\n", "|+\n    b\n\n"),
        ("|+", "b\n", "|+\n    b\n"),
        ("|", "  b\nc\n", "|2\n      b\n    c\n"),
        ("|-", "\n\tb", "|2-\n\n    \tb\n"),
        ("|2", "b\n", "|2\n    b\n"),
        ("|-2", "b", "|2-\n    b\n"),
        ("|", "", "|-\n"),
        ("|", "\n\n", "|+\n\n\n"),
        (">", " b\n", ">2\n     b\n"),
    ],
)
def test_the_header_says_what_the_text_needs(header: str, text: str, expected: str) -> None:
    before = f"messages:\n- content: {header}\n    a\nx: 1\n"
    assert edited(before, text) == f"messages:\n- content: {expected}x: 1\n"


def test_an_indicator_is_counted_from_the_lines_as_they_stand() -> None:
    before = "a:\n    b: |\n         x\n    c: 1\n"
    assert edited(before, " y\n", ("a", "b")) == "a:\n    b: |5\n          y\n    c: 1\n"


def test_an_indicator_in_a_list_is_counted_from_its_dash() -> None:
    assert edited("a:\n- |\n  x\n- y\n", " z\n", ("a", 0)) == "a:\n- |2\n   z\n- y\n"
    assert edited("a:\n  - |\n   x\n", " z\n", ("a", 0)) == "a:\n  - |1\n    z\n"
    assert edited("- - |\n     x\n", " z\n", (0, 0)) == "- - |3\n      z\n"


def test_lines_too_far_in_for_an_indicator_move() -> None:
    before = f"a: |\n{' ' * 12}x\nb: 1\n"
    assert edited(before, " y\n", ("a",)) == "a: |2\n   y\nb: 1\n"


@pytest.mark.parametrize("text", ["b", "b\n", "b\nc\n"])
@pytest.mark.parametrize("header", ["|", "|-", ">", ">-"])
def test_blank_lines_and_comments_behind_survive(header: str, text: str) -> None:
    before = f"messages:\n- content: {header}\n    a\n\n   \n# next\n- content: c\n"
    assert edited(before, text).endswith("\n\n   \n# next\n- content: c\n")


@pytest.mark.parametrize("header", ["|", "|-", "|+", ">", ">-", ">+"])
def test_a_line_of_blanks_that_is_text_stays(header: str) -> None:
    before = f"messages:\n- content: {header}\n    a\n      \n- content: c\n"
    assert edited(before, "d", ("messages", 1, "content")) == before.replace("c\n", "d\n")
    text = parse_document(before, "f").data["messages"][0]["content"].replace("a", "b")
    assert edited(before, text) == before.replace("    a", "    b")


def test_blank_lines_that_were_kept_stay_when_the_text_has_no_use_for_them() -> None:
    before = "messages:\n- content: |+\n    a\n\n\n- content: c\n"
    assert edited(before, "b\n") == "messages:\n- content: |\n    b\n\n\n- content: c\n"


def test_blank_lines_that_are_text_are_replaced_with_it() -> None:
    assert edited("a: |\n  x\n     \n  \nb: 1\n", "y\n", ("a",)) == "a: |\n  y\n  \nb: 1\n"


def test_line_endings_are_those_of_the_line() -> None:
    before = "x: 1\nmessages:\r\n- content: |\r\n    a\r\n\r\n- content: c\n"
    after = "x: 1\nmessages:\r\n- content: |\r\n    b\r\n\r\n    c\r\n\r\n- content: c\n"
    assert edited(before, "b\n\nc\n") == after


def test_old_line_endings_stay() -> None:
    assert edited("a: x\rb: y\r", "u\nv", ("b",)) == "a: x\rb: |-\r  u\r  v\r"


def test_a_byte_order_mark_and_other_scripts_survive() -> None:
    before = "\ufeff# für 日本\nmessages:\n- content: 'grüße 😀'\n  x: é\n"
    after = "\ufeff# für 日本\nmessages:\n- content: 'ça 😀 va'\n  x: é\n"
    assert edited(before, "ça 😀 va") == after


def test_a_file_without_a_last_line_break_stays_so_where_the_text_can() -> None:
    assert edited("a: |\n  x", "y", ("a",)) == "a: |\n  y"
    assert edited("a: x", "y\nz", ("a",)) == "a: |-\n  y\n  z"
    assert edited("a: |-\n  x", "y\n", ("a",)) == "a: |\n  y\n"


@pytest.mark.parametrize("before", ["%YAML 1.2\n---\n", "--- # prompt\n", "\n\n# c\n"])
@pytest.mark.parametrize("after", ["", "...\n", "# end\n"])
def test_directives_and_document_markers_stay(before: str, after: str) -> None:
    source = f'{before}"a": |\n  x\n{after}'
    assert edited(source, "y\n", ("a",)) == f'{before}"a": |\n  y\n{after}'


def test_anchors_and_tags_stay_before_the_scalar() -> None:
    assert edited("a: &x !!str 5\nb: 1\n", "6", ("a",)) == "a: &x !!str 6\nb: 1\n"
    assert edited("a: !!str &x |\n  5\n", "6\n", ("a",)) == "a: !!str &x |\n  6\n"


def test_an_alias_is_replaced_by_a_literal() -> None:
    before = "rules: &rules Be brief.\nmessages:\n- content: *rules\n  role: system\n"
    after = "rules: &rules Be brief.\nmessages:\n- content: |-\n    Be kind.\n  role: system\n"
    assert edited(before, "Be kind.") == after
    assert edited("a: &x 'x'\nb: [*x]\n", "y", ("b", 0)) == "a: &x 'x'\nb: [\"y\"]\n"


def test_a_referenced_anchor_is_refused() -> None:
    before = "messages:\n- content: &rules a\n- content: *rules\n"
    assert refusal(before) == (
        "a.yml:2: `messages[0].content` is also used on line 3, as *rules; write it out there first"
    )
    shared = "messages:\n- &m {content: a}\n- *m\n"
    assert "also used on line 3, as *m" in refusal(shared)


def test_merged_content_is_refused() -> None:
    message = (
        "a.yml:1: `messages[0].content` is empty or comes in through an alias or `<<`; "
        "write it out in its place"
    )
    assert refusal("base: &base {content: a}\nmessages:\n- <<: *base\n") == message
    assert refusal("base: &base {content: a}\nmessages:\n- *base\n") == message


def test_content_beside_a_merge_key_is_replaced() -> None:
    before = "base: &base {content: a}\nmessages:\n- <<: *base\n  content: b\n"
    after = "base: &base {content: a}\nmessages:\n- <<: *base\n  content: c\n"
    assert edited(before, "c") == after


@pytest.mark.parametrize(
    ("content", "text", "message"),
    [
        ("messages: []\n", "x", "a.yml:1: `messages[0].content` is not in the file"),
        ("messages:\n- content: 5\n", "x", "a.yml:2: `messages[0].content` is not text"),
        ("messages:\n- content: [a]\n", "x", "a.yml:2: `messages[0].content` is not text"),
        (
            "messages:\n- content: a\n",
            "\ud800",
            "a.yml:2: `messages[0].content` cannot hold half of a surrogate pair; "
            "YAML has no way to write one",
        ),
        (
            "messages:\n- content:\ta\n",
            "x",
            "a.yml:2: nothing from here on can be edited in place: "
            "found character '\\t' that cannot start any token",
        ),
    ],
)
def test_what_cannot_be_replaced_is_refused(content: str, text: str, message: str) -> None:
    assert refusal(content, text) == message


def test_other_encodings_are_refused() -> None:
    with pytest.raises(PromptFileError, match=r"^a\.yml:2: byte 0xe9 is not UTF-8"):
        edit_texts(b"a: 1\nb: caf\xe9\n", [], location="a.yml")


def test_several_texts_are_replaced_at_once() -> None:
    before = FILE.format(written="|\n      Be brief.")
    replacements = [
        Replacement(path=("messages", 1, "content"), text="Ticket:\n{{ticket}}\n"),
        Replacement(path=("name",), text="tickets"),
        Replacement(path=CONTENT, text="Be kind.\n"),
    ]
    after = edit_texts(before.encode(), replacements, location="a.yml").decode()
    assert after == (
        "# About this prompt\n"
        "name: tickets\n"
        "messages:\n"
        "  - role: system\n"
        "    content: |\n"
        "      Be kind.\n"
        "  - role: user  # the ticket\n"
        "    content: |\n"
        "      Ticket:\n"
        "      {{ticket}}\n"
        "\n"
        "model: openai/gpt-5-mini\n"
    )


def test_two_texts_for_one_scalar_are_a_mistake() -> None:
    replacements = [Replacement(path=("a",), text="x"), Replacement(path=("a",), text="y")]
    with pytest.raises(ValueError, match="same path"):
        edit_texts(b"a: z\n", replacements, location="a.yml")


def test_the_same_text_changes_nothing() -> None:
    before = "a: >\n  folded\n  by hand\nb: *x\n".replace("*x", "x")
    assert edited(before, "folded by hand\n", ("a",)) == before


def test_a_part_of_a_message_is_replaced() -> None:
    before = (
        "messages:\n- content:\n  - {type: text, text: a}\n  - type: text\n    text: |\n      b\n"
    )
    after = before.replace("      b\n", "      c\n      d\n")
    assert edited(before, "c\nd\n", (*CONTENT, 1, "text")) == after


def test_a_span_is_that_of_the_token_in_bytes() -> None:
    content = "\ufeffé: 1\na: &x |  # c\n  ü\n\nb: 'ß' # c\n".encode()
    block = text_span(content, ("a",), location="a.yml")
    quoted = text_span(content, ("b",), location="a.yml")
    assert content[block.start : block.end].decode() == "|  # c\n  ü\n\n"
    assert content[quoted.start : quoted.end].decode() == "'ß'"
    assert text_span(b"a: x", ("a",), location="a.yml") == Span(start=3, end=4)


TWO = """\
messages:
  # rules
  - role: system
    content: |
      Be brief.

  # ticket
  - role: user
    content: "{{ticket}}" # c

model: x
"""


def inserted(content: str, at: int, *messages: tuple[str, str]) -> str:
    return insert_messages(content.encode(), at, messages, location="a.yml").decode()


def test_messages_are_inserted_above_the_comments_of_the_next() -> None:
    assert inserted(TWO, 1, ("assistant", "Yes.")) == TWO.replace(
        "  # ticket",
        "  - role: assistant\n    content: |-\n      Yes.\n\n  # ticket",
    )
    assert inserted(TWO, 0, ("system", "a\nb\n")) == TWO.replace(
        "  # rules", "  - role: system\n    content: |\n      a\n      b\n\n  # rules"
    )


def test_messages_are_appended_before_the_blank_lines_behind() -> None:
    assert inserted(TWO, 2, ("assistant", "Yes."), ("user", "Why?")) == TWO.replace(
        "# c\n",
        '# c\n\n  - role: assistant\n    content: "Yes."\n\n  - role: user\n    content: "Why?"\n',
    )


def test_messages_look_like_those_around_them() -> None:
    before = "messages:\r\n-   role: 'user'\r\n    content: >\r\n        Hi.\r\n"
    assert inserted(before, 1, ("user", "one\ntwo")) == (
        before + "-   role: 'user'\r\n    content: >-\r\n        one\r\n\r\n        two\r\n"
    )


def test_messages_stand_behind_their_dash_where_others_stand_below() -> None:
    before = "messages:\n-\n role: user\n content: Hi.\n"
    assert inserted(before, 1, ("user", "Ho.")) == before + "- role: user\n  content: Ho.\n"


def test_messages_are_appended_without_a_last_line_break() -> None:
    before = "messages:\n- role: user\n  content: Hi."
    assert inserted(before, 1, ("user", "Ho.")) == before + "\n- role: user\n  content: Ho."


def test_text_that_the_file_ends_in_gains_no_line_break() -> None:
    before = "messages:\n- content: |2  # c\n    Hi."
    after = "messages:\n- content: |2-  # c\n    Hi.\n- role: user\n  content: |-\n    Ho."
    assert inserted(before, 1, ("user", "Ho.")) == after


def test_messages_follow_text_that_keeps_its_blank_lines() -> None:
    before = "messages:\n- role: user\n  content: |+\n    Hi.\n\nmodel: x\n"
    after = before.replace("model", "- role: user\n  content: |-\n    Ho.\nmodel")
    assert inserted(before, 1, ("user", "Ho.")) == after


def test_no_blank_line_is_added_to_text_that_would_keep_it() -> None:
    before = "messages:\n- content: |\n    a\n\n- content: |+\n    b\n"
    after = before + "- role: user\n  content: |-\n    Ho.\n"
    assert inserted(before, 2, ("user", "Ho.")) == after


def test_no_messages_change_nothing() -> None:
    assert inserted(TWO, 1) == TWO


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: 1\n", "a.yml:1: `messages` is not a list of messages"),
        ("- a\n", "a.yml:1: `messages` is not a list of messages"),
        ("messages: [a]\n", "a.yml:1: `messages` is written as `[…]`; give each message a dash"),
        (
            "a: &m\n- x\nmessages: *m\n",
            "a.yml:3: `messages` comes in through an alias or `<<`; write it out in its place",
        ),
        (
            "messages: &m\n- x\na: *m\n",
            "a.yml:1: `messages` is also used on line 3, as *m; write it out there first",
        ),
        ("? messages\n: - a\n", "a.yml:1: `messages` does not begin on a line of its own"),
    ],
)
def test_messages_that_cannot_be_added_to_are_refused(content: str, message: str) -> None:
    with pytest.raises(PromptFileError) as caught:
        inserted(content, 1, ("user", "Hi."))
    assert str(caught.value) == message


@pytest.mark.parametrize("at", [-1, 3])
def test_a_place_outside_of_the_list_is_a_mistake(at: int) -> None:
    with pytest.raises(ValueError, match=f"messages can be inserted at 0 to 2, not at {at}"):
        inserted(TWO, at, ("user", "Hi."))


NEWLINES = st.sampled_from(["\n", "\r\n"])
PIECES = st.one_of(
    st.sampled_from(["\n", "\n\n", " ", "  ", "\t", "# ", ": ", "- ", "---", "...", "é", "日本"]),
    st.sampled_from(["word", "no", "12", "<<", "&a", "*a", "{{name}}", *"'\"\\[{},|>%!?~@`"]),
    st.sampled_from(["\x85", "\u2028", "\ufeff", "\x00", "\r", "\x7f", "\U0001f600"]),
    st.text(max_size=4),
)
TEXTS = st.lists(PIECES, max_size=7).map("".join)
WORDS = st.sampled_from(["Be brief.", "a b", "grüße", "{{ticket}}", "x"])


@st.composite
def block_scalars(draw: st.DrawFn, column: int, newline: str) -> str:
    """A block scalar from its header to the blank lines behind it."""
    step = draw(st.integers(1, 5))
    digit = draw(st.sampled_from(["", str(step)]))
    comment = draw(st.sampled_from(["", "  # kept"]))
    header = draw(st.sampled_from("|>")) + digit + draw(st.sampled_from(["", "-", "+"])) + comment
    lines = draw(st.lists(st.sampled_from(["", "a", "b c", "# d", "  e"]), max_size=3))
    lines = [" " * (column + step) + line if line else "" for line in [draw(WORDS), *lines]]
    blank = draw(st.lists(st.sampled_from(["", " " * column]), max_size=2))
    return newline.join([header, *lines, *blank])


@st.composite
def values(draw: st.DrawFn, column: int, newline: str) -> str:
    """A value in a block mapping at ``column``, with the rest of its last line."""
    word = draw(WORDS)
    indent = newline + " " * (column + 2)
    comment = draw(st.sampled_from(["", " # why"]))
    quoted = word.replace(" ", indent) if draw(st.booleans()) else word
    properties = draw(st.sampled_from(["", "&own ", "!!str ", "!!str &own "]))
    scalar = draw(st.sampled_from(["plain", "'{}'", '"{}"', "block", "*shared"]))
    if scalar == "block":
        return properties + draw(block_scalars(column, newline))
    if scalar == "*shared":
        return scalar + comment
    if scalar == "plain":
        return f"{properties}{'a' + indent + 'b' if draw(st.booleans()) else 'a b'}{comment}"
    return properties + scalar.format(quoted) + comment


@st.composite
def prompt_files(draw: st.DrawFn) -> tuple[bytes, Sequence[KeyPath]]:
    """A prompt file in some of the ways people write them, and the texts it holds."""
    newline = draw(NEWLINES)
    dash = draw(st.integers(0, 4))
    gap = draw(st.integers(1, 3))
    column = dash + 1 + gap
    lines = [draw(st.sampled_from(["# prompt", "", "%YAML 1.2" + newline + "---"]))]
    lines += ["shared: &shared 'shared # text'", "messages:"]
    paths: list[KeyPath] = []
    for number in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            lines.append(" " * dash + "# - a comment")
        if draw(st.integers(0, 3)) == 0:
            item = draw(st.sampled_from(["{content: a b, role: x}", '{"content":"a", role: x}']))
            lines.append(f"{' ' * dash}-{' ' * gap}{item}")
        else:
            value = draw(values(column, newline)).replace("&own", f"&own{number}")
            lines.append(f"{' ' * dash}-{' ' * gap}role: user # {{{{role}}}}")
            lines.append(f"{' ' * column}content: {value}")
        paths.append(("messages", number, "content"))
    lines += draw(st.sampled_from([[], ["model: x", "..."], ["", "other: [a, {b: *shared}]"]]))
    text = newline.join(lines) + draw(st.sampled_from(["", newline]))
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return (mark + text).encode(), paths


def _with_text(data: Any, path: KeyPath, text: str) -> Any:
    message = data["messages"][path[1]] | {path[-1]: text}
    messages = [*data["messages"]]
    messages[int(path[1])] = message
    return data | {"messages": messages}


@settings(max_examples=60, derandomize=True, deadline=None)
@given(prompt_files(), TEXTS, st.data())
def test_any_text_reads_back_and_nothing_else_changes(
    file: tuple[bytes, Sequence[KeyPath]], text: str, data: st.DataObject
) -> None:
    content, paths = file
    path = data.draw(st.sampled_from(paths))
    before = data_of(content)
    span = text_span(content, path, location="a.yml")
    replacement = Replacement(path=path, text=text)
    after = edit_texts(content, [replacement], location="a.yml")
    assert data_of(after) == _with_text(before, path, text)
    assert after[: span.start] == content[: span.start]
    assert after.endswith(content[span.end :])
    assert len(after) >= span.start + len(content) - span.end
    assert edit_texts(after, [replacement], location="a.yml") == after
    original = Replacement(path=path, text=before["messages"][path[1]]["content"])
    assert data_of(edit_texts(after, [original], location="a.yml")) == before


@settings(max_examples=40, derandomize=True, deadline=None)
@given(prompt_files(), st.lists(TEXTS, min_size=3, max_size=3))
def test_all_texts_are_replaced_as_if_one_by_one(
    file: tuple[bytes, Sequence[KeyPath]], texts: list[str]
) -> None:
    content, paths = file
    replacements = [
        Replacement(path=path, text=text) for path, text in zip(paths, texts, strict=False)
    ]
    at_once = edit_texts(content, replacements, location="a.yml")
    for replacement in reversed(replacements):
        content = edit_texts(content, [replacement], location="a.yml")
    assert at_once == content


@settings(max_examples=60, derandomize=True, deadline=None)
@given(prompt_files(), st.lists(st.tuples(WORDS, TEXTS), max_size=2), st.data())
def test_inserted_messages_read_back_and_nothing_else_changes(
    file: tuple[bytes, Sequence[KeyPath]], messages: list[tuple[str, str]], data: st.DataObject
) -> None:
    content, paths = file
    at = data.draw(st.integers(0, len(paths)))
    before = data_of(content)
    after = insert_messages(content, at, messages, location="a.yml")
    added = [{"role": role, "content": text} for role, text in messages]
    expected = [*before["messages"][:at], *added, *before["messages"][at:]]
    assert data_of(after) == before | {"messages": expected}
    if at < len(paths):
        added_bytes = len(after) - len(content)
        cut = (after[:start] + after[start + added_bytes :] for start in range(len(content)))
        assert content in cut


PLACE = AnswerPlace(mark="after", value="Answer:")
WRITTEN = 'answer: {"after": "Answer:"}'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# a\nname: x\nmessages: []\n", f"# a\nname: x\n{WRITTEN}\nmessages: []\n"),
        ("answer: whole # all\nmessages: []\n", f"{WRITTEN}\nmessages: []\n"),
        ("answer:\n  tag: a\n# b\nmessages: []\n", f"{WRITTEN}\n# b\nmessages: []\n"),
        ("messages: []\r\nanswer: whole\r\n", f"messages: []\r\n{WRITTEN}\r\n"),
        ("messages: []\nanswer: {after: 'Answer:'}\n", None),
    ],
)
def test_the_place_of_the_answer_is_written_on_a_line(before: str, after: str | None) -> None:
    written = write_key(before.encode(), "answer", PLACE.content, location="a.yml").decode()
    assert written == (before if after is None else after)


def test_the_place_of_the_answer_is_not_written_where_it_changes_more() -> None:
    with pytest.raises(PromptFileError, match="`answer` cannot be written in place"):
        write_key(b"{answer: whole, messages: []}", "answer", PLACE.content, location="a.yml")
    assert (
        write_key(b"messages: []", "answer", WHOLE.content, location="a.yml")
        == b'answer: "whole"\nmessages: []'
    )
