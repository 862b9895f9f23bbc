"""The share of searches with nothing to find that call something improved.

``python -m benchmarks.optimization.false_gains``: searches by ``race`` on made-up models that
answer right by chance alone, whatever the prompt says.
"""

import argparse
import asyncio
import random
import tempfile
from collections import Counter
from pathlib import Path

from pytest_promptopt.evaluation.subject import Subject, SubjectSettings, build_subject
from pytest_promptopt.optimization.journal import Journal
from pytest_promptopt.optimization.loop import run_search
from pytest_promptopt.optimization.presets import read_optimize_settings
from pytest_promptopt.optimization.splits import Splits
from pytest_promptopt.optimization.verdict import VerdictKind
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden, Split
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.template import Template
from pytest_promptopt.providers.request import Completion, Model, Request

_MODEL = Model(provider="scripted", name="chance")
_LABELS = ("billing", "shipping", "returns", "technical")
_SIZES: dict[Split, int] = {"train": 60, "validation": 20, "test": 60}
_CAPS = (100, 300)
_RATES = (0.3, 0.6, 0.9)


class Chance:
    """Right at the given rate, by a draw for each request of its own; proposes plain words."""

    def __init__(self, rate: float, seed: int) -> None:
        self._rate = rate
        self._seed = seed
        self.asked = 0

    async def complete(self, request: Request) -> Completion:
        """The label or another one, or a rewritten prompt to whoever asks for one."""
        self.asked += 1
        drawn = random.Random(f"{self._seed} {request.fingerprint}")
        question = request.messages[-1].content
        if "<prompt>" in question:
            return Completion(text=f"<prompt>Name team {drawn.random()} or another.</prompt>")
        label = next(label for label in _LABELS if label in question)
        others = [other for other in _LABELS if other != label]
        return Completion(text=label if drawn.random() < self._rate else drawn.choice(others))

    async def close(self) -> None:
        """Nothing is open."""


def main() -> None:
    """Print, for each cap and rate, how many searches ended in which verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--searches", type=int, default=400, help="in all (%(default)s)")
    searches = parser.parse_args().searches
    each = -(-searches // (len(_CAPS) * len(_RATES)))
    improved = done = 0
    for cap in _CAPS:
        for rate in _RATES:
            found, calls = asyncio.run(_verdicts(cap, rate, each))
            improved, done = improved + found[VerdictKind.IMPROVED], done + each
            told = ", ".join(f"{kind} {count}" for kind, count in found.most_common())
            print(f"cap {cap}, rate {rate}: {told}; {calls / each:.0f} calls a search", flush=True)
    print(f"improved: {improved} of {done} searches, {improved / done:.1%}")


async def _verdicts(cap: int, rate: float, searches: int) -> tuple[Counter[str], int]:
    found: Counter[str] = Counter()
    calls = 0
    for seed in range(searches):
        models = Chance(rate, seed)
        kind = await _verdict(models, cap, seed)
        found[kind] += 1
        calls += models.asked
    return found, calls


async def _verdict(models: Chance, cap: int, seed: int) -> str:
    settings = read_optimize_settings("race", {"budget": f"{cap} calls", "seed": seed}, "benchmark")
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.jsonl")
        result = await run_search(
            _subject(),
            settings,
            provider=models,
            optimizer_model=_MODEL,
            splits=_splits(),
            journal=journal,
        )
        journal.close()
    return result.verdict.kind if result.verdict else "nothing chosen"


def _subject() -> Subject:
    evaluator = EvaluatorSpec(
        name="same", kind="equals", options="{{expected}}", path="made", line=1
    )
    prompt = Prompt(
        path=Path("made.prompt.yml"),
        location="made.prompt.yml",
        name="made",
        messages=(
            MessageTemplate(role="system", template=Template("Route the ticket."), line=1),
            MessageTemplate(role="user", template=Template("Ticket: {{ticket}}"), line=2),
        ),
        evaluators=(evaluator,),
    )
    settings = SubjectSettings(
        resolve_model=lambda _name: _MODEL, root=Path.cwd(), model="scripted"
    )
    return build_subject(prompt, settings)


def _splits() -> Splits:
    parts = {
        split: tuple(_golden(split, number) for number in range(size))
        for split, size in _SIZES.items()
    }
    return Splits(train=parts["train"], validation=parts["validation"], test=parts["test"])


def _golden(split: Split, number: int) -> Golden:
    label = random.Random(f"{split} {number}").choice(_LABELS)
    ticket = f"{split} {number} about {label}"
    return Golden(
        id=f"{split}-{number}",
        variables={"ticket": ticket, "expected": label},
        expected=label,
        path="made",
        line=number + 1,
        split=split,
    )


if __name__ == "__main__":
    main()
