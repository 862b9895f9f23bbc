"""A prompt under mutation, and a model that follows its sentences as a test says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pytest_promptopt.errors import BudgetError
from pytest_promptopt.evaluation.mutation_record import MutationRecord
from pytest_promptopt.evaluation.subject import Subject, SubjectSettings, build_subject
from pytest_promptopt.mutation.mutants import Mutants
from pytest_promptopt.mutation.plan import MutationPlan
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.providers.request import Completion, Model, Request, Usage

MODEL = Model(provider="scripted", name="model")

Answer = Callable[[Request], str]


@dataclass(slots=True, kw_only=True)
class Scripted:
    """Answers by a function; after ``most`` calls the budget is gone. What is known is saved."""

    answer: Answer
    most: int = 1_000_000
    asked: list[Request] = field(default_factory=list)
    kept: dict[str, Completion] = field(default_factory=dict)

    async def complete(self, request: Request) -> Completion:
        if request.fingerprint not in self.kept:
            if len(self.asked) >= self.most:
                raise BudgetError("the budget is gone")
            self.asked.append(request)
            text = self.answer(request)
            self.kept[request.fingerprint] = Completion(text=text, usage=Usage())
            return self.kept[request.fingerprint]
        known = self.kept[request.fingerprint]
        return Completion(text=known.text, usage=known.usage, saved=True)

    async def close(self) -> None:
        pass


def subject_of(tmp_path: Path, text: str, model: Model = MODEL) -> tuple[Subject, bytes]:
    path = tmp_path / "a.prompt.yml"
    path.write_text(text, encoding="utf-8")
    settings = SubjectSettings(resolve_model=lambda _: model, root=tmp_path)
    return build_subject(read_prompt(path, root=tmp_path), settings), path.read_bytes()


def plan_of(tmp_path: Path, text: str, model: Model = MODEL) -> MutationPlan:
    subject, content = subject_of(tmp_path, text, model)
    passed = {golden.id: True for golden in subject.prompt.goldens}
    return MutationPlan.of(subject, content, passed)


def mutants_in(tmp_path: Path, text: str) -> Mutants:
    return plan_of(tmp_path, text).mutants


def examine(plan: MutationPlan, models: Scripted) -> MutationRecord:
    return asyncio.run(plan.examine(models, lambda _: None))
