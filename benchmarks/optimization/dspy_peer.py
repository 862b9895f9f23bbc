"""dspy's MIPROv2 and GEPA, on the same prompt, goldens, metric, models and cap."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environment import Environment, python_environment
from benchmarks.optimization.baselines import REPLY_TOKENS
from benchmarks.optimization.cells import Cell
from benchmarks.optimization.endpoint import Endpoint
from benchmarks.optimization.found import Found
from benchmarks.optimization.peer_process import PeerProcess
from benchmarks.optimization.scoring import Metric, question_of
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.splits import Splits
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Model

REQUIREMENTS = ("dspy==3.4.1", "optuna==5.0.0")

_PROGRAM = Path(__file__).with_name("dspy_program.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class DspyPeer:
    """dspy, in an environment of its own in ``folder``."""

    folder: Path

    def install(self) -> Environment:
        """Install it, or find it installed; raises NotInstalledError."""
        return python_environment(self.folder, REQUIREMENTS)

    async def search(
        self,
        cell: Cell,
        subject: Subject,
        splits: Splits,
        *,
        provider: Provider,
        model: Model,
    ) -> Found:
        """What it finds, put into our own messages; raises NotInstalledError."""
        environment = self.install()
        metric = Metric(subject=subject, goldens=(*splits.train, *splits.validation))
        with (
            tempfile.TemporaryDirectory(prefix="benchmark-dspy-") as folder,
            Endpoint(provider, model, metric, cap=cell.needed_cap, seed=cell.seed) as endpoint,
        ):
            job = {
                "optimizer": cell.method.removeprefix("dspy-"),
                "url": endpoint.url,
                "cap": cell.cap,
                "seed": cell.seed,
                "instruction": subject.prompt.messages[0].template.fill({}),
                "train": _examples(subject, splits.train),
                "validation": _examples(subject, splits.validation),
                "task_parameters": dict(subject.prompt.parameters),
                "optimizer_parameters": {"temperature": 1.0, "max_tokens": REPLY_TOKENS},
            }
            found, trouble = await _run(environment.program("python"), job, Path(folder))
        return Found(
            candidate=_candidate(subject, splits.train, found) if found else Candidate(),
            reason=trouble or ("the cap is reached" if endpoint.refused else "it came to its end"),
        )


async def _run(
    python: str, job: Mapping[str, Any], folder: Path
) -> tuple[Mapping[str, Any] | None, str]:
    """What the program found, or why it found nothing."""
    found = folder / "found.json"
    process = PeerProcess(
        name="dspy",
        command=(python, "-P", str(_PROGRAM), str(found)),
        folder=folder,
        variables={
            "DSPY_CACHEDIR": str(folder / "cache"),
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
    )
    _, trouble = await process.run(json.dumps(job).encode())
    if trouble or not found.exists():
        return None, trouble or "dspy found nothing"
    content: Mapping[str, Any] = json.loads(found.read_text("utf-8"))
    return content, ""


def _examples(subject: Subject, goldens: Sequence[Golden]) -> list[dict[str, str]]:
    return [
        {"question": question_of(subject, golden), "answer": as_text(golden.expected)}
        for golden in goldens
    ]


def _candidate(subject: Subject, train: Sequence[Golden], found: Mapping[str, Any]) -> Candidate:
    """The instruction as literal text, and the demonstrations as the goldens they came from."""
    ids = {question_of(subject, golden): golden.id for golden in train}
    instruction = str(found["instruction"])
    is_new = instruction != subject.prompt.messages[0].template.fill({})
    return Candidate(
        texts={0: instruction.replace("{{", "{{{{")} if is_new else {},
        demonstrations=tuple(dict.fromkeys(ids[q] for q in found["demonstrations"])),
        origin="dspy",
    )
