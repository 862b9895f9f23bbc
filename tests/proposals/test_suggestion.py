import difflib
import re
from dataclasses import dataclass
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pytest_promptopt.proposals.suggestion import (
    NotSuggestableError,
    Replaced,
    lines_in_diff,
    suggestion_block,
    suggestions,
)

BEFORE = b"messages:\n- role: system\n  content: Route it.\n- role: user\n  content: it\n"
WHOLE = "@@ -1,4 +1,5 @@\n messages:\n-- role: s\n+- role: system\n+  content: Route it.\n"
WHOLE += " - role: user\n   content: it"
LINES = st.lists(st.sampled_from(["a\n", "b\n", "```\n", "\n", "  c\n"]), max_size=12)


def shown(before: bytes, *spans: range) -> str:
    """A patch whose hunks show these lines of ``before``."""
    lines = before.decode().split("\n")
    hunks = [
        f"@@ -{span.start},{len(span)} +{span.start},{len(span)} @@ section\n"
        + "\n".join(f" {lines[number - 1]}" for number in span)
        for span in spans
    ]
    return "\n".join(hunks)


def applied(before: bytes, parts: tuple[Replaced, ...]) -> bytes:
    lines = before.decode().splitlines(keepends=True)
    for part in reversed(parts):
        lines[part.first - 1 : part.last] = [part.lines]
    return "".join(lines).encode()


def refusal(before: bytes, after: bytes, patch: str | None) -> str:
    with pytest.raises(NotSuggestableError) as caught:
        suggestions(before, after, patch)
    return str(caught.value)


def test_a_changed_line_is_replaced_by_itself_alone() -> None:
    after = BEFORE.replace(b"Route it.", b"Answer billing.")
    assert suggestions(BEFORE, after, WHOLE) == (
        Replaced(first=3, last=3, lines="  content: Answer billing.\n"),
    )


def test_an_added_line_comes_with_the_one_above() -> None:
    after = BEFORE.replace(b"- role: user\n", b"- role: assistant\n- role: user\n")
    assert suggestions(BEFORE, after, WHOLE) == (
        Replaced(first=3, last=3, lines="  content: Route it.\n- role: assistant\n"),
    )


def test_an_added_line_comes_with_the_one_below_where_only_that_is_shown() -> None:
    after = BEFORE.replace(b"- role: user\n", b"- role: assistant\n- role: user\n")
    assert suggestions(BEFORE, after, shown(BEFORE, range(4, 6))) == (
        Replaced(first=4, last=4, lines="- role: assistant\n- role: user\n"),
    )


def test_lines_added_on_both_sides_of_one_line_are_one_suggestion() -> None:
    assert suggestions(b"a\nb\nc\n", b"a\n1\nb\n2\nc\n", shown(b"a\nb\nc\n", range(2, 3))) == (
        Replaced(first=2, last=2, lines="1\nb\n2\n"),
    )


def test_a_deleted_line_is_replaced_by_nothing() -> None:
    after = BEFORE.replace(b"- role: system\n", b"")
    assert suggestions(BEFORE, after, WHOLE) == (Replaced(first=2, last=2, lines=""),)


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (BEFORE, "nothing changes"),
        (b"x\n" + BEFORE[10:], "line 1 is not in the pull request's diff"),
        (b"x\ny\n" + BEFORE[25:], "lines 1 to 2 are not in the pull request's diff"),
        (
            b"x\n" + BEFORE,
            "neither side of what is added after line 0 is in the pull request's diff",
        ),
        (BEFORE[:-1], "the file's last line has no line end"),
        (BEFORE[:-1] + b"\r\n", "the file has lines that end with a carriage return"),
        (BEFORE + b"\xff\n", "the file is not UTF-8"),
        (BEFORE + "a\u202eb\n".encode(), "the new lines hold characters that nobody sees"),
        (BEFORE + b"a\x1bb\n", "the new lines hold characters that nobody sees"),
        (BEFORE + b"a" * 60_001, "the file's last line has no line end"),
        (BEFORE + b"a\n" * 30_001, "the new lines are more than 60,000 characters"),
    ],
)
def test_what_cannot_be_suggested_says_why(after: bytes, reason: str) -> None:
    assert refusal(BEFORE, after, shown(BEFORE, range(3, 6))) == reason


def test_a_change_over_two_hunks_cannot_be_suggested() -> None:
    patch = shown(BEFORE, range(1, 3), range(3, 6))
    after = b"messages:\nx\ny\n- role: user\n  content: it\n"
    assert refusal(BEFORE, after, patch) == "lines 2 to 3 are not in the pull request's diff"


def test_a_file_without_a_diff_cannot_be_suggested() -> None:
    assert refusal(BEFORE, BEFORE + b"a\n", None) == "GitHub shows no diff of the file"


def test_a_diff_of_another_state_of_the_file_is_refused() -> None:
    patch = WHOLE.replace("Route", "Send")
    reason = refusal(BEFORE, BEFORE.replace(b"Route", b"Send"), patch)
    assert reason == "the pull request's diff is of another state of the file"


def test_a_last_line_without_an_end_may_stay() -> None:
    before = b"a\nb\nc"
    patch = "@@ -1,2 +1,3 @@\n a\n+b\n c\n\\ No newline at end of file"
    assert suggestions(before, b"a\nB\nc", patch) == (Replaced(first=2, last=2, lines="B\n"),)


def test_the_diff_shows_the_lines_of_the_new_side() -> None:
    patch = (
        "@@ -1 +1,2 @@ def f():\n-a\n+b\n+c\n\\ No newline at end of file\n@@ -9,2 +9,0 @@\n-x\n-y"
    )
    assert lines_in_diff(patch) == (range(1, 3), range(9, 9))


@pytest.mark.parametrize(
    "patch",
    [
        "",
        "--- a\n+++ b",
        "@@ -1 +1 @@",
        "@@ -1 +1 @@\n+a",
        "@@ -1 +1 @@\n a\n b",
        "@@ -1 +1 @@\n+a\n+b",
        "@@ -1 +1 @@\n?a",
        "@@ -1 +9999999999 @@\n a",
        "@@ -1 +٣ @@\n a",
        "@@ -1,0 +0,1 @@\n+a",
        "@@ -5 +5 @@\n a\n@@ -1 +1 @@\n a",
        "@@ -1,999999999 +1,999999999 @@\n a",
    ],
)
def test_what_is_no_diff_is_refused(patch: str) -> None:
    with pytest.raises(ValueError, match="hunk"):
        lines_in_diff(patch)
    assert refusal(b"a\n", b"b\n", patch).startswith("the pull request's diff cannot be read: ")


@dataclass
class Fence:
    """What a reader of CommonMark takes for the first block."""

    info: str
    content: str


def fenced(text: str) -> Fence:
    head, *lines = text.split("\n")
    opening = re.match(r"`{3,}", head)
    assert opening
    closing = re.compile(rf" {{0,3}}`{{{len(opening[0])},}}[ \t]*")
    end = next(number for number, line in enumerate(lines) if closing.fullmatch(line))
    return Fence(head[opening.end() :], "".join(f"{line}\n" for line in lines[:end]))


def test_a_block_is_longer_than_any_fence_in_it() -> None:
    assert suggestion_block("a\n````\n") == "`````suggestion\na\n````\n`````"
    assert suggestion_block("") == "```suggestion\n```"
    assert suggestion_block("\n") == "```suggestion\n\n```"


@given(st.lists(st.text("`~ab \t", max_size=6)))
def test_a_block_gives_back_its_lines(texts: list[str]) -> None:
    lines = "".join(f"{text}\n" for text in texts)
    block = suggestion_block(lines)
    assert fenced(block) == Fence("suggestion", lines)
    [token] = MarkdownIt("commonmark").parse(block)
    assert (token.type, token.info, token.content) == ("fence", "suggestion", lines)


@given(LINES, LINES, st.sets(st.integers(1, 12)))
def test_all_suggestions_together_make_the_edit(
    old: list[str], new: list[str], numbers: set[int]
) -> None:
    before, after = "".join(old).encode(), "".join(new).encode()
    places = enumerate(sorted(number for number in numbers if number <= len(old)))
    runs = groupby(places, key=lambda place: place[1] - place[0])
    groups = [[number for _, number in run] for _, run in runs]
    spans = [range(group[0], group[-1] + 1) for group in groups]
    try:
        parts = suggestions(before, after, shown(before, *spans))
    except NotSuggestableError:
        is_all_shown = old and spans == [range(1, len(old) + 1)]
        assert old == new or not is_all_shown
        return
    assert applied(before, parts) == after
    assert all(any(p.first in span and p.last in span for span in spans) for p in parts)
    assert all(a.last < b.first for a, b in pairwise(parts))
    changed = sum(
        tag != "equal" for tag, *_ in difflib.SequenceMatcher(None, old, new).get_opcodes()
    )
    assert len(parts) <= changed
