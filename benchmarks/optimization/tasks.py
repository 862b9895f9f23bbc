"""The tasks: public data with a prompt as somebody in a hurry writes it.

The data is read from a folder at run time. Which goldens are drawn from it is fixed, so that
every method, cap and seed meets the same ones.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden, Split
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.prompts.template import Template

SIZES: Mapping[Split, int] = {"train": 60, "validation": 20, "test": 60}

_HERE = Path(__file__).parent
_PARAMETERS = {"temperature": 0, "max_tokens": 24}
_EXACT = {"equals": "{{expected}}"}
_IGNORING_CASE = {"regex": {"pattern": r"^\s*{{expected}}\s*$", "flags": "i"}}


@dataclass(frozen=True, slots=True)
class Row:
    """What is asked and the only good answer."""

    asked: str
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task; ``rows`` gives those to learn from and those to test with, which may be the same.

    ``ignores_case`` holds where the metric that the data was published with ignores it.
    """

    instruction: str
    rows: Callable[[Path], tuple[Sequence[Row], Sequence[Row]]]
    ignores_case: bool


def read_task(name: str, data: Path) -> Prompt:
    """The task of that name as a prompt whose goldens all name their split.

    Raises FileNotFoundError where ``data`` does not hold it.
    """
    if name == "ticket_routing":
        prompt = read_prompt(_HERE / "ticket_routing.prompt.yml", root=_HERE)
        return replace(prompt, goldens=_cut(prompt.goldens, random.Random(name)))
    task = TASKS[name]
    goldens = _goldens(*task.rows(data), random.Random(name))
    [(kind, options)] = (_IGNORING_CASE if task.ignores_case else _EXACT).items()
    evaluator = EvaluatorSpec(name="same", kind=kind, options=options, path=name, line=1)
    return Prompt(
        path=_HERE / f"{name}.prompt.yml",
        location=f"{name}.prompt.yml",
        name=name,
        messages=(
            MessageTemplate(role="system", template=Template(task.instruction), line=1),
            MessageTemplate(role="user", template=Template("{{input}}"), line=2),
        ),
        parameters=_PARAMETERS,
        goldens=tuple(goldens),
        evaluators=(evaluator,),
    )


def ignores_case(name: str) -> bool:
    """Whether an answer to the task may differ in case."""
    return name in TASKS and TASKS[name].ignores_case


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


def _induction(name: str) -> Callable[[Path], tuple[Sequence[Row], Sequence[Row]]]:
    def rows(data: Path) -> tuple[Sequence[Row], Sequence[Row]]:
        return _induced(data, "induce", name), _induced(data, "execute", name)

    return rows


def _induced(data: Path, part: str, name: str) -> list[Row]:
    content = _json(data / "instruction_induction" / part / f"{name}.json")
    return [Row(row["input"], row["output"]) for row in content["examples"].values()]


def _navigate(data: Path) -> tuple[Sequence[Row], Sequence[Row]]:
    rows = [Row(r["input"], r["target"]) for r in _json(data / "bbh" / "navigate.json")["examples"]]
    return rows, rows


def _liar(data: Path) -> tuple[Sequence[Row], Sequence[Row]]:
    folder = data / "liar"
    return list(_statements(folder / "train.jsonl")), list(_statements(folder / "test.jsonl"))


def _statements(path: Path) -> Iterator[Row]:
    for line in path.read_text("utf-8").splitlines():
        content = json.loads(line)
        yield Row(content["text"], "Yes" if content["label"] else "No")


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


TASKS: Mapping[str, Task] = {
    "sentiment": Task(
        instruction="Tell me about the mood of this sentence.",
        rows=_induction("sentiment"),
        ignores_case=True,
    ),
    "larger_animal": Task(
        instruction="Compare the size of these animals.",
        rows=_induction("larger_animal"),
        ignores_case=True,
    ),
    "second_word_letter": Task(
        instruction="Look at the second letter.",
        rows=_induction("second_word_letter"),
        ignores_case=True,
    ),
    "antonyms": Task(
        instruction="What is the opposite?",
        rows=_induction("antonyms"),
        ignores_case=True,
    ),
    "navigate": Task(
        instruction="Follow the steps and say whether we are back.",
        rows=_navigate,
        ignores_case=False,
    ),
    "liar": Task(
        instruction="Is this a lie?",
        rows=_liar,
        ignores_case=True,
    ),
}

NAMES = ("ticket_routing", *TASKS)
