"""DeepEval: a parametrized test with its exact match metric."""

from collections.abc import Mapping
from pathlib import Path

from benchmarks.environment import Environment, python_environment
from benchmarks.peers.passed import count_passed
from benchmarks.peers.tool import INSTRUCTION, MODEL, OPENAI, Way

_TEST = """\
import openai
import pytest
from deepeval import assert_test
from deepeval.metrics import ExactMatchMetric
from deepeval.test_case import LLMTestCase

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
    test_case = LLMTestCase(
        input=question,
        actual_output=completion.choices[0].message.content,
        expected_output=expected,
    )
    assert_test(test_case, [ExactMatchMetric()])
"""


class DeepEval:
    """``deepeval test run`` and its ``-n`` (xdist)."""

    name = "deepeval"
    ways = (Way(), Way(name="-n 4", arguments=("-n", "4")))
    variables: Mapping[str, str] = {
        "DEEPEVAL_TELEMETRY_OPT_OUT": "1",
        "DEEPEVAL_UPDATE_WARNING_OPT_IN": "0",
        "DEEPEVAL_DISABLE_DOTENV": "1",
        "ERROR_REPORTING": "0",
    }

    def install(self, folder: Path) -> Environment:
        """The package, which brings pytest and openai."""
        return python_environment(folder, ("deepeval==4.3.1", OPENAI))

    def write(self, project: Path, goldens: int) -> None:
        """One test file."""
        test = _TEST.format(goldens=goldens, model=MODEL, instruction=INSTRUCTION)
        (project / "test_answers.py").write_text(test)

    def command(self, environment: Environment, way: Way) -> tuple[str, ...]:
        """``deepeval test run``."""
        return (environment.program("deepeval"), "test", "run", "test_answers.py", *way.arguments)

    def scored(self, project: Path, output: str) -> int:  # noqa: ARG002
        """Tests that passed."""
        return count_passed(output)
