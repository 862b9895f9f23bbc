from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_promptopt.prompts.document import parse_document
from pytest_promptopt.prompts.formats.yaml_text import Note, without_notes, yaml_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        "no",
        "1.10",
        "a: b",
        "- a",
        "#x",
        "a\nb\n",
        "\n a",
        "a\n\n",
        "{{x}}",
        "null",
        " a\nb",
        "a \nb",
    ]
)
SCALARS = TEXTS | st.integers() | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS.filter(lambda key: key not in ("<<",)), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["a", "name", "b c"]), VALUES, min_size=1, max_size=3))
def test_what_is_written_reads_as_it_was(content: dict[str, Any]) -> None:
    assert parse_document(yaml_text(content), "a.yml").data == content


def test_notes_are_comments_where_they_stood() -> None:
    content = {
        "model": "openai/m",
        Note("a: lost"): None,
        "list": [{"id": 1, Note("b"): None}, Note("c\nd"), {Note("e"): None}],
        "only": [Note("f")],
    }
    text = yaml_text(content)
    assert text == (
        "model: openai/m\n# a: lost\nlist:\n  - id: 1\n    # b\n  # c\\nd\n  # e\n  - {}\n# f\n"
    )
    read = parse_document(text, "a.yml").data
    assert read == {"model": "openai/m", "list": [{"id": 1}, {}]}
    assert without_notes(content)["list"] == read["list"]


@pytest.mark.parametrize("text", ["no", "0x1F", "12:30", "2026-01-01", "~", "=", "<<"])
def test_words_of_yaml_are_quoted(text: str) -> None:
    assert yaml_text({"a": text}) == f'a: "{text}"\n'
