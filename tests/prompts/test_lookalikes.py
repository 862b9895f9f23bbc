"""What was meant to be a prompt file is known by its name or its content."""

from pathlib import Path

import pytest

from pytest_promptopt.prompts.lookalikes import has_messages, has_near_name, proper_name


@pytest.mark.parametrize(
    ("name", "proper"),
    [
        ("tone.prompts.yml", "tone.prompt.yml"),
        ("tone.prompt.json", "tone.prompt.yml"),
        ("tone.Prompt.YAML", "tone.prompt.yaml"),
    ],
)
def test_near_names(name: str, proper: str) -> None:
    assert has_near_name(Path(name))
    assert proper_name(Path(name)) == proper


@pytest.mark.parametrize(
    "name", ["tone.prompt.yml", "tone.prompt.yaml", "prompts.yml", "tone.prompt.md", "a.yml"]
)
def test_other_names(name: str) -> None:
    assert not has_near_name(Path(name))


@pytest.mark.parametrize(
    ("name", "text", "is_one"),
    [
        ("a.yml", "name: x\nmessages:\n  - role: user\n", True),
        ("a.json", '{\n  "messages": [{"role": "user"}]}', True),
        ("a.json", '{"name": "x", "messages": [{"role": "user"}]}', True),
        ("a.yml", "messages: [hello]\n", False),
        ("a.yml", "- messages: [{role: user}]\n", False),
        ("a.txt", "messages: [{role: user}]\n", False),
        ("a.prompt.yml", "messages: [{role: user}]\n", False),
    ],
)
def test_contents(tmp_path: Path, name: str, text: str, is_one: bool) -> None:
    (tmp_path / name).write_text(text)
    assert has_messages(tmp_path / name) is is_one
