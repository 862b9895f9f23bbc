"""What is asked of the base where an evaluator compares with it."""

import asyncio
from dataclasses import replace

import pytest

from pytest_promptopt.evaluation.base import Base, BaseRecord, compare_with_base
from pytest_promptopt.evaluation.reduction import score_golden
from pytest_promptopt.evaluation.subject import Subject, build_subject
from pytest_promptopt.evaluation.trial import ask
from pytest_promptopt.prompts.answer_place import AnswerPlace
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.providers.request import Completion, Request
from tests.evaluation.test_base import SETTINGS, prompt

FIRST = '{"verdicts": [{"reason": "r", "verdict": "first"}]}'
SECOND = '{"verdicts": [{"reason": "r", "verdict": "second"}]}'


class Models:
    """Answers a prompt with its own text, and likes what is shouted."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def complete(self, request: Request) -> Completion:
        text = request.messages[-1].content
        is_judge = "<first>" in text
        self.asked.append("judge" if is_judge else text)
        if is_judge:
            return Completion(text=FIRST if "<first>\nshout" in text else SECOND)
        return Completion(text=f"{text}\nAnswer: {text.upper()}")

    async def close(self) -> None:
        pass


def comparing(text: str, *, negated: bool = False) -> Prompt:
    spec = EvaluatorSpec(
        name="better", kind="better", options="base", path="a", line=2, negated=negated
    )
    return replace(prompt(text), evaluators=(spec,))


def base_of(text: str, head: Subject, **changes: object) -> Base:
    older = replace(prompt(text), **changes)  # type: ignore[arg-type]
    return compare_with_base(head, older, label="main", settings=SETTINGS)


def scored(subject: Subject) -> tuple[float | None, str, list[str]]:
    models = Models()
    [golden] = subject.prompt.goldens
    trial = asyncio.run(ask(models, subject, golden, 0))
    result = score_golden(subject, golden, [trial])
    [mark] = result.evaluators
    return mark.score, mark.reason, models.asked


def test_an_answer_is_compared_with_that_of_the_base() -> None:
    head = build_subject(comparing("shout {{q}}"), SETTINGS)
    better = base_of("whisper {{q}}", head).compared_with(head)
    score, reason, asked = scored(better)
    assert (score, reason) == (1.0, 'the judge says better: "r"')
    assert asked == ["shout ?", "whisper ?", "judge", "judge"]


def test_the_base_itself_ties_and_is_asked_once() -> None:
    head = build_subject(comparing("shout {{q}}"), SETTINGS)
    base = base_of("whisper {{q}}", head).subject
    assert base is not None
    tie = "a tie: both answers are the same"
    assert scored(base) == (0.5, tie, ["whisper ?"])
    same = base_of("shout {{q}}", head)
    assert same.subject is None
    assert scored(same.compared_with(head)) == (0.5, tie, ["shout ?"])


def test_the_answer_of_the_base_stands_where_its_own_file_says() -> None:
    head = build_subject(replace(comparing("shout"), answer=AnswerPlace()), SETTINGS)
    place = AnswerPlace(mark="after", value="Answer:")
    head = base_of("shout", head, answer=place).compared_with(head)
    assert scored(head)[2] == ["shout", "judge", "judge"]


@pytest.mark.parametrize(
    ("text", "model", "told"),
    [
        ("{{old}}", "x/y", "the base cannot be asked: a:1: {{old}} has no value"),
        ("whisper", "odd", "at main: a: no model 'odd'"),
    ],
)
def test_a_base_that_cannot_be_asked_leaves_the_golden_unscored(
    text: str, model: str, told: str
) -> None:
    head = build_subject(comparing("shout"), SETTINGS)
    found = scored(base_of(text, head, model=model).compared_with(head))
    assert found == (None, f"nothing to compare with: {told}", ["shout"])


def test_without_a_prompt_at_the_base_the_remark_says_why() -> None:
    head = build_subject(comparing("shout", negated=True), SETTINGS)
    new = Base(record=BaseRecord(label="main", remark="the prompt is new since main"))
    reason = "nothing to compare with: the prompt is new since main"
    assert scored(new.compared_with(head)) == (None, reason, ["shout"])
    assert scored(head)[0] is None


def test_the_base_is_left_alone_where_nothing_compares() -> None:
    head = build_subject(prompt("shout"), SETTINGS)
    compared = base_of("whisper", head).compared_with(head)
    assert scored(compared)[2] == ["shout"]
