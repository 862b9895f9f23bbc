"""Damaged files of every format: read, or refused in words, and never anything else."""

import json
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import yaml

from pytest_promptopt.errors import PromptoptError
from pytest_promptopt.prompts.formats.importing import FORMATS
from tests.prompts.formats.project import Foreign
from tests.prompts.formats.test_other_formats import DOTPROMPT, EVAL, PROMPTY
from tests.prompts.formats.test_promptfoo_config import CONFIG

ROWS = [
    {"input": "a", "target": "b", "choices": ["x"], "metadata": {"k": "v"}},
    {"inputs": {"q": 1}, "outputs": {"a": 2}, "split": "test", "expected_output": "y"},
]
BROKEN: tuple[Any, ...] = (None, True, -1.5, "", "{{a | b}}", "file://../x", [], {}, [None], [[1]])


def test_a_file_with_other_values_is_read_or_refused_in_words(foreign: Foreign) -> None:
    dice = random.Random(7)
    names = [None, None, *(known.name for known in FORMATS)]
    for _ in range(120):
        data = json.loads(json.dumps(dice.choice([yaml.safe_load(CONFIG), EVAL, ROWS])))
        for _ in range(dice.randint(1, 3)):
            *path, last = dice.choice([path for path in paths(data) if path])
            parent = data
            for step in path:
                parent = parent[step]
            parent[last] = dice.choice(BROKEN)
        outcome(foreign, "c.json", json.dumps(data), dice.choice(names))


def test_text_with_other_signs_is_read_or_refused_in_words(foreign: Foreign) -> None:
    dice = random.Random(7)
    script = "module.exports = {prompts: ['{{a}}'], tests: [{vars: {a: `b`}}]}; // x\n"
    for _ in range(120):
        name, text = dice.choice(
            [("a.prompty", PROMPTY), ("a.prompt", DOTPROMPT), ("a.js", script)]
        )
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(text))
            text = text[:at] + dice.choice("{}[]'\"`\\:,-\n\0%") + text[at + dice.randint(0, 9) :]
        outcome(foreign, name, text, None)


def outcome(foreign: Foreign, name: str, text: str, format_name: str | None) -> None:
    with suppress(PromptoptError):
        foreign(name, text, format_name)


def paths(data: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield before
    keys = [*data] if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else []
    for key in keys:
        yield from paths(data[key], (*before, key))


def test_text_that_could_be_read_in_many_ways_is_read_at_once(foreign: Foreign) -> None:
    many = 20_000
    for name, text in (
        ("a.md", "<!---->" * many + "x"),
        ("b.md", "\n" * many + "x"),
        ("c.prompty", "---\nname: x\n---\nsystem:\nhi" + "\n" * many + "x"),
        ("d.prompty", "---\nname: x\n---\nsystem:\nhi\n" + " " * many + "x"),
    ):
        outcome(foreign, name, text, None)


def test_secrets_in_what_is_lost_are_kept_out_of_the_files(foreign: Foreign) -> None:
    key = "sk-abcdefgh12345678"
    data = {
        "prompts": ["Say {{x}}"],
        "tests": [
            "https://me:hidden@example.com/tests.csv",
            "https://hidden@example.com/tests.csv",
            {"vars": {"x": "a"}, "assert": [{"type": "javascript", "value": f"call('{key}')"}]},
        ],
    }
    result = foreign("p.json", json.dumps(data))
    written = "".join(result.files.values()) + "".join(result.told)
    assert "hidden" not in written
    assert key not in written
    assert "`https://[secret]@example.com/tests.csv` is elsewhere" in written
    assert "call('[secret]')" in written
