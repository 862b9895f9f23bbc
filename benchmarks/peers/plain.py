"""The way without any of these tools: a parametrized test that calls the SDK."""

from collections.abc import Mapping
from pathlib import Path

from benchmarks.environment import Environment, python_environment
from benchmarks.peers.passed import count_passed
from benchmarks.peers.tool import INSTRUCTION, MODEL, OPENAI, PYTEST, Way

_TEST = """\
import openai
import pytest

CLIENT = openai.OpenAI()
GOLDENS = [(f"What is the answer to question {{n}}?", f"answer {{n}}") for n in range({goldens})]


@pytest.mark.parametrize(("question", "expected"), GOLDENS)
def test_answer(question, expected):
    completion = CLIENT.chat.completions.create(
        model="{model}",
        messages=[
            {{"role": "system", "content": "{instruction}"}},
            {{"role": "user", "content": question}},
        ],
    )
    assert completion.choices[0].message.content == expected
"""


class Plain:
    """pytest and openai, one test a golden, one after another."""

    name = "plain"
    ways = (Way(),)
    variables: Mapping[str, str] = {}

    def install(self, folder: Path) -> Environment:
        """The two packages."""
        return python_environment(folder, (PYTEST, OPENAI))

    def write(self, project: Path, goldens: int) -> None:
        """One test file."""
        test = _TEST.format(goldens=goldens, model=MODEL, instruction=INSTRUCTION)
        (project / "test_answers.py").write_text(test)

    def command(self, environment: Environment, way: Way) -> tuple[str, ...]:
        """Plain ``pytest``."""
        return (environment.program("pytest"), *way.arguments)

    def scored(self, project: Path, output: str) -> int:  # noqa: ARG002
        """Tests that passed."""
        return count_passed(output)
