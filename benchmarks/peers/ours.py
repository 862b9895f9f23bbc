"""pytest-promptopt, from this checkout."""

import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks.environment import Environment, python_environment
from benchmarks.peers.passed import count_passed
from benchmarks.peers.tool import INSTRUCTION, MODEL, Way, expected, question

ROOT = Path(__file__).parents[2]

_PYTHON = Way(name="evaluate() in Python")
_SCRIPT = """\
from pytest_promptopt.api import Outcome, evaluate
[prompt] = evaluate("prompts").prompts
print(len(prompt.evaluation.having(Outcome.PASSED)), "passed")
"""


class Ours:
    """A prompt file with its goldens beside it; ``expected`` alone means an exact match."""

    name = "ours"
    ways = (
        Way(),
        Way(name="--prompt-concurrency 100", arguments=("--prompt-concurrency", "100")),
        _PYTHON,
    )
    variables: Mapping[str, str] = {}

    def install(self, folder: Path) -> Environment:
        """The package as it stands in the checkout."""
        return python_environment(folder, (), checkout=ROOT)

    def write(self, project: Path, goldens: int) -> None:
        """One prompt; the address comes from ``OPENAI_BASE_URL``."""
        write_prompt(project, goldens, f"openai/{MODEL}")

    def command(self, environment: Environment, way: Way) -> tuple[str, ...]:
        """What a user types."""
        if way is _PYTHON:
            return (environment.program("python"), "-c", _SCRIPT)
        return (environment.program("pytest"), "--prompt-eval", *way.arguments)

    def scored(self, project: Path, output: str) -> int:  # noqa: ARG002
        """Goldens without a gate pass like tests."""
        return count_passed(output)


def write_prompt(project: Path, goldens: int, model: str) -> None:
    """A project with one prompt for that model, which has that many goldens."""
    lines = (
        json.dumps({"id": f"g{n}", "question": question(n), "expected": expected(n)})
        for n in range(goldens)
    )
    folder = project / "prompts"
    folder.mkdir()
    (project / "pytest.ini").write_text("[pytest]\n")
    (folder / "bench.goldens.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "bench.prompt.yml").write_text(
        f"model: {model}\n"
        "messages:\n"
        f"  - {{role: system, content: {INSTRUCTION}}}\n"
        '  - {role: user, content: "{{question}}"}\n'
        "goldens: bench.goldens.jsonl\n"
    )
