"""pydantic-evals: a dataset of cases and an async task."""

from collections.abc import Mapping
from pathlib import Path

from benchmarks.environment import Environment, python_environment
from benchmarks.peers.tool import INSTRUCTION, MODEL, OPENAI, Way

_SCRIPT = """\
import sys

import openai
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import EqualsExpected

CLIENT = openai.AsyncOpenAI()


async def answer(question: str) -> str:
    completion = await CLIENT.chat.completions.create(
        model="{model}",
        messages=[
            {{"role": "system", "content": "{instruction}"}},
            {{"role": "user", "content": question}},
        ],
    )
    return completion.choices[0].message.content


dataset = Dataset(
    name="bench",
    cases=[
        Case(
            name=f"g{{n}}",
            inputs=f"What is the answer to question {{n}}?",
            expected_output=f"answer {{n}}",
        )
        for n in range({goldens})
    ],
    evaluators=[EqualsExpected()],
)
concurrency = int(sys.argv[1]) if len(sys.argv) > 1 else None
report = dataset.evaluate_sync(answer, max_concurrency=concurrency)
report.print()
right = sum(all(mark.value for mark in case.assertions.values()) for case in report.cases)
print("scored", right)
"""


class PydanticEvals:
    """All cases at once by default; ``max_concurrency`` is its documented bound."""

    name = "pydantic-evals"
    ways = (Way(), Way(name="max_concurrency=100", arguments=("100",)))
    variables: Mapping[str, str] = {"LOGFIRE_SEND_TO_LOGFIRE": "false"}

    def install(self, folder: Path) -> Environment:
        """The package and the SDK that its task calls."""
        return python_environment(folder, ("pydantic-evals==2.62.0", OPENAI))

    def write(self, project: Path, goldens: int) -> None:
        """One script."""
        script = _SCRIPT.format(goldens=goldens, model=MODEL, instruction=INSTRUCTION)
        (project / "evaluate.py").write_text(script)

    def command(self, environment: Environment, way: Way) -> tuple[str, ...]:
        """The script."""
        return (environment.program("python"), "evaluate.py", *way.arguments)

    def scored(self, project: Path, output: str) -> int:  # noqa: ARG002
        """What the script counted in the report."""
        counts = [line.split()[1] for line in output.splitlines() if line.startswith("scored ")]
        return int(counts[-1]) if counts else 0
