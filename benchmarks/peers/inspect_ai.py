"""inspect-ai: a task with a dataset, the plain solver and the exact scorer."""

import re
from collections.abc import Mapping
from pathlib import Path

from benchmarks.environment import Environment, python_environment
from benchmarks.peers.tool import INSTRUCTION, MODEL, OPENAI, Way

_MEAN = re.compile(r"^mean +([\d.]+)", re.MULTILINE)
_SAMPLES = re.compile(r"\((\d+) samples\)")
_TASK = """\
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import exact
from inspect_ai.solver import generate, system_message


@task
def bench():
    samples = [
        Sample(
            id=f"g{{n}}",
            input=f"What is the answer to question {{n}}?",
            target=f"answer {{n}}",
        )
        for n in range({goldens})
    ]
    return Task(
        dataset=MemoryDataset(samples),
        solver=[system_message("{instruction}"), generate()],
        scorer=exact(),
    )
"""


class InspectAI:
    """With its cache on, which is off by default, so that the second run can show it."""

    name = "inspect-ai"
    ways = (
        Way(),
        Way(name="--max-connections 500", arguments=("--max-connections", "500")),
    )
    variables: Mapping[str, str] = {"INSPECT_DISPLAY": "plain"}

    def install(self, folder: Path) -> Environment:
        """The package and the SDK of its OpenAI provider."""
        return python_environment(folder, ("inspect-ai==0.3.285", OPENAI))

    def write(self, project: Path, goldens: int) -> None:
        """One task file."""
        script = _TASK.format(goldens=goldens, instruction=INSTRUCTION)
        (project / "bench.py").write_text(script)

    def command(self, environment: Environment, way: Way) -> tuple[str, ...]:
        """``inspect eval``."""
        inspect = environment.program("inspect")
        return (
            inspect,
            "eval",
            "bench.py",
            "--model",
            f"openai/{MODEL}",
            "--cache=7D",
            *way.arguments,
        )

    def scored(self, project: Path, output: str) -> int:  # noqa: ARG002
        """Its mean of 1 for each right sample, times the samples; an eval that failed has none."""
        mean, samples = _MEAN.search(output), _SAMPLES.search(output)
        return round(float(mean[1]) * int(samples[1])) if mean and samples else 0
