import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_promptopt.errors import RefusedError
from pytest_promptopt.messages import Message
from pytest_promptopt.optimization.allowance import Allowance, Caps
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import mean_of
from pytest_promptopt.optimization.journal import Journal, Journaled
from pytest_promptopt.optimization.scoreboard import Scoreboard
from pytest_promptopt.optimization.stops import AnswersMissingError, CapReachedError
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.prompt import Reducer
from pytest_promptopt.providers.request import Completion, Request
from pytest_promptopt.scoring.score import Evaluator, Score
from tests.optimization.answers import scored_by
from tests.optimization.world import TASK, Models, follows_named_labels, golden, prompt, subject

GOLDENS = [golden(n, "train") for n in range(8)]
BILLING = Candidate(texts={0: "Team billing."})
ALL = Candidate(texts={0: "billing shipping returns technical"})


class Judge:
    def question(self, golden: Golden, completion: Completion) -> Request:
        message = Message(role="user", content=f"Judge {golden.id}: {completion.text}")
        return Request(model=replace(TASK, name="judge"), messages=(message,))

    def read(self, answer: Completion) -> Score:
        return Score(value=1.0 if answer.text == "good" else None)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "j")
    yield opened
    opened.close()


def board(
    journal: Journal,
    models: Models,
    *,
    task_calls: int | None = None,
    samples: int = 1,
    judged: bool = False,
) -> Scoreboard:
    allowance = Allowance(Caps(task_calls=task_calls))
    calls = Journaled(provider=models, journal=journal, allowance=allowance, role="task")
    of = subject(replace(prompt(), reducer=Reducer(kind="at-least", count=3)))
    if judged:
        spec = EvaluatorSpec(name="judge", kind="llm", options={}, path="t", line=1)
        of = replace(
            of,
            prompt=replace(of.prompt, evaluators=(spec,)),
            evaluators=(Evaluator(name="judge", scorer=Judge()),),
        )
    return Scoreboard(of, GOLDENS, calls, allowance, samples=samples)


def test_every_candidate_is_asked_the_same_and_nothing_twice(journal: Journal) -> None:
    models = Models(jitter=random.Random(2))
    scores = board(journal, models)
    asyncio.run(scores.ask([(BILLING, GOLDENS[:4]), (ALL, GOLDENS[:4])]))
    asyncio.run(scores.ask([(ALL, GOLDENS[:6])]))
    assert [case.passed for case in scores.known(BILLING).values()] == [True, False, False, False]
    assert mean_of(scores.known(ALL).values()) == 1.0
    assert list(scores.known(ALL)) == [golden.id for golden in GOLDENS[:6]]
    assert len(models.asked) == 10
    assert {request.sample for request in models.asked} == {0}


def test_a_reducer_that_the_samples_cannot_satisfy_becomes_the_mean(journal: Journal) -> None:
    scores = board(journal, Models(), samples=2)
    asyncio.run(scores.ask([(ALL, GOLDENS[:1])]))
    assert [case.score for case in scores.known(ALL).values()] == [1.0]


def test_a_missing_answer_is_no_case_and_not_asked_for_again(journal: Journal) -> None:
    def mostly(request: Request) -> str:
        if "case 2" in request.messages[-1].content:
            raise RefusedError("no")
        return follows_named_labels(request)

    models = Models(task=mostly)
    scores = board(journal, models)
    for _ in range(2):
        asyncio.run(scores.ask([(ALL, GOLDENS)]))
    assert "train-2" not in scores.known(ALL)
    assert mean_of(scores.known(ALL).values()) == 1.0
    assert len(models.asked) == 8


def test_too_many_missing_answers_stop_the_search(journal: Journal) -> None:
    def seldom(request: Request) -> str:
        if any(f"case {n}" in request.messages[-1].content for n in range(5)):
            raise RefusedError("no")
        return follows_named_labels(request)

    with pytest.raises(AnswersMissingError, match=r"5 of 8 answers are missing, .*; the last: no"):
        asyncio.run(board(journal, Models(task=seldom)).ask([(ALL, GOLDENS)]))


def test_judges_count_as_calls_and_are_admitted_with_their_answers(journal: Journal) -> None:
    def judges(request: Request) -> str:
        return "good"

    models = Models(optimizer=judges)
    scores = board(journal, models, task_calls=8, judged=True)
    asyncio.run(scores.ask([(ALL, GOLDENS[:4])]))
    assert len(models.asked) == 8
    with pytest.raises(CapReachedError, match="8 were spent, and the next step takes 2"):
        asyncio.run(scores.ask([(ALL, GOLDENS[:5])]))
    assert len(models.asked) == 8
    assert subject().further_calls(GOLDENS[0]) == 0


def test_what_a_judge_cannot_score_is_missing(journal: Journal) -> None:
    answers = iter(["good"] * 7 + ["?"])
    models = Models(optimizer=lambda _request: next(answers))
    scores = board(journal, models, judged=True)
    asyncio.run(scores.ask([(ALL, GOLDENS)]))
    assert len(scores.known(ALL)) == 7


def test_what_a_pattern_says_of_an_answer_is_not_told_to_who_writes_prompts(
    journal: Journal,
) -> None:
    of = scored_by("regex", {"pattern": "^secret {{expected}}$"}, GOLDENS)
    plain = scored_by("equals", "{{expected}}", GOLDENS)
    told = []
    for judged in (of, plain):
        allowance = Allowance(Caps())
        calls = Journaled(provider=Models(), journal=journal, allowance=allowance, role="task")
        scores = Scoreboard(replace(judged, model=TASK), GOLDENS, calls, allowance)
        asyncio.run(scores.ask([(BILLING, GOLDENS[1:2])]))
        told.append(scores.known(BILLING)["train-1"].reasons)
    assert told == [(), ('expected "shipping", got "I would send this to shipping."',)]
