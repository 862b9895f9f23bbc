"""Data of prompt files never starts a line that a CI runner or a terminal obeys."""

import re

import pytest

from tests.project import Project

COMMAND = "::warning::x"
PROMPT = """
model: scripted:answers.json
messages: [{role: user, content: "Q: {{q}}"}]
"::warning::key": 1
modelParameters: {"p\\n::warning::x": 1}
evaluators: [{name: "e\\n::warning::x", equals: "{{expected}}"}]
testData:
  - {q: one, expected: "1", tags: ["t\\n::warning::x", "u\\u202e", "LONG ::warning::x"]}
  - {q: two, expected: "2", tags: ["t\\n::warning::x"]}
  - {q: three, expected: "3", tags: ["LONG ::warning::x"]}
gate: {min: 0.9, tags: {"t\\n::warning::x": {min: 1}}, evaluators: {"e\\n::warning::x": {min: 1}}}
"""
OTHERS = {
    "twice": '"a\\u001b[31m\\n::warning::x": 1\n"a\\u001b[31m\\n::warning::x": 2\n',
    "goldens": 'goldens: ["x\\n::warning::x.jsonl"]\n',
    "model": 'model: "foo\\n::warning::x"\ntestData: [{expected: 1}]\n',
    "tag": "name: !<x%0A::warning::x> a\ntestData: [{expected: 1}]\nmodel: scripted:answers.json\n",
}


@pytest.mark.parametrize("arguments", [(), ("-v",), ("-q",), ("-W", "error")])
def test_no_line_is_a_command(
    project: Project, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    project.answers(
        {
            "Q: one": "1\n::warning::x",
            "Q: two": {"error": {"status": 404, "message": "gone\n::warning::x\x1b[31m"}},
            "Q: three": "3",
            "*": "a",
        }
    )
    for width in (60, 61, 62, 63):
        long = PROMPT.replace("LONG", "t" * width)
        project.write(f"prompts/a{width}.prompt.yml", long)
    for name, text in OTHERS.items():
        message = 'messages: [{role: user, content: "Q"}]\n'
        project.write(f"prompts/{name}.prompt.yml", f"{message}{text}")
    monkeypatch.setenv("COLUMNS", "80")
    result = project.run(*arguments)
    assert result.ret != 0
    lines = result.outlines + result.errlines
    assert any(COMMAND in line for line in lines)
    assert [line for line in lines if re.match(r"\s*(?:::|##\[)", line)] == []
    assert not any("\u202e" in line or "\x1b[31m" in line for line in lines)
