"""Each rule by the examples on its page, and further members of its kind."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_promptopt.linting.linter import CODES, RULES, lint_file

PAGE = Path(__file__).parents[2] / "docs" / "lint.md"
_SECTION = re.compile(r"^### (?P<code>PL\d{3}) (?P<title>.*?)$(?P<text>.*?)(?=^##|\Z)", re.S | re.M)
_EXAMPLE = re.compile(r"^```yaml (before|after)\n(.*?)^```", re.S | re.M)


def codes(folder: Path, text: str) -> list[str]:
    """The codes of what is found in a prompt file with that text."""
    path = folder / "a.prompt.yml"
    path.write_text(text, encoding="utf-8")
    return [finding.code for finding in lint_file(path, root=folder).findings]


def saying(text: str) -> str:
    """A prompt that says it, as a block."""
    return "messages:\n  - role: user\n    content: |\n" + "".join(
        f"      {line}\n" for line in text.splitlines()
    )


def examples() -> Iterator[tuple[str, str, str]]:
    for section in _SECTION.finditer(PAGE.read_text(encoding="utf-8")):
        for kind, text in _EXAMPLE.findall(section["text"]):
            yield section["code"], kind, text


def test_the_page_has_every_rule_with_its_title_and_reason() -> None:
    sections = {found["code"]: found for found in _SECTION.finditer(PAGE.read_text("utf-8"))}
    assert tuple(sections) == CODES
    for rule in RULES:
        section = sections[rule.code]
        assert section["title"] == rule.title
        assert rule.reason.rstrip(".") in " ".join(section["text"].split())


@pytest.mark.parametrize(("code", "kind", "text"), [*examples()])
def test_the_example_before_is_found_and_the_one_after_is_clean(
    code: str, kind: str, text: str, tmp_path: Path
) -> None:
    assert codes(tmp_path, text) == ([code] if kind == "before" else [])


GATED = """\
messages: [{role: user, content: "Name the opposite of {{word}}, in one word."}]
gate: {min: 0.5%s}
testData:
%s"""
LONG = "long " * 17
LINK = f"https://a.example/{'x' * 81}"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("PL104", "Never forget to name the author."),
        ("PL104", "Be exact, and do not be too verbose."),
        ("PL104", "Avoid using complex language."),
        ("PL104", "Do not answer in any language other than English."),
        ("PL104", "Don't use bullet points."),
        ("PL105", "Don't avoid hard questions."),
        ("PL105", "Do not answer unless the source is not in doubt."),
        ("PL106", "Classify the mail and summarize what it wants."),
        ("PL107", "They come from a shop. Sort them."),
        ("PL107", "Fix them, in the same language."),
        ("PL108", "Answer in at least 200 words. Be brief: at most 100 words."),
        ("PL108", "Answer with the label only. Explain why you chose it."),
        ("PL108", "Give a short reason, and reply without any explanation."),
        ("PL110", "word " * 2_001),
        ("PL111", "Call the service with ghp_0123456789abcdefghijABCDEFGHIJ012345."),
    ],
)
def test_further_members_of_a_kind_are_found(code: str, text: str, tmp_path: Path) -> None:
    assert codes(tmp_path, saying(text)) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "Users often say they do not forget to pay. Sort their mail.",
        "Mark “don't forget to subscribe” as advertising.",
        "```\nDon't be verbose\n```\nSay whether this is rude.",
        "<example>Never forget to breathe.</example>\nWrite one more.",
        "It is late. Write a lullaby.",
        "Summarize it: {{text}}",
        "1. Summarize the mail and translate it.\n2. Stop.",
        "A title of at most 10 words. Answer in at most 100 words.",
        "Give a reason in <why>, then the label only in <label>.",
        "Explain why the sky is blue.",
        "Classify the mail and summarize it then.",
        "Explain quota and rate-limit exhaustion.",
        "Follow DRY (Don't Repeat Yourself).",
        "Explain why it is bad. Look out for praise without any reason.",
    ],
)
def test_what_is_fine_is_not_told(text: str, tmp_path: Path) -> None:
    assert codes(tmp_path, saying(text)) == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (
            "PL101",
            "messages: [{role: user, content: 'Say how {{mail}} sounds.'}]\n"
            'testData: [{mail: "Hi!\\nSee you at one or two or three"}]',
        ),
        (
            "PL102",
            "messages: [{role: user, content: 'Tell me of {{x}}.'}]\ntestData: [{x: a}]\n"
            "evaluators: [{json: valid}]",
        ),
        (
            "PL102",
            "messages: [{role: user, content: 'Tell me of {{x}} and you.'}]\ntestData: [{x: a}]\n"
            "evaluators: [{regex: '^[A-Z]$'}]",
        ),
        (
            "PL103",
            "messages: [{role: user, content: 'How many stars? {{x}}'}]\n"
            "evaluators: [{choice: [1, 2, 3]}]",
        ),
        (
            "PL112",
            "messages: [{role: user, content: 'Greet {{x}}.'}]\nevaluators: [{llm: {prompt: "
            "'Grade {{completion}} from 1 to 4.', choices: [{choice: 4, score: 1}, "
            "{choice: 5, score: 1}]}}]",
        ),
        (
            "PL203",
            "messages:\n"
            + "".join(
                f"  - {{role: user, content: {mail}}}\n  - {{role: assistant, content: {label}}}\n"
                for mail, label in [("a", "spam"), ("b", "ham"), ("c", "ham"), ("d", "ham")]
            )
            + "  - {role: user, content: 'Spam or ham? {{x}}'}\n"
            + "evaluators: [{choice: [spam, ham]}]",
        ),
        ("PL303", GATED % (", maxDrop: 0.02", "  - {word: hot, expected: cold}\n")),
        (
            "PL303",
            GATED
            % (
                ", confidence: 0.95",
                "".join(f"  - {{word: w{n}, cluster: c{n // 30}}}\n" for n in range(90)),
            ),
        ),
        (
            "PL303",
            GATED % (", tags: {odd: {min: 0.9, confidence: 0.9}}", "  - {word: a, tags: [odd]}\n"),
        ),
    ],
)
def test_further_members_in_files_are_found(code: str, text: str, tmp_path: Path) -> None:
    assert codes(tmp_path, text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        'messages: [{role: user, content: "Mail:\\n\\n{{mail}}\\n\\nSay how it sounds."}]\n'
        f"testData: [{{mail: {LONG}}}]",
        "messages: [{role: user, content: 'Is “{{mail}}” rude?'}]\n"
        f"testData: [{{mail: {LONG}}}]",
        f"messages: [{{role: user, content: 'Read {{{{url}}}}.'}}]\ntestData: [{{url: '{LINK}'}}]",
        "messages: [{role: user, content: 'How many stars, 1 to 5? {{x}}'}]\n"
        "evaluators: [{choice: [1, 2, 3, 4, 5]}]",
        'messages: [{role: user, content: "Sort the words.\\n\\nQ: b a\\nA: Now, a b.\\n\\n'
        'Q: d c\\nA: So c d.\\n\\nQ: {{x}}\\nA: Well,"}]\ntestData: [{x: f e, expected: e f}]',
        "messages: [{role: user, content: 'Nenne die Hauptstadt von {{x}}.'}]\n"
        "testData: [{x: Peru, expected: Lima}]",
        GATED % (", confidence: 0.9", "".join(f"  - {{word: w{i}}}\n" for i in range(5))),
        GATED % (", maxDrop: 0.1", "".join(f"  - {{word: w{i}}}\n" for i in range(30))),
    ],
)
def test_what_is_fine_in_a_file_is_not_told(text: str, tmp_path: Path) -> None:
    assert codes(tmp_path, text) == []
