"""What is added to the file that pytest reads, and what is left alone."""

import pytest

from pytest_promptopt.project.ini_lines import shown, with_values

VALUES = {"prompt_paths": ["prompts"], "prompt_budget": "1 usd"}
INI = "prompt_paths = prompts\nprompt_budget = 1 usd\n"
TOML = 'prompt_paths = ["prompts"]\nprompt_budget = "1 usd"\n'


@pytest.mark.parametrize(
    ("name", "text", "edited"),
    [
        ("pytest.ini", "", f"[pytest]\n{INI}"),
        ("pytest.ini", "[pytest]\naddopts = -q", f"[pytest]\n{INI}addopts = -q"),
        ("tox.ini", "[tox]\n[pytest]\n", f"[tox]\n[pytest]\n{INI}"),
        ("setup.cfg", "[tool:pytest] # hm\n", f"[tool:pytest] # hm\n{INI}"),
        ("pytest.toml", "", f"[pytest]\n{TOML}"),
        ("pyproject.toml", "[project]", f"[project]\n\n[tool.pytest.ini_options]\n{TOML}"),
        ("pyproject.toml", "[tool.pytest]\nxfail_strict = true\n", None),
    ],
)
def test_lines_stand_below_the_head_of_the_section(
    name: str, text: str, edited: str | None
) -> None:
    expected = edited or text.replace("]\n", f"]\n{TOML}", 1)
    assert with_values(name, text, VALUES) == expected


def test_line_ends_are_those_of_the_file() -> None:
    edited = with_values("pytest.ini", "[pytest]\r\naddopts = -q\r\n", {"prompt_paths": ["a", "b"]})
    assert edited == "[pytest]\r\nprompt_paths =\r\n    a\r\n    b\r\naddopts = -q\r\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[tool.pytest]\nini_options = {addopts = '-q'}\n"),
        ("pyproject.toml", '[tool."pytest".ini_options]\naddopts = "-q"\n'),
        ("pyproject.toml", 'tool.pytest.ini_options.addopts = "-q"\n'),
    ],
)
def test_another_form_is_left_to_people(name: str, text: str) -> None:
    assert with_values(name, text, VALUES) is None
    assert shown(name, VALUES) == ["[tool.pytest.ini_options]", *TOML.splitlines()]
