from pathlib import Path

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.linting.linter import CODES, lint_file, with_fixes

NAME = "a.prompt.yml"
PROMPT = """\
# A comment that stays.
messages:
  - role: system
    content: >
      Say what the mail wants.
      Please never fail to name
      the sender. Don't forget  to be polite!
  - role: user
    content: "Do not\\u0020forget to stop.\\n{{mail}}"
"""
FIXED = """\
# A comment that stays.
messages:
  - role: system
    content: >
      Say what the mail wants.
      Please always name
      the sender. Don't forget  to be polite!
  - role: user
    content: |-
      Stop.
      {{mail}}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / NAME
    path.write_text(text, encoding="utf-8")
    return path


def found(folder: Path, text: str) -> list[str]:
    return [f"{f.line} {f.code}" for f in lint_file(write(folder, text), root=folder).findings]


def test_findings_stand_where_their_words_do_even_in_folded_text(tmp_path: Path) -> None:
    assert found(tmp_path, PROMPT) == ["6 PL104", "9 PL104"]
    literal = PROMPT.replace(">", "|").replace("Say what the mail wants.", "Never fail to greet.")
    assert found(tmp_path, literal) == ["5 PL104", "6 PL104", "9 PL104"]


def test_fixes_mend_the_words_alone_and_nothing_is_left_to_mend(tmp_path: Path) -> None:
    for start, end in (("", "\n"), ("", "\r\n"), ("\ufeff", "\r\n")):
        written = (start + PROMPT).replace("\n", end).encode()
        write(tmp_path, "").write_bytes(written)
        linted = lint_file(tmp_path / NAME, root=tmp_path)
        content, mended = with_fixes(linted)
        assert content.decode() == (start + FIXED).replace("\n", end)
        assert mended == [*linted.findings]
        (tmp_path / NAME).write_bytes(content)
        assert lint_file(tmp_path / NAME, root=tmp_path).findings == ()


def test_a_text_that_others_share_is_left_to_a_person(tmp_path: Path) -> None:
    text = "messages:\n  - {role: user, content: &a Never fail to rest.}\n"
    linted = lint_file(write(tmp_path, text + "description: *a\n"), root=tmp_path)
    assert [f.code for f in linted.findings] == ["PL104"]
    assert with_fixes(linted) == (linted.content, [])


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("# lint: ignore PL104 please", []),
        ("#  lint: ignore PL104", ["3 PL104"]),
        ("# lint: ignore PL105, PL104 (the brand speaks so)", []),
        ("# lint: ignore PL1O4", ["1 PL001", "3 PL104"]),
        ("# lint: ignore pl104", ["1 PL001", "3 PL104"]),
    ],
)
def test_a_comment_silences_rules_in_its_file(
    comment: str, left: list[str], tmp_path: Path
) -> None:
    text = f"{comment}\nmessages:\n  - {{role: user, content: Never fail to rest.}}\n"
    assert found(tmp_path, text) == left


def test_rules_that_are_left_out_are_not_asked(tmp_path: Path) -> None:
    linted = lint_file(write(tmp_path, PROMPT), root=tmp_path, ignored=CODES)
    assert linted.findings == ()
    with pytest.raises(PromptFileError, match=r"a\.prompt\.yml:1: "):
        lint_file(write(tmp_path, "messages: []"), root=tmp_path)


def test_findings_on_goldens_stand_in_their_file(tmp_path: Path) -> None:
    goldens = '{"word": "hot", "expected": "cold"}\n' * 2
    (tmp_path / "a.jsonl").write_text(goldens, "utf-8")
    text = "messages: [{role: user, content: 'Opposite, one word: {{word}}'}]\ngoldens: a.jsonl\n"
    linted = lint_file(write(tmp_path, text), root=tmp_path)
    [duplicate] = linted.findings
    assert str(duplicate) == (
        "a.jsonl:2: PL301 golden hot-ad2b60d7-2 is golden hot-ad2b60d7 (a.jsonl:1) once more"
    )


def test_a_quoted_line_hides_no_other_and_the_like_is_told_a_hundred_times(tmp_path: Path) -> None:
    text = "messages:\n  - role: user\n    content: |\n      > Never fail to pay.\n"
    assert found(tmp_path, f"{text}      Never fail to greet.\n") == ["5 PL104"]
    assert len(found(tmp_path, text + "      Never fail to greet.\n" * 200)) == 100


def test_nothing_of_a_secret_is_told(tmp_path: Path) -> None:
    text = "# key: ghp_0123456789abcdefghijABCDEFGHIJ012345\nmessages: [{role: user, content: Hi}]"
    [finding] = lint_file(write(tmp_path, text), root=tmp_path).findings
    assert str(finding) == "a.prompt.yml:1: PL111 this looks like a GitHub token"
