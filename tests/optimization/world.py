"""A made-up task, a task model that follows simple rules, and an optimizer model that is told."""

import asyncio
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.journal import Journal
from pytest_promptopt.optimization.loop import run_search
from pytest_promptopt.optimization.presets import read_optimize_settings
from pytest_promptopt.optimization.result import Event, Result
from pytest_promptopt.optimization.splits import Splits
from pytest_promptopt.prompts.golden import Golden, Split
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.template import Template
from pytest_promptopt.providers.request import Completion, Model, Request, Usage

TASK = Model(provider="scripted", name="task")
OPTIMIZER = Model(provider="scripted", name="optimizer")
LABELS = ("billing", "shipping", "returns", "technical")
START = "Route the ticket to a team."

Answer = Callable[[Request], str | Completion]


def prompt(system: str = START, user: str = "Ticket: {{ticket}}") -> Prompt:
    messages = (
        MessageTemplate(role="system", template=Template(system), line=2),
        MessageTemplate(role="user", template=Template(user), line=4),
    )
    return Prompt(path=Path("t.prompt.yml"), location="t.prompt.yml", name="t", messages=messages)


def subject(of: Prompt | None = None) -> Subject:
    return Subject(
        prompt=of or prompt(), model=TASK, samples=1, evaluators=(), golden_evaluators={}
    )


def golden(number: int, split: Split) -> Golden:
    label = LABELS[number % len(LABELS)]
    ticket = f"about {label}, {split} case {number}"
    return Golden(
        id=f"{split}-{number}",
        variables={"ticket": ticket, "expected": label},
        expected=label,
        path="g.jsonl",
        line=number + 1,
        split=split,
    )


def splits(train: int = 16, validation: int = 8, test: int = 12) -> Splits:
    return Splits(
        train=tuple(golden(n, "train") for n in range(train)),
        validation=tuple(golden(n, "validation") for n in range(validation)),
        test=tuple(golden(n, "test") for n in range(test)),
    )


def follows_named_labels(request: Request) -> str:
    """Right where the system message names the label of the ticket, else chatter."""
    instruction = request.messages[0].content
    ticket = request.messages[-1].content
    label = next(label for label in LABELS if label in ticket)
    return label if label in instruction else f"I would send this to {label}."


@dataclass(slots=True, kw_only=True)
class Models:
    """Both models; remembers what was asked. With ``jitter`` answers come in any order."""

    task: Answer = follows_named_labels
    optimizer: Answer = lambda _request: "<prompt>nothing</prompt>"
    jitter: random.Random | None = None
    asked: list[Request] = field(default_factory=list)

    async def complete(self, request: Request) -> Completion:
        if self.jitter is not None:
            for _ in range(self.jitter.randrange(4)):
                await asyncio.sleep(0)
        self.asked.append(request)
        answer = (self.task if request.model == TASK else self.optimizer)(request)
        if isinstance(answer, Completion):
            return answer
        usage = Usage(input_tokens=10, output_tokens=5)
        return Completion(text=answer, usage=usage, cost_usd=0.001)

    async def close(self) -> None:
        pass

    @property
    def task_calls(self) -> int:
        return sum(request.model == TASK for request in self.asked)

    @property
    def optimizer_calls(self) -> int:
        return sum(request.model == OPTIMIZER for request in self.asked)


def names_one_more_label(request: Request) -> str:
    """Finds the text under work in the request and names one more label in it."""
    content = "\n".join(m.content for m in request.messages if m.role == "user")
    if "<prompt>" not in request.messages[-1].content:
        for tag in ("reason", "findings", "reflection", "summary"):
            if f"<{tag}>" in request.messages[-1].content:
                return f"<{tag}>The labels are not named ({request.sample}).</{tag}>"
    if "<hypothesis>" in request.messages[-1].content:
        return "\n".join(
            f"<hypothesis>cause: {label} is not named\nrule: Team {label} takes some."
            f"\ngroups: {_groups_of(label, content)}</hypothesis>"
            for label in LABELS
        )
    named = [label for label in LABELS if f"Team {label}" in content]
    left = [label for label in LABELS if label not in named] or list(LABELS)
    teams = " ".join(f"Team {label}." for label in [*named, left[request.sample % len(left)]])
    return f"<prompt>{START} {teams}</prompt>"


def _groups_of(label: str, content: str) -> str:
    return ", ".join(re.findall(rf'Group (\d+), [^\n]*"{label}" expected', content)) or "1"


def run(
    tmp_path: Path,
    models: Models,
    method: str = "protegi",
    *,
    of: Prompt | None = None,
    parts: Splits | None = None,
    journal: str = "journal.jsonl",
    report: Callable[[Event], None] = lambda _event: None,
    patience_seconds: float | None = None,
    **overrides: object,
) -> Result:
    """A whole search, its journal in ``tmp_path``."""
    settings = read_optimize_settings(method, overrides, "test")
    kept = Journal(tmp_path / journal)
    try:
        return asyncio.run(
            run_search(
                subject(of),
                settings,
                provider=models,
                optimizer_model=OPTIMIZER,
                splits=parts or splits(),
                journal=kept,
                report=report,
                patience_seconds=patience_seconds,
            )
        )
    finally:
        kept.close()


def events(tmp_path: Path, *names: str, journal: str = "journal.jsonl") -> list[dict[str, object]]:
    """Those lines of the journal, in order."""
    lines = (tmp_path / journal).read_text("utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return [line for line in found if line["event"] in names]
