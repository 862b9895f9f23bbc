"""The tasks: a prompt as somebody in a hurry writes it, and goldens of public data or made up.

Public data is read from a folder at run time. Which goldens are drawn is fixed, so that every
method, cap and seed meets the same ones.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.optimization import generators
from benchmarks.optimization.generators import Row, made
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden, Split
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.prompts.template import Template

SIZES: Mapping[Split, int] = {"train": 60, "validation": 20, "test": 60}

_HERE = Path(__file__).parent

_EXACT = {"equals": "{{expected}}"}
_IGNORING_CASE = {"equals": {"to": "{{expected}}", "ignoreCase": True}}
_WORDS = {"f1": "{{expected}}"}
_FIELDS = {"json": {"fields": ["item", "quantity", "city"]}}
_PASSES = 0.9
"""The score from which a graded answer passes; the benchmark takes the score itself."""

Rows = Callable[[Path], tuple[Sequence[Row], Sequence[Row]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task; ``rows`` gives those to learn from and those to test with, which may be the same.

    ``metric`` is the evaluator: its kind and options. ``max_tokens`` leaves room for the answer,
    and for reasoning before it where a person would expect some.
    """

    kind: str
    instruction: str
    rows: Rows
    metric: Mapping[str, Any] = field(default_factory=lambda: _EXACT)
    max_tokens: int = 24


def read_task(name: str, data: Path) -> Prompt:
    """The task of that name as a prompt whose goldens all name their split.

    Raises FileNotFoundError where ``data`` does not hold it.
    """
    if name == "ticket_routing":
        prompt = read_prompt(_HERE / "ticket_routing.prompt.yml", root=_HERE)
        return replace(prompt, goldens=_cut(prompt.goldens, random.Random(name)))
    task = (TASKS | TUNED)[name]
    [(kind, options)] = task.metric.items()
    is_graded = kind in ("f1", "json")
    evaluator = EvaluatorSpec(
        name="metric",
        kind=kind,
        options=options,
        path=name,
        line=1,
        threshold=_PASSES if is_graded else None,
    )
    return Prompt(
        path=_HERE / f"{name}.prompt.yml",
        location=f"{name}.prompt.yml",
        name=name,
        messages=(
            MessageTemplate(role="system", template=Template(task.instruction), line=1),
            MessageTemplate(role="user", template=Template("{{input}}"), line=2),
        ),
        parameters={"temperature": 0, "max_tokens": task.max_tokens},
        goldens=tuple(_goldens(*task.rows(data), random.Random(name))),
        evaluators=(evaluator,),
    )


def _cut(goldens: Sequence[Golden], rng: random.Random) -> tuple[Golden, ...]:
    """At most so many goldens of each split."""
    kept: list[Golden] = []
    for split, size in SIZES.items():
        part = [golden for golden in goldens if golden.split == split]
        kept += rng.sample(part, min(size, len(part)))
    return tuple(kept)


def _goldens(to_learn: Sequence[Row], to_test: Sequence[Row], rng: random.Random) -> list[Golden]:
    """Goldens of all splits, none of which asks what another asks."""
    test = rng.sample(_distinct(to_test), SIZES["test"])
    tested = {row.asked for row in test}
    others = [row for row in _distinct(to_learn) if row.asked not in tested]
    drawn = iter([*rng.sample(others, SIZES["train"] + SIZES["validation"]), *test])
    return [
        _golden(split, number, next(drawn))
        for split, size in SIZES.items()
        for number in range(size)
    ]


def _distinct(rows: Sequence[Row]) -> list[Row]:
    return list({row.asked: row for row in rows}.values())


def _golden(split: Split, number: int, row: Row) -> Golden:
    golden_id = f"{split}-{number:02}"
    variables = {"id": golden_id, "input": row.asked, "expected": row.expected, "split": split}
    return Golden(
        id=golden_id,
        variables=variables,
        path="",
        line=number + 1,
        expected=row.expected,
        split=split,
    )


def _induction(name: str) -> Rows:
    def rows(data: Path) -> tuple[Sequence[Row], Sequence[Row]]:
        return _induced(data, "induce", name), _induced(data, "execute", name)

    return rows


def _induced(data: Path, part: str, name: str) -> list[Row]:
    content = _json(data / "instruction_induction" / part / f"{name}.json")
    return [Row(row["input"], row["output"]) for row in content["examples"].values()]


def _hard(name: str) -> Rows:
    def rows(data: Path) -> tuple[Sequence[Row], Sequence[Row]]:
        content = _json(data / "bbh" / f"{name}.json")["examples"]
        found = [Row(row["input"], row["target"]) for row in content]
        return found, found

    return rows


def _made(row: Callable[[random.Random], Row]) -> Rows:
    def rows(_data: Path) -> tuple[Sequence[Row], Sequence[Row]]:
        return made(row), made(row)

    return rows


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


TASKS: dict[str, Task] = {
    "question_type": Task(
        kind="closed labels",
        instruction="What kind of question is this?",
        rows=_made(generators.question_type),
    ),
    "object_counting": Task(
        kind="numbers",
        instruction="Help me count.",
        rows=_hard("object_counting"),
        max_tokens=200,
    ),
    "unit_conversion": Task(
        kind="numbers",
        instruction="Convert this.",
        rows=_made(generators.unit_conversion),
    ),
    "careful_plural": Task(
        kind="transformation, careful prompt",
        instruction="Give the plural of the noun. Answer with the plural form only, in small "
        "letters, without a full stop.",
        rows=_induction("singular_to_plural"),
        metric=_IGNORING_CASE,
    ),
    "negation": Task(
        kind="transformation",
        instruction="Turn this sentence around.",
        rows=_made(generators.negation),
    ),
    "iso_date": Task(
        kind="transformation",
        instruction="Rewrite the date.",
        rows=_made(generators.iso_date),
    ),
    "words_by_letter": Task(
        kind="extraction",
        instruction="Look for the letter.",
        rows=_induction("orthography_starts_with"),
        metric=_IGNORING_CASE,
    ),
    "order": Task(
        kind="extraction to JSON",
        instruction="Get the order out of this message.",
        rows=_made(generators.order),
        metric=_FIELDS,
        max_tokens=64,
    ),
    "taxonomy_animal": Task(
        kind="list",
        instruction="Look at these words.",
        rows=_induction("taxonomy_animal"),
        metric=_WORDS,
        max_tokens=48,
    ),
    "sorting": Task(
        kind="list",
        instruction="Sort these, largest first.",
        rows=_made(generators.sorting),
    ),
    "larger_animal": Task(
        kind="choice among options",
        instruction="Which animal is larger?",
        rows=_induction("larger_animal"),
        metric=_IGNORING_CASE,
    ),
    "written_out": Task(
        kind="free text",
        instruction="Write this note properly.",
        rows=_made(generators.written_out),
        metric=_WORDS,
        max_tokens=48,
    ),
}
"""Those of the plan: no method was tuned on them."""

TUNED: dict[str, Task] = {
    "sentiment": Task(
        kind="closed labels",
        instruction="Tell me about the mood of this sentence.",
        rows=_induction("sentiment"),
        metric=_IGNORING_CASE,
    ),
    "second_word_letter": Task(
        kind="extraction",
        instruction="Look at the second letter.",
        rows=_induction("second_word_letter"),
        metric=_IGNORING_CASE,
    ),
    "antonyms": Task(
        kind="transformation",
        instruction="What is the opposite?",
        rows=_induction("antonyms"),
        metric=_IGNORING_CASE,
    ),
}
"""Those that ``race`` was tuned on, as on ``ticket_routing``; no part of the plan."""

NAMES = ("ticket_routing", *TUNED, *TASKS)
