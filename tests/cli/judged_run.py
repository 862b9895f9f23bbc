"""A saved run of a prompt whose judge scores three answers, and the labels that come of it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_promptopt.evaluation.correction import JudgeRecord
from pytest_promptopt.evaluation.evaluation import (
    Answer,
    Choice,
    GoldenResult,
    Mark,
    Named,
    Outcome,
)
from pytest_promptopt.evaluation.record import PromptRecord, Run
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.prompts.version import version_of
from pytest_promptopt.work.saved_runs import RunStore

PROMPT = """\
model: scripted:answers.json
messages:
  - {role: user, content: "Answer {{ticket}}"}
evaluators:
  - {name: kind, rubric: "It is kind."}
testData:
  - {id: a, ticket: "Lamp", expected: "Sorry"}
  - {id: b, ticket: "Kettle"}
  - {id: c, ticket: "Cup"}
"""
ANSWERS = {"a": "Sorry!\x1b[31m", "b": "Go\naway", "c": "Grüße"}
INPUTS = {"a": "ticket: Lamp", "b": "ticket: Kettle", "c": "ticket: Cup"}
CHOICES = {"a": "yes", "b": "no", "c": "yes"}
KIND = JudgeRecord(
    name="kind", choices=(Choice(choice="yes", score=1.0), Choice(choice="no", score=0.0))
)
LABELS = Path("prompts/reply.labels.jsonl")


def result(golden: str) -> GoldenResult:
    score = float(CHOICES[golden] == "yes")
    answer = Answer(
        text=ANSWERS[golden],
        passed=score > 0,
        named=(Named(evaluator="kind", choice=CHOICES[golden]),),
    )
    mark = Mark(name="kind", score=score, passed=score > 0, reason="SECRET")
    outcome = Outcome.PASSED if score else Outcome.MISSED
    return GoldenResult(
        id=golden,
        outcome=outcome,
        score=score,
        evaluators=(mark,),
        answers=(answer,),
        input=INPUTS[golden],
    )


def save(root: Path, **changed: Any) -> None:
    prompt = read_prompt(root / "prompts/reply.prompt.yml", root=root)
    record = PromptRecord(
        key=prompt.location,
        location=prompt.location,
        model="m",
        goldens=3,
        version=version_of(prompt),
        results=tuple(map(result, ANSWERS)),
        judges=(KIND,),
    )
    run = Run(prompts=(replace(record, **changed),))
    RunStore(root).save(run, datetime(2026, 11, 29, tzinfo=UTC))


def kept() -> list[tuple[str, str, str]]:
    """Of each line: the ticket, the choice and who says so."""
    text = LABELS.read_text(encoding="utf-8") if LABELS.exists() else ""
    lines = map(json.loads, text.splitlines())
    return [(line["input"]["ticket"], line["choice"], line["rater"]) for line in lines]
