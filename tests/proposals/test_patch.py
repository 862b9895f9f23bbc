from pathlib import Path

import pytest

from pytest_promptopt.proposals.patch import unified_patch
from tests.history.commits import History

NAMES = [
    "a.prompt.yml",
    "sub/with blank.prompt.yml",
    " leading.prompt.yml",
    'sub/a "quoted" \\ name.prompt.yml',
    "übersicht.prompt.yml",
    "tab\tand\nline.prompt.yml",
]
STATES = {
    "plain": (b"a\nb\nc\n", b"a\nB\nc\n"),
    "no newline at the end": (b"a\nb", b"a\nB"),
    "newline lost": (b"a\nb\n", b"a\nb"),
    "crlf": (b"a\r\nb\r\nc\r\n", b"a\r\nB\r\nd\r\nc\r\n"),
    "bom": (b"\xef\xbb\xbfa\nb\n", b"\xef\xbb\xbfA\nb\n"),
    "signs that only some take for line ends": (
        "a\x0c\u2028\x85\rb\nc\n".encode(),
        "a\x0c\u2028\x85\rb\nC\n".encode(),
    ),
    "far apart": (b"x\n" * 30 + b"y\n", b"X\n" + b"x\n" * 29 + b"Y\n"),
}


def test_a_patch_reads_as_git_writes_it(tmp_path: Path) -> None:
    patch = unified_patch("p/a b.prompt.yml", b"one\ntwo\n", b"one\n2")
    assert patch == (
        "diff --git a/p/a b.prompt.yml b/p/a b.prompt.yml\n"
        "--- a/p/a b.prompt.yml\t\n"
        "+++ b/p/a b.prompt.yml\t\n"
        "@@ -1,2 +1,2 @@\n"
        " one\n"
        "-two\n"
        "+2\n"
        "\\ No newline at end of file\n"
    )


def test_nothing_changed_is_no_patch() -> None:
    assert unified_patch("a.prompt.yml", b"same\n", b"same\n") == ""


@pytest.mark.parametrize("state", STATES)
def test_git_applies_the_patch_byte_for_byte(history: History, state: str) -> None:
    before, after = STATES[state]
    check_applied(history, "prompts/a.prompt.yml", before, after, folder=".")


@pytest.mark.parametrize("name", NAMES)
def test_git_applies_the_patch_whatever_the_name(history: History, name: str) -> None:
    check_applied(history, name, b"a\nb\n", b"a\nB\n", folder=".")


def test_git_applies_the_patch_from_a_folder_too(history: History) -> None:
    check_applied(history, "sub/p/a.prompt.yml", b"a\n", b"b\n", folder="sub")


def check_applied(history: History, name: str, before: bytes, after: bytes, *, folder: str) -> None:
    path = history.write(name, before)
    patch = history.folder.parent / "it.patch"
    patch.write_bytes(unified_patch(name, before, after).encode())
    history.git("-C", folder, "apply", str(patch))
    assert path.read_bytes() == after
