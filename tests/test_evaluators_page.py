"""The examples of `docs/evaluators.md`, run."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.prompts.document import parse_document
from pytest_promptopt.prompts.kinds import KINDS
from pytest_promptopt.prompts.lettered import with_letters
from pytest_promptopt.providers.request import Completion, FinishReason, Usage
from pytest_promptopt.scoring.score import AskingScorer, Scorer
from tests.scoring.entries import context, evaluator, golden, is_confinable, spec_of

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "evaluators.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^## `(\w+)`\n(.*?)(?=^## )", re.MULTILINE | re.DOTALL)
ROW = re.compile(
    r"^\| (?P<answer>(?:`.+`|\(\w+ ?\w*\)).*?) \| (?P<score>[\d.]+|–) \|$", re.MULTILINE
)
REFUSAL = "I'm sorry, but I can't help with that."
STANDARD = ("(empty)", "(cut off)", "(refused)")


def is_short(answer: str, variables: Mapping[str, Any]) -> bool:
    """The page's function of a project."""
    return len(answer) < 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    kind: str
    golden: Mapping[str, Any]
    entry: Mapping[str, Any]
    rows: tuple[tuple[str, str], ...]


def examples() -> Iterator[Example]:
    for kind, text in SECTION.findall(PAGE):
        [fragment] = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
        data = parse_document(fragment, "evaluators.md").data
        [variables], [entry] = data["testData"], data["evaluators"]
        rows = tuple((row["answer"], row["score"]) for row in ROW.finditer(text))
        yield Example(kind=kind, golden=variables, entry=entry, rows=rows)


EXAMPLES = tuple(examples())


def completion(cell: str, first: str) -> Completion:
    """The completion that a cell means: a text and notes behind it, or one of the standard ones."""
    usage = Usage(is_known=False)
    match cell:
        case "(empty)":
            return Completion(text="", usage=usage)
        case "(cut off)":
            return Completion(text=first, finish_reason=FinishReason.LENGTH, usage=usage)
        case "(refused)":
            return Completion(text=REFUSAL, finish_reason=FinishReason.REFUSAL, usage=usage)
    text, notes = text_of(cell), cell.rpartition("`")[2]
    tokens, seconds, usd = (found(rf"([\d.]+) {unit}", notes) for unit in ("tokens", "s", "usd"))
    likely = found(r"([\d.]+) likely", notes)
    return Completion(
        text=text,
        usage=Usage(output_tokens=int(tokens or 0), is_known=tokens is not None),
        latency_seconds=seconds or 0.0,
        cost_usd=usd,
        log_probability=math.log(likely) if likely else None,
    )


def text_of(cell: str) -> str:
    return cell[1 : cell.rindex("`")].replace("\\n", "\n").replace("\\|", "|")


def found(pattern: str, notes: str) -> float | None:
    match = re.search(pattern, notes)
    return float(match[1]) if match else None


def test_every_kind_has_an_example_with_the_standard_answers_and_its_names_elsewhere() -> None:
    assert [example.kind for example in EXAMPLES] == [*KINDS]
    elsewhere = re.findall(r"^\| `(\w+)` \|", PAGE.partition("## The same elsewhere")[2], re.M)
    assert elsewhere == [*KINDS]
    for example in EXAMPLES:
        assert [answer for answer, _ in example.rows[-3:]] == [*STANDARD], example.kind
        assert example.kind in example.entry


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.kind)
def test_the_answers_of_an_example_score_what_the_page_says(example: Example) -> None:
    if example.kind == "code" and not is_confinable():
        pytest.skip("this kernel cannot confine a process")
    scorer = evaluator(example.entry, context(root=ROOT)).scorer
    [one] = with_letters([golden(**example.golden)], [spec_of(example.entry)])
    first = text_of(example.rows[0][0])
    for cell, figure in example.rows:
        answer = completion(cell, first)
        if isinstance(scorer, Scorer):
            value = scorer.score(one, answer).value
        elif isinstance(scorer, AskingScorer):
            value = scorer.read_all(one, (answer,) * scorer.calls(one)).value
        else:
            value = scorer.read(answer).value
        assert ("–" if value is None else f"{round(value, 2):g}") == figure, cell
