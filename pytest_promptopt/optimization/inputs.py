"""The inputs of a search: what it starts from, and what tells it from others."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.optimization.splits import Splits
from pytest_promptopt.prompts.answer_place import WHOLE
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.providers.request import Model


def inputs_digest(
    subject: Subject,
    settings: OptimizeSettings,
    optimizer_model: Model,
    splits: Splits,
    *,
    code: str = "",
    rival: Any = None,
) -> str:
    """A SHA-256 over everything that the search depends on: prompt, goldens, settings, models.

    ``code`` is the hash of the project's code that scores, ``rival`` what it is measured against.
    """
    prompt = subject.prompt
    content: dict[str, Any] = {
        "messages": [[message.role, message.template.text] for message in prompt.messages],
        "parameters": dict(prompt.parameters),
        "response_format": [prompt.response_format, prompt.json_schema],
        "evaluators": _specs(prompt.evaluators),
        "samples": subject.samples,
        "reducer": asdict(prompt.reducer),
        "code": code,
        "model": asdict(subject.model) if subject.model else None,
        "optimizer_model": asdict(optimizer_model),
        "settings": _settings(settings),
        "splits": {
            name: [_golden(golden) for golden in getattr(splits, name)]
            for name in ("train", "validation", "test")
        },
    }
    if rival is not None:
        content["rival"] = rival
    if prompt.answer != WHOLE:
        content["answer"] = prompt.answer.content
    encoded = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(encoded.encode("utf-8", "surrogatepass")).hexdigest()


def usable(subject: Subject, splits: Splits) -> Splits:
    """The goldens that can be asked and scored: with every value and an evaluator."""

    def part(goldens: Sequence[Golden]) -> tuple[Golden, ...]:
        return tuple(
            golden
            for golden in goldens
            if subject.evaluators_for(golden) and not subject.missing_values(golden)
        )

    return replace(
        splits,
        train=part(splits.train),
        validation=part(splits.validation),
        test=part(splits.test),
    )


def _settings(settings: OptimizeSettings) -> dict[str, Any]:
    values = {**asdict(settings), "budget": str(settings.budget)}
    if not settings.own:
        del values["own"]
    return values


def _golden(golden: Golden) -> list[Any]:
    variables = dict(golden.variables)
    return [golden.id, variables, golden.expected, golden.weight, _specs(golden.evaluators)]


def _specs(specs: Sequence[EvaluatorSpec]) -> list[list[Any]]:
    return [spec.content for spec in specs]
