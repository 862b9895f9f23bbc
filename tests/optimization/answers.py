"""Goldens and answers to them, written by hand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pytest_promptopt.evaluation.subject import Subject, build_subject
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.prompts.answer_place import read_place
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.providers.request import FinishReason
from tests.evaluation.test_base import SETTINGS
from tests.optimization.world import prompt


def golden(golden_id: str, expected: Any = None, **more: Any) -> Golden:
    variables = {"id": golden_id, "expected": expected, **more.pop("variables", {})}
    return Golden(
        id=golden_id, variables=variables, expected=expected, path="a.jsonl", line=1, **more
    )


def goldens(*expected: Any) -> list[Golden]:
    """Goldens g1, g2 … that expect these answers."""
    return [golden(f"g{number}", value) for number, value in enumerate(expected, start=1)]


def missed(golden: Golden, answer: str, finish_reason: FinishReason = FinishReason.STOP) -> Case:
    return Case(golden=golden, answer=answer, score=0.0, passed=False, finish_reason=finish_reason)


def passed(golden: Golden, score: float = 1.0) -> Case:
    return Case(golden=golden, answer=str(golden.expected), score=score, passed=True)


def unscored(golden: Golden) -> Case:
    return Case(golden=golden, answer="", score=None, passed=False)


def scored_by(
    kind: str, options: Any, goldens: Sequence[Golden] = (), *, answer: Any = "whole"
) -> Subject:
    """The made-up prompt with one evaluator, and the answer in that place."""
    spec = EvaluatorSpec(name="e", kind=kind, options=options, path="a.prompt.yml", line=9)
    of = replace(
        prompt(), model="x/y", evaluators=(spec,), goldens=tuple(goldens), answer=read_place(answer)
    )
    return build_subject(of, SETTINGS)


LABELS = ("billing", "shipping", "returns")


def tickets(times: int = 3) -> Sequence[Golden]:
    """``times`` goldens for each of three labels."""
    return goldens(*LABELS * times)
